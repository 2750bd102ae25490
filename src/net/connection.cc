#include "net/connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cstdint>
#include <utility>

namespace exota::net {

namespace asio = boost::asio;

Connection::Connection(Connections& home, Descriptor socket) : home_(home), near_(home.loop()), last_activity_(home.loop().now()) {
    boost::system::error_code error;
    near_.socket.assign(socket.get(), error);
    if (error) return;  // the system has no room to watch it; start() says so
    near_.stream.use(socket.release());
    near_.is = Side::Is::open;
}

Connection::~Connection() {
    close(near_);
    if (!beyond_) return;
    close(beyond_->far);
    if (beyond_->counted) home_.limits().leave_client(*beyond_->counted);
}

bool Connection::start(const Peer& peer, const SessionFactory& factory) {
    if (near_.is != Side::Is::open) return false;
    near_.tcp = peer.tcp();
    if (near_.tcp) {
        const int on = 1;
        static_cast<void>(setsockopt(peer.descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on));  // only costs time if it fails
    }
    session_ = factory(peer, [this] { woken(); });
    return session_ != nullptr;
}

void Connection::open() {
    const Held held(*this);
    if (session_->deadline()) beyond().has_deadlines = true;
    call([this](Out& out) { return session_->opened(Leg::near, nullptr, out); });
    if (beyond_ || !home_.out().is_near_alone()) return proceed();
    go_on();
}

/// After a call of a session with the near leg alone, other than feed().
void Connection::go_on() {
    const bool read_on = settle_near();
    if (ended_) return;
    // The answer came within the call; or what was kept while it waited is more than a partial frame.
    if (near_.left() == 0 && (state_ == Session::State::waiting ? woken_ : read_on && stopped_ && !near_.kept.empty())) return resume();
    if (read_on) wait(Leg::near, StreamDescriptor::wait_read);
}

Connection::Side& Connection::side(Leg leg) noexcept { return leg == Leg::near ? near_ : beyond_->far; }

void Connection::touch() {
    last_activity_ = home_.loop().now();
    home_.most_recent(*this);
}

void Connection::wait(Leg leg, StreamDescriptor::wait_type what) {
    Side& waits = side(leg);
    bool& pending = what == StreamDescriptor::wait_read ? waits.reads : waits.writes;
    if (std::exchange(pending, true)) return;
    ++pending_;
    // Small, for each idle connection keeps one.
    waits.socket.async_wait(
        what, [this, round = waits.round, leg, reads = what == StreamDescriptor::wait_read](const boost::system::error_code& error) {
            const Held held(*this);
            --pending_;
            if (ended_ || round != side(leg).round) return;
            Side& ready = side(leg);
            (reads ? ready.reads : ready.writes) = false;
            if (error) return leg_ended(leg, Ending::failed, error.message());
            if (reads)
                on_readable(leg);
            else
                on_writable(leg);
        });
}

void Connection::on_readable(Leg leg) {
    Side& from = side(leg);
    if (beyond_) {
        if (from.is == Side::Is::securing && state_ != Session::State::closing) return secure(leg);
        if (std::exchange(from.write_wants_read, false)) return on_writable(leg);
        if (!may_read(leg)) return leg == Leg::near ? watch_near() : void();
        if (leg == Leg::far && near_left_unseen()) return leg_ended(Leg::near, Ending::peer_closed, "closed by the peer");
    }
    const std::span<char> buffer = home_.loop().read_buffer();
    for (int reads = 0; reads < max_reads_a_turn; ++reads) {
        const Moved moved = from.stream.read(buffer);
        if (moved.is != Moved::Is::done) {
            if (moved.is == Moved::Is::wants_read) break;
            if (moved.is == Moved::Is::ended) return leg_ended(leg, Ending::peer_closed, from.stream.why());
            if (moved.is == Moved::Is::failed) return leg_ended(leg, Ending::failed, from.stream.why());
            from.read_wants_write = true;
            return wait(leg, StreamDescriptor::wait_write);
        }
        touch();
        const std::uint32_t round = from.round;
        const bool read_on = handle(leg, {buffer.data(), moved.octets});
        if (ended_ || from.round != round) return;
        if (!read_on) return acknowledge(from);
        if (from.stream.tls() == nullptr && moved.octets < buffer.size()) break;
    }
    acknowledge(from);
    wait(leg, StreamDescriptor::wait_read);
}

bool Connection::feed(Leg leg, std::string_view bytes) {
    // What was kept and what came are one text; without something kept (the usual case) nothing is copied.
    Side& from = side(leg);
    std::string joined;
    if (!from.kept.empty()) {
        joined = std::move(from.kept);
        from.kept.clear();
        joined.append(bytes);
        bytes = joined;
    }
    Out& out = home_.out();
    out.clear();
    do {
        if (leg == Leg::near) woken_ = false;
        calling_ = true;
        const Session::Step step = session_->feed(leg, bytes, out);
        calling_ = false;
        bytes.remove_prefix(step.consumed);
        state_ = step.state;
        spoke_ = spoke_ || (leg == Leg::near && step.consumed > 0);
    } while (state_ == Session::State::waiting && woken_ && leg == Leg::near);
    if (state_ == Session::State::waiting)
        touch();
    else
        home_.most_recent(*this);  // it may have something in hand now, or no more
    if (leg == Leg::near) stopped_ = state_ == Session::State::waiting;
    if (beyond_ && leg == Leg::near) beyond_->peeked = false;
    if (keep(from, std::move(joined), state_ == Session::State::closing ? std::string_view() : bytes)) return true;
    end(Ending::too_much, "partial frames of all sessions above the limit");
    return false;
}

bool Connection::handle(Leg leg, std::string_view bytes) {
    const std::uint32_t round = side(leg).round;
    if (!feed(leg, bytes)) return false;
    const Out& out = home_.out();
    side(leg).unanswered = (leg == Leg::near ? out.near : out.far).empty() && !out.peer_waits && state_ != Session::State::closing;
    if (!beyond_ && out.is_near_alone()) return settle_near();
    proceed();
    return !ended_ && side(leg).round == round && may_read(leg);
}

bool Connection::settle_near() {
    if (const std::string& octets = home_.out().near; !octets.empty()) {
        const Moved::Is is = write(Leg::near, octets);
        if (is == Moved::Is::ended || is == Moved::Is::failed)
            leg_ended(Leg::near, is == Moved::Is::ended ? Ending::peer_closed : Ending::failed, near_.stream.why());
        if (is != Moved::Is::done) return false;
    }
    if (state_ == Session::State::closing) {
        end(Ending::session_ended);
        return false;
    }
    if (state_ == Session::State::waiting) return false;
    if (home_.draining() && !session_->busy()) {
        end(Ending::drained, "we are stopping");
        return false;
    }
    return true;
}

/// Postfix writes MAIL to DATA, then (another process, the same socket) the message, and its kernel holds the second write back until
/// the first is acknowledged. The option lasts only until the kernel changes its mind: it is set again whenever all that came was read and
/// is left unanswered. A packet of its own is what that costs, so not where an answer that is on its way carries it (Out::peer_waits).
void Connection::acknowledge(Side& side) {
    if (!std::exchange(side.unanswered, false) || !side.tcp || side.is != Side::Is::open) return;
    const int on = 1;
    if (setsockopt(side.stream.descriptor(), IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on) == 0) home_.counters().quick_acknowledgements.add();
}

Moved::Is Connection::write(Leg leg, std::string_view octets) {
    Side& to = side(leg);
    while (!octets.empty()) {
        const Moved moved = to.stream.write(octets);
        if (moved.is == Moved::Is::ended || moved.is == Moved::Is::failed) return moved.is;
        if (moved.is != Moved::Is::done) {
            to.unsent = octets;
            to.sent = 0;
            go_on_later(leg, moved.is);
            return moved.is;
        }
        octets.remove_prefix(moved.octets);
    }
    return Moved::Is::done;
}

Moved::Is Connection::flush(Leg leg) {
    Side& to = side(leg);
    while (to.left() > 0) {
        const Moved moved = to.stream.write(std::string_view(to.unsent).substr(to.sent));
        if (moved.is != Moved::Is::done) {
            go_on_later(leg, moved.is);
            return moved.is;
        }
        to.sent += moved.octets;
    }
    to.unsent = {};
    to.sent = 0;
    return Moved::Is::done;
}

void Connection::go_on_later(Leg leg, Moved::Is is) {
    if (is == Moved::Is::wants_write) wait(leg, StreamDescriptor::wait_write);
    if (is != Moved::Is::wants_read) return;
    side(leg).write_wants_read = true;
    wait(leg, StreamDescriptor::wait_read);
}

void Connection::on_writable(Leg leg) {
    touch();
    Side& to = side(leg);
    if (to.is == Side::Is::dialling) return dialled();
    const Moved::Is is = flush(leg);
    if (is == Moved::Is::ended || is == Moved::Is::failed)
        return leg_ended(leg, is == Moved::Is::ended ? Ending::peer_closed : Ending::failed, to.stream.why());
    if (is != Moved::Is::done) return;
    if (beyond_) {
        if (state_ == Session::State::closing) return finish();
        if (to.is == Side::Is::securing) return secure(leg);
        if (std::exchange(to.read_wants_write, false)) on_readable(leg);
        if (ended_) return;
        home_.out().clear();
        return proceed();  // the other leg may be read again
    }
    if (state_ == Session::State::closing) return end(Ending::session_ended);
    if (state_ == Session::State::waiting) {
        if (woken_) resume();  // the answer came while the last one was being written
        return;
    }
    if (home_.draining() && !session_->busy()) return end(Ending::drained, "we are stopping");
    wait(Leg::near, StreamDescriptor::wait_read);
}

void Connection::resume() {
    if (beyond_) {
        home_.out().clear();
        return proceed();
    }
    state_ = Session::State::reading;
    touch();
    const bool read_on = handle(Leg::near, {});
    if (ended_) return;
    acknowledge(near_);
    if (read_on) wait(Leg::near, StreamDescriptor::wait_read);
}

/// The session calls this from within a call, or later. Later it is answered from the loop, not from within the call: the session may be
/// gone after it.
void Connection::woken() {
    if (calling_) {
        woken_ = true;
        return;
    }
    if (ended_) return;
    ++pending_;
    asio::post(home_.loop().context(), [this] {
        const Held held(*this);
        --pending_;
        if (ended_ || state_ != Session::State::waiting) return;
        woken_ = true;
        if (near_.left() == 0) resume();
    });
}

void Connection::keep_waiting() {
    const Held held(*this);
    touch();
    if (near_.left() > 0) return;                   // the peer does not even take what it got
    if (beyond_ && beyond_->has_deadlines) return;  // it has a clock of its own
    call([this](Out& out) { return session_->late(out); });
    if (beyond_ || !home_.out().is_near_alone()) return proceed();
    go_on();
}

/// Keeps what begins a frame until there is more of it.
/// @param joined  what `rest` is the end of, or empty: its memory is there already.
/// @return        false: all partial frames together take more than they may.
bool Connection::keep(Side& side, std::string joined, std::string_view rest) {
    if (!rest.empty() && !joined.empty()) {
        joined.erase(0, joined.size() - rest.size());
        side.kept = std::move(joined);
    } else if (!rest.empty()) {
        side.kept.assign(rest);
    }
    return charge_kept(side);
}

bool Connection::charge_kept(Side& side) noexcept {
    const std::size_t now = side.kept.empty() ? 0 : side.kept.capacity();
    const std::size_t before = std::exchange(side.charged, static_cast<std::uint32_t>(std::min(now, std::size_t{UINT32_MAX})));
    if (side.charged > before) return home_.limits().take(side.charged - before);
    if (side.charged < before) home_.limits().give_back(before - side.charged);
    return true;
}

void Connection::close(Side& side) noexcept {
    side.stream.close();
    boost::system::error_code ignored;  // the descriptor is gone whatever close() says
    side.socket.close(ignored);
    ++side.round;
    side.is = Side::Is::closed;
    side.reads = side.writes = side.unanswered = side.read_wants_write = side.write_wants_read = false;
    side.kept = {};
    static_cast<void>(charge_kept(side));  // gives back
    side.unsent = {};
    side.sent = 0;
}

/// What lies unread may begin a message.
bool Connection::is_read_out() const {
    int unread = 0;
    return ::ioctl(near_.stream.descriptor(), FIONREAD, &unread) != 0 || unread == 0;
}

bool Connection::may_make_room() const { return state_ == Session::State::reading && near_.left() == 0 && !is_busy() && is_read_out(); }

void Connection::end_if_idle() {
    // What lies unread is handled first, and handle() ends the connection if that began no message.
    if (may_make_room()) end(Ending::drained, "we are stopping");
}

void Connection::leg_ended(Leg leg, Ending why, std::string detail) {
    if (!beyond_) return end(why, detail);
    lose(leg, why, std::move(detail));
    home_.out().clear();
    proceed();
}

void Connection::end(Ending why, std::string_view detail) {
    if (ended_) return;
    const Held held(*this);
    ended_ = true;
    if (state_ != Session::State::closing) {
        // Of a near leg that is gone already it was told.
        const Leg last = near_.is == Side::Is::closed ? Leg::far : Leg::near;
        call([&](Out& out) { return session_->ended(last, why, detail, out); });
        const Out& out = home_.out();
        if (near_.is == Side::Is::open && near_.left() == 0 && !out.near.empty()) static_cast<void>(near_.stream.write(out.near));
        if (beyond_ && beyond_->far.is == Side::Is::open && beyond_->far.left() == 0 && !out.far.empty())
            static_cast<void>(beyond_->far.stream.write(out.far));
    }
    close(near_);
    if (beyond_) {
        forget_far();
        beyond_->due.unlink();
        if (beyond_->counted) home_.limits().leave_client(*std::exchange(beyond_->counted, std::nullopt));
        why = beyond_->why.value_or(why);
    }
    session_.reset();
    home_.counters().ended[static_cast<std::size_t>(why)].add();
    home_.ended(*this);
}

}  // namespace exota::net
