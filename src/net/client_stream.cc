#include "net/client_stream.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <cstdint>
#include <utility>

#include "net/dial.h"
#include "net/server_proof.h"
#include "net/stream.h"
#include "net/tls_context.h"
#include "net/tls_stream.h"

namespace exota::net {

namespace asio = boost::asio;
using base::Result;

namespace {

constexpr int max_moves_a_turn = 16;

}  // namespace

/// Handlers hold it weakly: when the owner lets go of it, nothing happens any more.
struct ClientStream::State : std::enable_shared_from_this<State> {
    State(Loop& on, Target to, Heard whom)
        : loop(on), target(std::move(to)), heard(std::move(whom)), dial(on), socket(on.context()), deadline(on) {}
    ~State() { close(); }

    void begin();
    void connected(Descriptor connection);
    void shake();
    enum class Then : std::uint8_t { wait, stop };
    /// @param then  wait: what comes later is read, too. stop: only what is here already.
    void read(Then then);
    void flush();
    void lost(std::string why);
    void close() noexcept;
    void wait(asio::posix::descriptor_base::wait_type what, void (State::*then)());
    void read_and_wait() {
        reading = false;
        read(Then::wait);
    }
    void wait_for_octets() {
        if (!std::exchange(reading, true)) wait(asio::posix::descriptor_base::wait_read, &State::read_and_wait);
    }

    Loop& loop;
    const Target target;
    const Heard heard;
    Dial dial;
    asio::posix::basic_stream_descriptor<asio::io_context::executor_type> socket;
    Stream stream;
    StartTls start;
    Timer deadline;
    std::string out;  // to be sent
    bool open = false, over = false;
    bool flushing = false;  // flush() is called at the end of the turn, or when the socket is ready
    bool reading = false;   // the loop says when something comes
};

void ClientStream::State::begin() {
    deadline.start(target.deadline, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->lost("no connection within the time allowed");
    });
    // Its time is that of the whole.
    dial.start(target.address, 2 * target.deadline, [weak = weak_from_this()](Result<Descriptor> connection) {
        const auto self = weak.lock();
        if (!self || self->over) return;
        if (!connection) return self->lost(connection.error().detail);
        self->connected(*std::move(connection));
    });
}

void ClientStream::State::connected(Descriptor connection) {
    boost::system::error_code unwatched;  // the system has no room to watch it
    socket.assign(connection.get(), unwatched);
    if (unwatched) return lost(unwatched.message());
    stream.use(connection.release());
    if (!target.tls) return shake();
    start = {.leg = Leg::far,
             .context = target.tls,
             .server_name = base::IpAddress::parse(target.host) ? std::string() : target.host,
             .reference_names = {target.host}};
    Result<std::unique_ptr<TlsStream>> tls = TlsStream::begin(stream.descriptor(), start);
    if (!tls) return lost("TLS: " + tls.error().detail);
    stream.use(*std::move(tls));
    shake();
}

void ClientStream::State::shake() {
    if (over) return;
    if (TlsStream* const tls = stream.tls()) {
        switch (tls->handshake().is) {
            case Moved::Is::done:
                break;
            case Moved::Is::wants_read:
                return wait(asio::posix::descriptor_base::wait_read, &State::shake);
            case Moved::Is::wants_write:
                return wait(asio::posix::descriptor_base::wait_write, &State::shake);
            case Moved::Is::ended:
            case Moved::Is::failed:
                return lost("TLS: " + tls->why());
        }
        if (const std::string why = why_not_proven(tls->facts(start), target.host); !why.empty()) return lost("TLS: " + why);
    }
    deadline.cancel();
    open = true;
    const std::weak_ptr<State> weak = weak_from_this();
    heard.opened();
    if (!weak.expired() && !over) read(Then::wait);
}

void ClientStream::State::read(Then then) {
    const std::weak_ptr<State> weak = weak_from_this();
    for (int moves = 0; moves < max_moves_a_turn; ++moves) {
        if (over) return;
        const Moved moved = stream.read(loop.read_buffer());
        switch (moved.is) {
            case Moved::Is::done:
                heard.octets({loop.read_buffer().data(), moved.octets});
                break;
            case Moved::Is::wants_read:
                if (then == Then::wait) wait_for_octets();
                return;
            case Moved::Is::wants_write:
                if (then == Then::wait && !std::exchange(reading, true))
                    wait(asio::posix::descriptor_base::wait_write, &State::read_and_wait);
                return;
            case Moved::Is::ended:
            case Moved::Is::failed:
                return lost("it closed the connection: " + stream.why());
        }
    }
    if (then == Then::wait && !over && !std::exchange(reading, true))
        loop.post([weak] {
            if (const auto self = weak.lock()) self->read_and_wait();
        });
}

void ClientStream::State::flush() {
    flushing = false;
    while (!over && !out.empty()) {
        const Moved moved = stream.write(out);
        switch (moved.is) {
            case Moved::Is::done:
                out.erase(0, moved.octets);
                break;
            case Moved::Is::wants_read:
            case Moved::Is::wants_write:
                flushing = true;
                return wait(
                    moved.is == Moved::Is::wants_read ? asio::posix::descriptor_base::wait_read : asio::posix::descriptor_base::wait_write,
                    &State::flush);
            case Moved::Is::ended:
            case Moved::Is::failed:
                return lost("it closed the connection: " + stream.why());
        }
    }
}

void ClientStream::State::wait(asio::posix::descriptor_base::wait_type what, void (State::*then)()) {
    socket.async_wait(what, [weak = weak_from_this(), then](const boost::system::error_code& error) {
        const auto self = weak.lock();
        if (self && !self->over && !error) (self.get()->*then)();
    });
}

void ClientStream::State::lost(std::string why) {
    if (std::exchange(over, true)) return;
    const auto self = shared_from_this();  // who hears it may let go of us
    close();
    heard.lost(std::move(why));
}

void ClientStream::State::close() noexcept {
    over = true;
    dial.cancel();
    deadline.cancel();
    stream.close();
    boost::system::error_code ignored;  // the descriptor is gone whatever close() says
    socket.close(ignored);
}

ClientStream::ClientStream(Loop& loop, Target target, Heard heard)
    : state_(std::make_shared<State>(loop, std::move(target), std::move(heard))) {
    state_->begin();
}

ClientStream::~ClientStream() { state_->close(); }

void ClientStream::write(std::string_view octets) {
    State& state = *state_;
    if (!state.open || state.over) return;
    state.out += octets;
    const bool too_much = state.out.size() > max_unsent_octets;
    if (!too_much && std::exchange(state.flushing, true)) return;
    state.loop.post([weak = std::weak_ptr(state_), too_much] {
        const auto self = weak.lock();
        if (!self || self->over) return;
        if (too_much) return self->lost("it does not take what it is sent");
        self->flush();
    });
}

void ClientStream::read_now() {
    const auto self = state_;  // who hears something may destroy this
    if (self->open) self->read(State::Then::stop);
}

}  // namespace exota::net
