#include "net/acceptor.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "net/server_parts.h"

namespace exota::net {

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
        if (!server_.limit_.enter()) {
            if (!server_.parts_->paused) {
                server_.parts_->paused = true;
                server_.counters_.paused.add();
                server_.limit_.paused_.fetch_add(1);
                if (server_.options_.on_trouble)
                    server_.options_.on_trouble(
                        {base::Errc::too_long, std::to_string(server_.limit_.max()) + " sessions are open: further connections wait"});
                // A place may have become free between the two lines above, without anybody to tell us.
                if (server_.limit_.open() < server_.limit_.max()) server_.loop_.post([&server = server_] { server.resume_accepting(); });
            }
            return;
        }
        Descriptor connection(::accept4(socket_.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (!connection) {
            const int error = errno;
            server_.limit_.leave();
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
    delay_ = std::min(delay_ * 2, longest_back_off);
}

}  // namespace exota::net
