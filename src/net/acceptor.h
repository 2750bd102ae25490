// Accepting on one listening socket of one loop. Private to net.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include "net/server.h"

namespace exota::net {

class Server::Acceptor {
public:
    Acceptor(Server& server, Descriptor listener);
    void wait();
    /// Closes the socket; the object stays until its last handler has run with its Server.
    void stop();
    void resume();
    /// Somebody waits to be accepted.
    bool has_connection();

private:
    /// Connections taken before others get their turn.
    static constexpr int max_accepts_a_turn = 64;
    static constexpr std::chrono::milliseconds first_back_off{50};
    static constexpr std::chrono::milliseconds longest_back_off{2000};

    void on_acceptable();
    void back_off(int error);

    Server& server_;
    boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type> socket_;
    Timer retry_;
    std::chrono::milliseconds delay_ = first_back_off;
    bool stopped_ = false;
    bool waiting_ = false;  // a handler is pending, or a back-off runs
};

}  // namespace exota::net
