// A connection that we make to a server whose protocol somebody else here speaks: dialled, under TLS where that is wanted, then octets
// there and back. Nothing waits.
//
// Under TLS nothing is said, and nothing heard, before the server has shown a certificate for its name by a chain to the context's roots.
// Names are resolved by the caller. Tested by client_stream_test.cc.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "net/address.h"
#include "net/loop.h"

namespace exota::net {

class TlsContext;

class ClientStream {
public:
    /// Written and not yet taken by the other side; above, the connection is lost.
    static constexpr std::size_t max_unsent_octets = std::size_t{4} * 1024 * 1024;

    struct Target {
        Address address;
        std::shared_ptr<const TlsContext> tls = {};  // a client's; null: in the clear
        std::string host = {};                       // whom the certificate must name: a name, or an address
        std::chrono::milliseconds deadline{2'000};   // for connecting and TLS together
    };
    /// Called on the loop, never from within the constructor or write(). Each may destroy the object.
    struct Heard {
        std::function<void()> opened;
        std::function<void(std::string_view octets)> octets;  // valid during the call
        std::function<void(std::string why)> lost;            // once, and nothing after it; for people
    };

    ClientStream(Loop& loop, Target target, Heard heard);
    /// Nothing is heard any more; what was not sent by now is not sent.
    ~ClientStream();
    ClientStream(const ClientStream&) = delete;
    ClientStream& operator=(const ClientStream&) = delete;

    /// Only after `opened`. What is written in one turn of the loop goes out together, at its end.
    void write(std::string_view octets);
    /// Takes what has come already, as the loop would in its next turn: for who is about to give something up for being late.
    void read_now();

private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace exota::net
