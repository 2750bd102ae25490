#include "net/stream.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "net/tls_stream.h"

namespace exota::net {

Moved plain_read(int descriptor, std::span<char> into) noexcept {
    for (;;) {
        const ssize_t got = ::recv(descriptor, into.data(), into.size(), MSG_DONTWAIT);
        if (got > 0) return {Moved::Is::done, static_cast<std::size_t>(got)};
        if (got == 0) {
            errno = 0;
            return {Moved::Is::ended};
        }
        if (errno == EINTR) continue;
        if (errno == EAGAIN || errno == EWOULDBLOCK) return {Moved::Is::wants_read};
        return {errno == ECONNRESET || errno == ETIMEDOUT ? Moved::Is::ended : Moved::Is::failed};
    }
}

Moved plain_write(int descriptor, std::string_view octets) noexcept {
    for (;;) {
        const ssize_t sent = ::send(descriptor, octets.data(), octets.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent >= 0) return {Moved::Is::done, static_cast<std::size_t>(sent)};
        if (errno == EINTR) continue;
        if (errno == EAGAIN || errno == EWOULDBLOCK) return {Moved::Is::wants_write};
        return {errno == EPIPE || errno == ECONNRESET ? Moved::Is::ended : Moved::Is::failed};
    }
}

Stream::Stream() noexcept = default;
Stream::~Stream() = default;

void Stream::use(int descriptor) noexcept {
    tls_.reset();
    descriptor_ = descriptor;
}
void Stream::use(std::unique_ptr<TlsStream> tls) noexcept { tls_ = std::move(tls); }

void Stream::end_writing() noexcept {
    if (tls_) tls_->end_writing();
    static_cast<void>(::shutdown(descriptor_, SHUT_WR));  // fails where the peer is gone, which it reads next
}

void Stream::close() noexcept {
    if (tls_) tls_->close();
    tls_.reset();
    descriptor_ = -1;
}

bool Stream::pending() const noexcept { return tls_ && tls_->pending(); }
std::string Stream::why() const { return tls_ ? tls_->why() : errno == 0 ? "closed by the peer" : std::strerror(errno); }
Moved Stream::tls_read(std::span<char> into) { return tls_->read(into); }
Moved Stream::tls_write(std::string_view octets) { return tls_->write(octets); }

}  // namespace exota::net
