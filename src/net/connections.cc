#include "net/connections.h"

#include <algorithm>
#include <utility>

#include "net/connection.h"

namespace exota::net {

Connections::Connections(Loop& loop, ServerLimits& limits, ServerCounters& counters, Times times, std::function<void()> gone)
    : loop_(loop), limits_(limits), counters_(counters), times_(times), gone_(std::move(gone)), timer_(loop) {}

Connections::~Connections() {
    for (auto* list : {&fresh_, &idle_, &busy_, &waiting_, &closed_})
        while (!list->empty()) delete &list->front();
}

void Connections::add(Connection& connection) {
    ++open_;
    most_recent(connection);
    if (sweeps_at_ == Clock::time_point::max()) sweep_at(next_regular_sweep());
}

void Connections::most_recent(Connection& connection) {
    connection.unlink();
    (connection.waits_for_session() ? waiting_ : connection.is_busy() ? busy_ : connection.spoke() ? idle_ : fresh_).push_back(connection);
}

void Connections::ended(Connection& connection) {
    connection.unlink();
    closed_.push_back(connection);
    --open_;
    gone_();
}

std::optional<Connections::Candidate> Connections::first_to_make_room(MakesRoom rule, std::chrono::milliseconds silent_for) {
    return rule == MakesRoom::next_due ? next_due() : longest_idle(silent_for);
}

/// Those in front whose octets are on their way are passed over, up to some.
std::optional<Connections::Candidate> Connections::longest_idle(std::chrono::milliseconds silent_for) {
    constexpr int most = 64;
    const auto now = loop_.now();
    for (auto* list : {&fresh_, &idle_}) {
        int looked_at = 0;
        for (Connection& connection : *list) {
            if (connection.last_activity() > now - silent_for || ++looked_at > most) break;
            if (connection.may_make_room()) return Candidate{&connection, {!connection.spoke(), now - connection.last_activity()}};
        }
    }
    return std::nullopt;
}

/// Those whose peer does not read are passed over, up to some, and then the first of them goes.
std::optional<Connections::Candidate> Connections::next_due() {
    constexpr int most = 64;
    const auto now = loop_.now();
    std::optional<Candidate> unread;
    int looked_at = 0;
    for (const Due& due : deadlines_) {
        Connection& connection = due.connection;
        if (connection.waits_for_session() || connection.is_busy()) continue;
        if (connection.is_read()) return Candidate{&connection, {true, now - due.at}};
        if (!unread) unread = Candidate{&connection, {false, now - due.at}};
        if (++looked_at == most) break;
    }
    return unread;
}

void Connections::drain() {
    draining_ = true;
    for (auto* list : {&fresh_, &idle_, &busy_})
        for (auto next = list->begin(); next != list->end();) {
            Connection& connection = *next++;  // may leave the list
            connection.end_if_idle();
        }
}

void Connections::end_all() {
    for (auto* list : {&fresh_, &idle_, &busy_, &waiting_})
        while (!list->empty()) list->front().end(Ending::drained, "we are stopping");
}

void Connections::schedule(Due& due, Clock::time_point at) {
    due.unlink();
    due.at = at;
    deadlines_.insert(due);
    if (at < sweeps_at_) sweep_at(at);
}

/// One timer a loop instead of one a session: each list is ordered by activity, so a sweep looks at those that are due and at one more.
Connections::Clock::time_point Connections::next_regular_sweep() const {
    return loop_.now() + std::clamp(std::min(times_.idle_timeout, times_.keep_waiting_interval) / 16, std::chrono::milliseconds(5),
                                    std::chrono::milliseconds(10'000));
}

void Connections::sweep_at(Clock::time_point when) {
    sweeps_at_ = when;
    timer_.start(std::max(when - loop_.now(), Clock::duration::zero()), [this] { sweep(); });
}

void Connections::sweep() {
    sweeps_at_ = Clock::time_point::max();
    const auto now = loop_.now();
    while (!deadlines_.empty() && deadlines_.begin()->at <= now) deadlines_.begin()->connection.late();
    for (auto* list : {&fresh_, &idle_, &busy_})
        while (!list->empty() && list->front().last_activity() <= now - times_.idle_timeout)
            list->front().end(Ending::idle, "silent for too long");
    // A pending answer has a deadline of its own; only the peer must hear of us.
    while (!waiting_.empty() && waiting_.front().last_activity() <= now - times_.keep_waiting_interval) waiting_.front().keep_waiting();
    if (open_ == 0) return;
    const auto regular = next_regular_sweep();
    sweep_at(deadlines_.empty() ? regular : std::min(regular, deadlines_.begin()->at));
}

}  // namespace exota::net
