#include "net/connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <boost/asio/post.hpp>
#include <cerrno>
#include <utility>

#include "net/listener.h"
#include "net/server_parts.h"

namespace exota::net {

namespace asio = boost::asio;

Server::Connection::Connection(Server& server, Descriptor socket)
    : server_(server), socket_(server.loop_.context(), socket.release()), last_activity_(Clock::now()) {}

Server::Connection::~Connection() { drop_kept(); }

bool Server::Connection::start() {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    const int descriptor = socket_.native_handle();
    // A peer that is gone already shows at the first read.
    if (getpeername(descriptor, reinterpret_cast<sockaddr*>(&address), &size) != 0) address.ss_family = AF_UNSPEC;
    tcp_ = address.ss_family == AF_INET || address.ss_family == AF_INET6;
    if (tcp_) {
        const int on = 1;
        static_cast<void>(setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on));  // only costs time if it fails
    }
    session_ = server_.factory_(Peer{socket_address_text(&address, size), descriptor, tcp_}, [this] { woken(); });
    if (!session_) return false;
    wait_readable();
    return true;
}

void Server::Connection::touch() {
    last_activity_ = Clock::now();
    server_.parts_->most_recent(*this);
}

void Server::Connection::wait_readable() {
    ++pending_;
    socket_.async_wait(StreamDescriptor::wait_read, [this](const boost::system::error_code& error) {
        --pending_;
        if (ended_) return release();
        if (error) return end(Ending::failed);
        on_readable();
    });
}

void Server::Connection::wait_writable() {
    ++pending_;
    socket_.async_wait(StreamDescriptor::wait_write, [this](const boost::system::error_code& error) {
        --pending_;
        if (ended_) return release();
        if (error) return end(Ending::failed);
        on_writable();
    });
}

void Server::Connection::on_readable() {
    const std::span<char> buffer = server_.loop_.read_buffer();
    for (int reads = 0; reads < max_reads_a_turn; ++reads) {
        const ssize_t got = ::recv(socket_.native_handle(), buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (got == 0) return end(Ending::peer_closed);
        if (got < 0) {
            if (errno == EINTR) continue;
            if (errno == EAGAIN || errno == EWOULDBLOCK) break;
            return end(errno == ECONNRESET || errno == ETIMEDOUT ? Ending::peer_closed : Ending::failed);
        }
        const auto octets = static_cast<std::size_t>(got);
        touch();
        if (!handle({buffer.data(), octets})) return;
        if (octets < buffer.size()) break;
    }
    wait_readable();
}

bool Server::Connection::handle(std::string_view bytes) {
    // What was kept and what came are one text; without something kept (the usual case) nothing is copied.
    std::string joined;
    if (!kept_.empty()) {
        joined = std::move(kept_);
        kept_.clear();
        joined.append(bytes);
        bytes = joined;
    }
    std::string& out = server_.parts_->output;
    out.clear();
    do {
        woken_ = false;
        feeding_ = true;
        const Session::Step step = session_->feed(bytes, out);
        feeding_ = false;
        bytes.remove_prefix(step.consumed);
        state_ = step.state;
        spoke_ = spoke_ || step.consumed > 0;
    } while (state_ == Session::State::waiting && woken_);
    if (state_ == Session::State::waiting)
        touch();
    else
        server_.parts_->most_recent(*this);  // it may have something in hand now, or no more

    if (!keep(std::move(joined), state_ == Session::State::closing ? std::string_view() : bytes)) {
        end(Ending::too_much);
        return false;
    }
    if (!out.empty()) {
        if (!write(out)) return false;
    } else if (tcp_ && state_ != Session::State::closing) {
        acknowledge();
    }
    if (state_ == Session::State::closing) {
        end(Ending::session_ended);
        return false;
    }
    if (state_ == Session::State::waiting) return false;
    if (server_.parts_->draining && !session_->busy()) {
        end(Ending::drained);
        return false;
    }
    return true;
}

/// Postfix writes MAIL to DATA, then (another process, the same socket) the message, and its kernel holds the second write back until
/// the first is acknowledged. The option lasts only until the kernel changes its mind: it is set again after every such read.
void Server::Connection::acknowledge() {
    const int on = 1;
    if (setsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on) == 0) server_.counters_.quick_acknowledgements.add();
}

/// @return true if all of it is written; false: it ended, or goes on when the peer takes more.
bool Server::Connection::write(std::string_view octets) {
    while (!octets.empty()) {
        const ssize_t sent = ::send(socket_.native_handle(), octets.data(), octets.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0) {
            if (errno == EINTR) continue;
            if (errno == EAGAIN || errno == EWOULDBLOCK) {
                unsent_ = octets;
                wait_writable();
                return false;
            }
            end(errno == EPIPE || errno == ECONNRESET ? Ending::peer_closed : Ending::failed);
            return false;
        }
        octets.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

void Server::Connection::on_writable() {
    touch();
    const std::string rest = std::move(unsent_);
    unsent_ = {};
    if (!write(rest)) return;
    if (state_ == Session::State::closing) return end(Ending::session_ended);
    if (state_ == Session::State::waiting) {
        if (woken_) resume();  // the answer came while the last one was being written
        return;
    }
    if (server_.parts_->draining && !session_->busy()) return end(Ending::drained);
    wait_readable();
}

void Server::Connection::resume() {
    state_ = Session::State::reading;
    touch();
    if (handle({})) wait_readable();
}

/// The session calls this from within feed(), or later. Later it is answered from the loop, not from within the call: the session may
/// be gone after it.
void Server::Connection::woken() {
    if (feeding_) {
        woken_ = true;
        return;
    }
    if (ended_) return;
    ++pending_;
    asio::post(server_.loop_.context(), [this] {
        --pending_;
        if (ended_) return release();
        if (state_ != Session::State::waiting) return;
        woken_ = true;
        if (unsent_.empty()) resume();
    });
}

void Server::Connection::keep_waiting() {
    touch();
    if (!unsent_.empty()) return;  // the peer does not even take what it got
    std::string& out = server_.parts_->output;
    out.clear();
    session_->keep_waiting(out);
    static_cast<void>(write(out));  // if it ended or waits for room, that is taken care of
}

/// Keeps what begins a frame until there is more of it.
/// @param joined  what `rest` is the end of, or empty: its memory is there already.
/// @return        false: all partial frames together take more than they may.
bool Server::Connection::keep(std::string joined, std::string_view rest) {
    if (!rest.empty() && !joined.empty()) {
        joined.erase(0, joined.size() - rest.size());
        kept_ = std::move(joined);
    } else if (!rest.empty()) {
        kept_.assign(rest);
    }
    return charge_kept();
}

bool Server::Connection::charge_kept() noexcept {
    const std::size_t before = std::exchange(charged_, kept_.empty() ? 0 : kept_.capacity());
    if (charged_ > before) return server_.limits_.take(charged_ - before);
    if (charged_ < before) server_.limits_.give_back(before - charged_);
    return true;
}

void Server::Connection::drop_kept() noexcept {
    kept_ = {};
    static_cast<void>(charge_kept());  // gives back
}

/// What lies unread may begin a message.
bool Server::Connection::is_read_out() const {
    int unread = 0;
    return ::ioctl(const_cast<StreamDescriptor&>(socket_).native_handle(), FIONREAD, &unread) != 0 || unread == 0;
}

bool Server::Connection::may_make_room() const {
    return state_ == Session::State::reading && unsent_.empty() && !is_busy() && is_read_out();
}

void Server::Connection::end_if_idle() {
    // What lies unread is handled first, and handle() ends the connection if that began no message.
    if (may_make_room()) end(Ending::drained);
}

void Server::Connection::end(Ending why) {
    if (ended_) return;
    ended_ = true;
    boost::system::error_code ignored;  // the descriptor is gone whatever close() says
    socket_.close(ignored);
    session_.reset();
    drop_kept();
    unsent_ = {};
    server_.counters_.ended[static_cast<std::size_t>(why)].add();
    server_.parts_->ended(*this);
    server_.session_gone();
    release();
}

/// Deletes the object once nothing names it any more. The last thing that a member function does.
void Server::Connection::release() {
    if (pending_ == 0) delete this;
}

}  // namespace exota::net
