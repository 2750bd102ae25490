#include "net/server.h"

#include <algorithm>
#include <string>
#include <utility>

#include "net/server_parts.h"

namespace exota::net {

Server::Server(Loop& loop, ServerLimits& limits, SessionFactory factory, ServerOptions options)
    : loop_(loop), limits_(limits), factory_(std::move(factory)), options_(std::move(options)), parts_(std::make_unique<Parts>(loop)) {
    limits_.servers_.push_back(this);
}

Server::~Server() {
    for (std::size_t i = 0; i < parts_->open_count; ++i) limits_.leave();
    std::erase(limits_.servers_, this);
}

void Server::listen(Descriptor listener) {
    parts_->acceptors.push_back(std::make_unique<Acceptor>(*this, std::move(listener)));
    parts_->acceptors.back()->wait();
}

/// The place in the limit is taken already (on_acceptable).
void Server::serve(Descriptor socket) {
    auto connection = std::make_unique<Connection>(*this, std::move(socket));
    if (!connection->start()) {
        limits_.leave();
        return;
    }
    counters_.opened.add();
    ++parts_->open_count;
    parts_->most_recent(*connection.release());
    schedule_sweep();
}

void Server::session_gone() {
    --parts_->open_count;
    limits_.leave();
    if (limits_.paused_.load() > 0)
        for (Server* server : limits_.servers_) server->loop_.post([server] { server->resume_accepting(); });
    if (parts_->draining && parts_->open_count == 0 && parts_->drained) loop_.post(std::exchange(parts_->drained, nullptr));
}

void Server::pause_accepting() {
    if (!std::exchange(parts_->paused, true)) {
        counters_.paused.add();
        limits_.paused_.fetch_add(1);
        if (options_.on_trouble)
            options_.on_trouble({base::Errc::too_long, std::to_string(limits_.max_sessions()) +
                                                           " sessions are open: further connections wait until one ends, or is idle"});
        // A place may have become free between enter() and the line above, without anybody to tell us.
        if (limits_.open() < limits_.max_sessions()) return loop_.post([this] { resume_accepting(); });
    }
    limits_.search_room(*this);
    // Who has something in hand now, or said something a moment ago, may be idle then.
    parts_->room.start(options_.make_room_after, [this] {
        if (parts_->paused) pause_accepting();
    });
}

bool Server::someone_waits() const {
    return parts_->paused && std::ranges::any_of(parts_->acceptors, [](const auto& acceptor) { return acceptor->has_connection(); });
}

/// The session that makes room first, if any may. Those in front whose octets are on their way are passed over, up to some.
Server::Connection* Server::first_to_make_room() {
    constexpr int most = 64;
    const auto lately = Connection::Clock::now() - options_.make_room_after;
    for (auto* list : {&parts_->fresh, &parts_->idle}) {
        int looked_at = 0;
        for (Connection& connection : *list) {
            if (connection.last_activity() > lately || ++looked_at > most) break;
            if (connection.may_make_room()) return &connection;
        }
    }
    return nullptr;
}

std::optional<IdleSession> Server::longest_idle() {
    const Connection* const connection = first_to_make_room();
    if (connection == nullptr) return std::nullopt;
    return IdleSession{!connection->spoke(), Connection::Clock::now() - connection->last_activity()};
}

void Server::make_room() {
    if (limits_.open() < limits_.max_sessions()) return;  // somebody left meanwhile
    if (Connection* const connection = first_to_make_room()) connection->end(Ending::made_room);
}

void Server::resume_accepting() {
    if (!parts_->paused) return;
    parts_->paused = false;
    parts_->room.cancel();
    limits_.paused_.fetch_sub(1);
    for (const auto& acceptor : parts_->acceptors) acceptor->resume();
}

void Server::stop_accepting() {
    for (const auto& acceptor : parts_->acceptors) acceptor->stop();
}

void Server::drain(std::function<void()> done) {
    stop_accepting();
    parts_->draining = true;
    parts_->drained = std::move(done);
    for (auto* list : {&parts_->fresh, &parts_->idle, &parts_->busy})
        for (auto next = list->begin(); next != list->end();) {
            Connection& connection = *next++;  // may leave the list
            connection.end_if_idle();
        }
    if (parts_->open_count == 0 && parts_->drained) loop_.post(std::exchange(parts_->drained, nullptr));
}

void Server::close_all() {
    for (auto* list : {&parts_->fresh, &parts_->idle, &parts_->busy, &parts_->waiting})
        while (!list->empty()) list->front().end(Ending::drained);
}

std::size_t Server::open() const noexcept { return parts_->open_count; }

/// One timer a loop instead of one a session: each list is ordered by activity, so a sweep looks at those that are due and at one more.
void Server::schedule_sweep() {
    if (parts_->sweeping) return;
    parts_->sweeping = true;
    const auto interval = std::clamp(std::min(options_.idle_timeout, options_.keep_waiting_interval) / 16, std::chrono::milliseconds(5),
                                     std::chrono::milliseconds(10'000));
    parts_->sweep.start(interval, [this] { sweep(); });
}

void Server::sweep() {
    const auto now = Connection::Clock::now();
    for (auto* list : {&parts_->fresh, &parts_->idle, &parts_->busy})
        while (!list->empty() && list->front().last_activity() <= now - options_.idle_timeout) list->front().end(Ending::idle);
    // A pending answer has a deadline of its own; only the peer must hear of us.
    while (!parts_->waiting.empty() && parts_->waiting.front().last_activity() <= now - options_.keep_waiting_interval)
        parts_->waiting.front().keep_waiting();
    parts_->sweeping = false;
    if (parts_->open_count > 0) schedule_sweep();
}

}  // namespace exota::net
