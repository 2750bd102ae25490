#include "net/server.h"

#include <algorithm>

#include "net/server_parts.h"

namespace exota::net {

Server::Server(Loop& loop, SessionLimit& limit, SessionFactory factory, ServerOptions options)
    : loop_(loop), limit_(limit), factory_(std::move(factory)), options_(std::move(options)), parts_(std::make_unique<Parts>(loop)) {
    limit_.servers_.push_back(this);
}

Server::~Server() {
    for (std::size_t i = 0; i < parts_->open_count; ++i) limit_.leave();
    std::erase(limit_.servers_, this);
}

void Server::listen(Descriptor listener) {
    parts_->acceptors.push_back(std::make_unique<Acceptor>(*this, std::move(listener)));
    parts_->acceptors.back()->wait();
}

/// The place in the limit is taken already (on_acceptable).
void Server::serve(Descriptor socket) {
    auto connection = std::make_unique<Connection>(*this, std::move(socket));
    if (!connection->start()) {
        limit_.leave();
        return;
    }
    counters_.opened.add();
    ++parts_->open_count;
    parts_->open.push_back(*connection.release());
    schedule_sweep();
}

void Server::session_gone() {
    --parts_->open_count;
    limit_.leave();
    if (limit_.paused_.load() > 0)
        for (Server* server : limit_.servers_) server->loop_.post([server] { server->resume_accepting(); });
    if (parts_->draining && parts_->open_count == 0 && parts_->drained) loop_.post(std::exchange(parts_->drained, nullptr));
}

void Server::resume_accepting() {
    if (!parts_->paused) return;
    parts_->paused = false;
    limit_.paused_.fetch_sub(1);
    for (const auto& acceptor : parts_->acceptors) acceptor->resume();
}

void Server::stop_accepting() {
    for (const auto& acceptor : parts_->acceptors) acceptor->stop();
}

void Server::drain(std::function<void()> done) {
    stop_accepting();
    parts_->draining = true;
    parts_->drained = std::move(done);
    for (auto next = parts_->open.begin(); next != parts_->open.end();) {
        Connection& connection = *next++;  // may leave the list
        connection.end_if_idle();
    }
    if (parts_->open_count == 0 && parts_->drained) loop_.post(std::exchange(parts_->drained, nullptr));
}

void Server::close_all() {
    for (auto* list : {&parts_->open, &parts_->waiting})
        while (!list->empty()) list->front().end(Ending::drained);
}

std::size_t Server::open() const noexcept { return parts_->open_count; }

/// One timer a loop instead of one a session: the list is ordered by activity, so a sweep looks at those that are due and at one more.
void Server::schedule_sweep() {
    if (parts_->sweeping) return;
    parts_->sweeping = true;
    const auto interval = std::clamp(std::min(options_.idle_timeout, options_.keep_waiting_interval) / 16, std::chrono::milliseconds(5),
                                     std::chrono::milliseconds(10'000));
    parts_->sweep.start(interval, [this] { sweep(); });
}

void Server::sweep() {
    const auto now = Connection::Clock::now();
    while (!parts_->open.empty() && parts_->open.front().last_activity() <= now - options_.idle_timeout)
        parts_->open.front().end(Ending::idle);
    // A pending answer has a deadline of its own; only the peer must hear of us.
    while (!parts_->waiting.empty() && parts_->waiting.front().last_activity() <= now - options_.keep_waiting_interval)
        parts_->waiting.front().keep_waiting();
    parts_->sweeping = false;
    if (parts_->open_count > 0) schedule_sweep();
}

}  // namespace exota::net
