#include "net/acceptor.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "net/server_parts.h"

namespace exota::net {

int accept_connection(int listener) { return ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC); }

Server::Acceptor::Acceptor(Server& server, Descriptor listener)
    : server_(server), socket_(server.loop_.context(), listener.release()), retry_(server.loop_) {}

void Server::Acceptor::wait() {
    waiting_ = true;
    socket_.async_wait(StreamDescriptor::wait_read, [this](const boost::system::error_code& error) {
        waiting_ = false;
        if (stopped_) return;
        if (error) return back_off(error.value());
        on_acceptable();
    });
}

void Server::Acceptor::stop() {
    stopped_ = true;
    retry_.cancel();
    boost::system::error_code ignored;  // the descriptor is gone whatever close() says
    socket_.close(ignored);
}

void Server::Acceptor::resume() {
    if (!stopped_ && !waiting_) wait();
}

void Server::Acceptor::on_acceptable() {
    for (int i = 0; i < max_accepts_a_turn; ++i) {
        // First the place, then the connection: what is not accepted waits in the kernel, and its MTA with it.
        if (!server_.limits_.enter()) {
            if (!has_connection()) break;  // another loop has taken it
            return server_.pause_accepting();
        }
        Descriptor connection(server_.options_.accept(socket_.native_handle()));
        if (!connection) {
            const int error = errno;
            server_.leave();
            // The peer gave up meanwhile, or a network error of that one connection (accept(2)): the next one may be fine.
            if (error == EINTR || error == ECONNABORTED || error == EPROTO || error == ENETDOWN || error == EHOSTUNREACH ||
                error == ENETUNREACH || error == EPERM)
                continue;
            if (error == EAGAIN || error == EWOULDBLOCK) break;
            return back_off(error);
        }
        delay_ = first_back_off;
        server_.serve(std::move(connection));
        if (stopped_) return;
    }
    wait();
}

bool Server::Acceptor::has_connection() {
    pollfd listener{.fd = socket_.native_handle(), .events = POLLIN, .revents = 0};
    return !stopped_ && ::poll(&listener, 1, 0) == 1 && (listener.revents & POLLIN) != 0;
}

void Server::Acceptor::back_off(int error) {
    server_.counters_.accept_errors.add();
    if (server_.options_.on_trouble)
        server_.options_.on_trouble({base::Errc::io, std::string("connections cannot be accepted: ") + std::strerror(error) +
                                                         ", next try in " + std::to_string(delay_.count()) + " ms"});
    waiting_ = true;
    retry_.start(delay_, [this] {
        waiting_ = false;
        if (!stopped_) on_acceptable();
    });
    // No BackOff: its chance keeps many clients from knocking at one server together; here nobody else is waited for.
    delay_ = std::min(delay_ * 2, longest_back_off);
}

}  // namespace exota::net
