#include "net/dial.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <cerrno>
#include <cstring>
#include <utility>

#include "net/socket_address.h"

namespace exota::net {

namespace asio = boost::asio;
using base::Errc;
using base::fail;
using base::Result;

Result<Descriptor> begin_connect(const Address& to) {
    const Result<SocketAddress> address = SocketAddress::of(to);
    if (!address) return std::unexpected(address.error());
    Descriptor socket(::socket(address->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket) return fail(Errc::io, to.text() + ": " + std::strerror(errno));
    if (to.is_tcp()) {
        const int on = 1;
        static_cast<void>(setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on));  // only costs time if it fails
    }
    // Interrupted, it goes on all the same (connect(2)). A Unix socket whose queue is full says EAGAIN, and there is nothing to wait for.
    if (::connect(socket.get(), address->get(), address->octets) == 0 || errno == EINPROGRESS || errno == EINTR) return socket;
    return fail(Errc::unavailable, to.text() + ": " + (errno == EAGAIN ? "its queue is full" : std::strerror(errno)));
}

Result<void> finish_connect(int descriptor, const Address& to) {
    int error = 0;
    socklen_t size = sizeof error;
    if (::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
    if (error == 0) return {};
    return fail(Errc::unavailable, to.text() + ": " + std::strerror(error));
}

struct Dial::Attempt {
    Attempt(Loop& loop, const Address& address, Done when_done)
        : socket(loop.context()), timer(loop), to(address), done(std::move(when_done)) {}
    /// Whoever comes second finds no `done`.
    void finish(Result<Descriptor> result) {
        if (!done) return;
        const Done tell = std::exchange(done, nullptr);
        timer.cancel();
        boost::system::error_code ignored;  // the descriptor is gone whatever close() says
        socket.close(ignored);
        tell(std::move(result));
    }

    asio::posix::basic_stream_descriptor<asio::io_context::executor_type> socket;
    Timer timer;
    Address to;
    Done done;
};

Dial::Dial(Loop& loop) : loop_(loop) {}
Dial::~Dial() { cancel(); }

void Dial::start(const Address& to, std::chrono::milliseconds deadline, Done done) {
    cancel();
    attempt_ = std::make_shared<Attempt>(loop_, to, std::move(done));
    Result<Descriptor> socket = begin_connect(to);
    if (!socket) {
        loop_.post([attempt = attempt_, error = std::move(socket.error())] { attempt->finish(std::unexpected(error)); });
        return;
    }
    boost::system::error_code unwatched;  // the system has no room to watch it
    attempt_->socket.assign(socket->get(), unwatched);
    if (unwatched) {
        loop_.post([attempt = attempt_, unwatched] { attempt->finish(fail(Errc::io, attempt->to.text() + ": " + unwatched.message())); });
        return;
    }
    static_cast<void>(socket->release());
    attempt_->timer.start(deadline, [attempt = attempt_] {
        attempt->finish(fail(Errc::timeout, attempt->to.text() + ": no connection within the time allowed"));
    });
    attempt_->socket.async_wait(asio::posix::descriptor_base::wait_write, [attempt = attempt_](const boost::system::error_code& error) {
        if (!attempt->done) return;
        if (error) return attempt->finish(fail(Errc::io, attempt->to.text() + ": " + error.message()));
        if (const Result<void> connected = finish_connect(attempt->socket.native_handle(), attempt->to); !connected)
            return attempt->finish(std::unexpected(connected.error()));
        attempt->finish(Descriptor(attempt->socket.release()));
    });
}

void Dial::cancel() noexcept {
    if (!attempt_) return;
    attempt_->done = nullptr;
    attempt_->timer.cancel();
    boost::system::error_code ignored;
    attempt_->socket.close(ignored);
    attempt_.reset();
}

}  // namespace exota::net
