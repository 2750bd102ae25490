// Octets over one non-blocking descriptor, in the clear or under TLS. Nothing here ever waits: who is told that it wants to read or to
// write waits until the descriptor is ready, and asks again.
//
// A branch instead of virtual functions: a milter's session has one stream in the clear, and costs what recv() and send() cost.
//
// Tested by tls_stream_test.cc and server_test.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace exota::net {

/// What came of one attempt.
struct Moved {
    enum class Is : std::uint8_t {
        done,         // `octets` were moved, or the handshake is through
        wants_read,   // when the descriptor is readable: the same again
        wants_write,  // when it is writable: the same again, with the same octets first
        ended,        // the peer is gone: end of stream, reset
        failed,       // the system, or TLS, reports an error
    };
    Is is = Is::done;
    std::size_t octets = 0;
};

/// In the clear. `ended` and `failed` leave errno (0 at a regular end).
Moved plain_read(int descriptor, std::span<char> into) noexcept;
Moved plain_write(int descriptor, std::string_view octets) noexcept;

class TlsStream;

/// Does not own the descriptor.
class Stream {
public:
    Stream() noexcept;
    ~Stream();
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    void use(int descriptor) noexcept;
    /// From now on under TLS: the handshake is the stream's first work.
    void use(std::unique_ptr<TlsStream> tls) noexcept;
    /// The peer reads the end behind what was written; what it says is read on.
    void end_writing() noexcept;
    /// As far as it goes without waiting, the peer is told that nothing follows. Before the descriptor is closed.
    void close() noexcept;

    int descriptor() const noexcept { return descriptor_; }
    TlsStream* tls() const noexcept { return tls_.get(); }
    Moved read(std::span<char> into) { return tls_ ? tls_read(into) : plain_read(descriptor_, into); }
    Moved write(std::string_view octets) { return tls_ ? tls_write(octets) : plain_write(descriptor_, octets); }
    /// Octets were read from the descriptor, but not yet from here.
    bool pending() const noexcept;
    /// Why the last attempt failed or ended, for people.
    std::string why() const;

private:
    Moved tls_read(std::span<char> into);
    Moved tls_write(std::string_view octets);

    std::unique_ptr<TlsStream> tls_;
    int descriptor_ = -1;
};

}  // namespace exota::net
