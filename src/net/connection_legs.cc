// A connection with more than a near leg in the clear: the far leg, TLS, deadlines.
//
// Each event ends in proceed(): what the session wants is done, then it is told the next thing that happened, until nothing is left to be
// told. Nothing within proceed() calls it again.
//
// Tested by legs_test.cc, legs_gone_test.cc, legs_tls_test.cc and legs_every_state_test.cc.
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "net/connection.h"
#include "net/dial.h"

namespace exota::net {

namespace {

constexpr std::size_t index(Leg leg) noexcept { return leg == Leg::near ? 0 : 1; }

}  // namespace

Connection::Beyond& Connection::beyond() {
    if (!beyond_) beyond_ = std::make_unique<Beyond>(*this);
    return *beyond_;
}

void Connection::count_for(const base::IpAddress& client) { beyond().counted = client; }

std::size_t Connection::queued(Leg leg) noexcept { return side(leg).left() + beyond_->securing[index(leg)].after.size(); }

bool Connection::may_read(Leg leg) noexcept {
    if (leg == Leg::near)
        return near_.is == Side::Is::open && state_ == Session::State::reading && near_.left() == 0 &&
               queued(Leg::far) <= max_unsent_octets;
    return beyond_->far.is == Side::Is::open && state_ != Session::State::closing && queued(Leg::near) <= max_unsent_octets;
}

void Connection::proceed() {
    beyond().pieces = 0;
    do {
        apply(home_.out());
        if (ended_) return;
        home_.out().clear();
        if (state_ == Session::State::closing) {
            write_gathered();
            return finish();
        }
    } while (tell_next() || write_gathered());
    if (ended_) return;
    if (near_.is == Side::Is::closed && beyond_->far.is == Side::Is::closed && state_ == Session::State::reading)
        return end(Ending::session_ended, "both legs are gone");
    if (home_.draining() && state_ == Session::State::reading && near_.left() == 0 && !session_->busy())
        return end(Ending::drained, "we are stopping");
    if (state_ == Session::State::reading) woken_ = false;
    home_.most_recent(*this);
    set_deadline();
    arm();
}

/// @return false: the session knows all that happened, or the connection has ended.
bool Connection::tell_next() {
    for (const Leg leg : {Leg::far, Leg::near})
        if (const std::optional<Beyond::Gone> gone = std::exchange(beyond_->gone[index(leg)], std::nullopt)) {
            call([&](Out& out) { return session_->ended(leg, gone->why, gone->detail, out); });
            return true;
        }
    if (may_write_on()) {
        if (++beyond_->pieces > max_reads_a_turn) {
            write_on_later();
            return false;
        }
        if (near_left_unseen()) {
            lose(Leg::near, Ending::peer_closed, "closed by the peer");
            return true;
        }
        beyond_->more_far = false;
        call([this](Out& out) { return session_->written(out); });
        return true;
    }
    if (state_ == Session::State::waiting && woken_ && near_.left() == 0) {
        if (!near_has_hung_up()) return feed(Leg::near, {});
        lose(Leg::near, Ending::peer_closed, "closed by the peer");
        return true;
    }
    if (feeds_on()) return feed(Leg::near, {});
    return false;
}

/// What is kept of the near leg is more than a partial frame, and may be fed now.
bool Connection::feeds_on() noexcept { return state_ == Session::State::reading && stopped_ && !near_.kept.empty() && may_read(Leg::near); }

bool Connection::may_write_on() noexcept { return beyond_->more_far && beyond_->far.is == Side::Is::open && queued(Leg::far) == 0; }

/// A peer that takes all at once must not keep the loop from others.
void Connection::write_on_later() {
    ++pending_;
    boost::asio::post(home_.loop().context(), [this] {
        const Held held(*this);
        --pending_;
        if (ended_ || !may_write_on()) return;
        home_.out().clear();
        proceed();
    });
}

void Connection::apply(Out& out) {
    if (out.close_far) forget_far();
    if (out.dial) dial(*out.dial);
    if (out.more_far) beyond_->more_far = true;
    send(Leg::near, out.near);
    if (!out.far.empty() && beyond_->far.is == Side::Is::open && beyond_->far.left() == 0 && feeds_on()) {
        beyond_->far.unsent = out.far;
        beyond_->gathers = true;
    } else {
        send(Leg::far, out.far);
    }
    beyond_->ends_near = beyond_->ends_near || out.end_near;
    if (beyond_->ends_near) end_near();
    if (out.start_tls) start_tls(std::move(*out.start_tls));
}

/// A header and the body behind it that was kept go out as one.
/// @return  the session may have to be told of it.
bool Connection::write_gathered() {
    Side& far = beyond_->far;
    if (!std::exchange(beyond_->gathers, false) || far.is != Side::Is::open || far.left() == 0) return false;
    const Moved::Is is = flush(Leg::far);
    if (is == Moved::Is::ended) lose(Leg::far, Ending::peer_closed, far.stream.why());
    if (is == Moved::Is::failed) lose(Leg::far, Ending::failed, far.stream.why());
    return true;
}

/// Once all is written, and again whenever it is looked at: it costs nothing then.
void Connection::end_near() {
    if (near_.is == Side::Is::open && queued(Leg::near) == 0) near_.stream.end_writing();
}

void Connection::send(Leg leg, std::string_view octets) {
    if (octets.empty() || (leg == Leg::near && beyond_->ends_near)) return;
    Side& to = side(leg);
    if (to.is == Side::Is::closed) return;
    if (to.is == Side::Is::securing) {
        beyond_->securing[index(leg)].after += octets;
        return;
    }
    if (to.is == Side::Is::dialling || to.left() > 0) {
        to.unsent.erase(0, std::exchange(to.sent, 0));
        to.unsent += octets;
        return;
    }
    const Moved::Is is = write(leg, octets);
    if (is == Moved::Is::ended) lose(leg, Ending::peer_closed, to.stream.why());
    if (is == Moved::Is::failed) lose(leg, Ending::failed, to.stream.why());
}

/// The session is told by and by.
void Connection::lose(Leg leg, Ending why, std::string detail) {
    close(side(leg));
    if (leg == Leg::far) beyond_->more_far = false;
    beyond_->securing[index(leg)] = {};
    beyond_->gone[index(leg)] = Beyond::Gone{why, std::move(detail)};
    if (leg == Leg::near && !beyond_->why) beyond_->why = why;
}

void Connection::forget_far() noexcept {
    close(beyond_->far);
    beyond_->more_far = false;
    beyond_->securing[index(Leg::far)] = {};
    beyond_->gone[index(Leg::far)].reset();
}

void Connection::dial(const Address& address) {
    forget_far();
    Side& far = beyond_->far;
    beyond_->dialled = address;
    base::Result<Descriptor> socket = begin_connect(address);
    if (!socket) return lose(Leg::far, Ending::unreachable, std::move(socket.error().detail));
    boost::system::error_code error;
    far.socket.assign(socket->get(), error);
    if (error) return lose(Leg::far, Ending::failed, error.message());
    far.stream.use(socket->release());
    far.tcp = address.is_tcp();
    far.is = Side::Is::dialling;
    wait(Leg::far, StreamDescriptor::wait_write);
}

void Connection::dialled() {
    Side& far = beyond_->far;
    if (base::Result<void> connected = finish_connect(far.stream.descriptor(), beyond_->dialled); !connected)
        return leg_ended(Leg::far, Ending::unreachable, std::move(connected.error().detail));
    far.is = Side::Is::open;
    if (!watch_anew(Leg::far)) return leg_ended(Leg::far, Ending::failed, "the system has no room to watch it");
    const Moved::Is is = flush(Leg::far);  // what was to be written meanwhile
    if (is == Moved::Is::ended || is == Moved::Is::failed) return leg_ended(Leg::far, Ending::peer_closed, far.stream.why());
    call([this](Out& out) { return session_->opened(Leg::far, nullptr, out); });
    proceed();
}

void Connection::start_tls(StartTls&& start) {
    const Leg leg = start.leg;
    Side& of = side(leg);
    if (of.is == Side::Is::closed) return;  // the session knows, or will be told
    if (of.is != Side::Is::open || of.stream.tls() != nullptr) return lose(leg, Ending::no_tls, "TLS cannot start now");
    // Whoever stands between us and the peer may have written them.
    if (!of.kept.empty()) return end(Ending::cleartext, "octets in the clear behind the start of TLS");
    base::Result<std::unique_ptr<TlsStream>> stream = TlsStream::begin(of.stream.descriptor(), start);
    if (!stream) return lose(leg, Ending::no_tls, std::move(stream.error().detail));
    beyond_->securing[index(leg)] = {std::move(start), std::move(*stream), {}};
    of.is = Side::Is::securing;
    wait(leg, StreamDescriptor::wait_write);  // a client speaks first; a server writes what is left in the clear
}

void Connection::secure(Leg leg) {
    Side& of = side(leg);
    Beyond::Securing& securing = beyond_->securing[index(leg)];
    if (securing.next) {
        if (of.left() > 0) return;
        of.stream.use(std::move(securing.next));
    }
    switch (of.stream.tls()->handshake().is) {
        case Moved::Is::done:
            return secured(leg);
        case Moved::Is::wants_read:
            return wait(leg, StreamDescriptor::wait_read);
        case Moved::Is::wants_write:
            return wait(leg, StreamDescriptor::wait_write);
        case Moved::Is::ended:
        case Moved::Is::failed:
            break;
    }
    leg_ended(leg, Ending::no_tls, of.stream.why());
}

void Connection::secured(Leg leg) {
    touch();
    const Beyond::Securing done = std::exchange(beyond_->securing[index(leg)], {});
    side(leg).is = Side::Is::open;
    if (!watch_anew(leg)) return leg_ended(leg, Ending::failed, "the system has no room to watch it");
    send(leg, done.after);
    const TlsFacts facts = side(leg).is == Side::Is::open ? side(leg).stream.tls()->facts(*done.start) : TlsFacts{};
    home_.out().clear();
    if (side(leg).is == Side::Is::open) call([&](Out& out) { return session_->opened(leg, &facts, out); });
    proceed();
}

/// Who was waited for to take octets would be announced from then on whenever he has taken some: a turn of the loop for nothing. So after
/// the beginning, where each leg is waited for so, it is registered again.
/// @return false: it could not be.
bool Connection::watch_anew(Leg leg) {
    Side& of = side(leg);
    if (of.reads || of.writes) return true;  // somebody waits
    boost::system::error_code error;
    const int descriptor = of.socket.release();
    of.socket.assign(descriptor, error);
    if (!error) return true;
    of.stream.close();
    ::close(descriptor);
    return false;
}

/// What is left to be written is written, for a while.
void Connection::finish() {
    for (const Leg leg : {Leg::near, Leg::far}) {
        Side& of = side(leg);
        const bool in_the_clear_still = of.is == Side::Is::securing && of.stream.tls() == nullptr && of.left() > 0;
        if (of.is != Side::Is::open && !in_the_clear_still) close(of);
    }
    if (near_.left() == 0 && beyond_->far.left() == 0) return end(Ending::session_ended);
    if (!std::exchange(beyond_->closing, true)) home_.schedule(beyond_->due, home_.loop().now() + home_.times().closing_timeout);
}

void Connection::arm() {
    for (const Leg leg : {Leg::near, Leg::far}) {
        if (!may_read(leg)) continue;
        if (leg == Leg::near) beyond_->peeked = false;
        if (!side(leg).stream.pending()) {
            wait(leg, StreamDescriptor::wait_read);
            continue;
        }
        ++pending_;
        boost::asio::post(home_.loop().context(), [this, leg, round = side(leg).round] {
            const Held held(*this);
            --pending_;
            if (!ended_ && side(leg).round == round) on_readable(leg);
        });
    }
    if (state_ == Session::State::waiting && near_.is == Side::Is::open && !beyond_->peeked) wait(Leg::near, StreamDescriptor::wait_read);
}

void Connection::set_deadline() {
    if (!beyond_->has_deadlines) return;
    const std::optional<Deadline> deadline = session_->deadline();
    if (deadline && deadline == beyond_->deadline) return;
    beyond_->deadline = deadline;
    if (deadline)
        home_.schedule(beyond_->due, home_.loop().now() + std::max(deadline->after, std::chrono::milliseconds(1)));
    else
        beyond_->due.unlink();
}

void Connection::late() {
    const Held held(*this);
    if (state_ == Session::State::closing) return end(Ending::late);
    touch();
    beyond_->deadline.reset();
    call([this](Out& out) { return session_->late(out); });
    if (state_ == Session::State::closing && !beyond_->why) beyond_->why = Ending::late;
    proceed();
}

/// Half a connection is enough: whoever will write nothing more may not read either.
bool Connection::near_has_hung_up() noexcept {
    if (near_.is != Side::Is::open) return false;
    pollfd near{.fd = near_.stream.descriptor(), .events = POLLRDHUP, .revents = 0};
    return ::poll(&near, 1, 0) == 1 && (near.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

/// A peer that said more than it may is waited for no longer. So it is looked at before the session acts for it.
bool Connection::near_left_unseen() noexcept { return state_ == Session::State::waiting && beyond_->peeked && near_has_hung_up(); }

/// The near leg is readable while its session waits: the peer may be gone, and the session wants to know before it acts for it.
void Connection::watch_near() {
    if (state_ != Session::State::waiting) return;  // arm() asks again
    if (near_has_hung_up()) return leg_ended(Leg::near, Ending::peer_closed, "closed by the peer");
    if (near_.stream.tls() != nullptr) {  // close_notify comes before the end of the stream
        const Moved::Is is = near_.stream.tls()->peek().is;
        if (is == Moved::Is::ended || is == Moved::Is::failed) return leg_ended(Leg::near, Ending::peer_closed, near_.stream.why());
        if (is == Moved::Is::wants_read) return wait(Leg::near, StreamDescriptor::wait_read);
    }
    beyond_->peeked = true;  // it says more than it may: looked at again when there is something that the session would do
}

}  // namespace exota::net
