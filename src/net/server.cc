#include "net/server.h"

#include <sys/socket.h>

#include <algorithm>
#include <string>
#include <utility>

#include "net/server_parts.h"

namespace exota::net {

Server::Server(Loop& loop, ServerLimits& limits, SessionFactory factory, ServerOptions options)
    : loop_(loop),
      limits_(limits),
      factory_(std::move(factory)),
      options_(std::move(options)),
      parts_(std::make_unique<Parts>(*this,
                                     Connections::Times{options_.idle_timeout, options_.keep_waiting_interval, options_.closing_timeout})) {
    limits_.servers_.push_back(this);
}

Server::~Server() {
    for (std::size_t i = 0; i < parts_->connections.open(); ++i) limits_.leave();
    std::erase(limits_.servers_, this);
}

void Server::listen(Descriptor listener) {
    parts_->acceptors.push_back(std::make_unique<Acceptor>(*this, std::move(listener)));
    parts_->acceptors.back()->wait();
}

void Server::adopt(Descriptor connected) {
    if (limits_.enter()) serve(std::move(connected));
}

/// The place in the limit of all is taken already (on_acceptable).
void Server::serve(Descriptor socket) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    // A peer that is gone already has no address any more, but what it wrote could be read: as if it had come from nobody, or from this
    // host.
    if (getpeername(socket.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) return leave();
    const Peer peer{Address::of_system(&address, size), socket.get()};
    const bool counted = peer.address.ip && limits_.counts_clients();
    if (counted && !limits_.enter_client(*peer.address.ip)) {
        refuse(peer);
        return leave();
    }
    auto connection = std::make_unique<Connection>(parts_->connections, std::move(socket));
    if (counted) connection->count_for(*peer.address.ip);
    if (!connection->start(peer, factory_)) return leave();
    counters_.opened.add();
    parts_->connections.add(*connection);
    connection.release()->open();
}

void Server::refuse(const Peer& peer) {
    counters_.refused.add();
    if (!options_.refusal) return;
    const std::string last_word = options_.refusal(peer);
    static_cast<void>(plain_write(peer.descriptor, last_word));  // who does not take it learns it from the end of the connection
}

/// Gives a place back, and tells those who wait for one.
void Server::leave() {
    limits_.leave();
    if (limits_.paused_.load() > 0)
        for (Server* server : limits_.servers_) server->loop_.post([server] { server->resume_accepting(); });
}

void Server::session_gone() {
    leave();
    if (parts_->connections.draining() && open() == 0 && parts_->drained) loop_.post(std::exchange(parts_->drained, nullptr));
}

void Server::pause_accepting() {
    if (!std::exchange(parts_->paused, true)) {
        counters_.paused.add();
        limits_.paused_.fetch_add(1);
        if (options_.on_trouble)
            options_.on_trouble({base::Errc::too_long, std::to_string(limits_.max_sessions()) +
                                                           " sessions are open: further connections wait until one ends, or is idle"});
    }
    // A place may have become free between enter() and the line above, without anybody to tell us.
    if (limits_.open() < limits_.max_sessions()) return loop_.post([this] { resume_accepting(); });
    limits_.search_room(*this);
    // Who has something in hand now, or said something a moment ago, may be idle then.
    parts_->room.start(options_.make_room_after, [this] {
        if (parts_->paused) pause_accepting();
    });
}

bool Server::someone_waits() const {
    return parts_->paused && std::ranges::any_of(parts_->acceptors, [](const auto& acceptor) { return acceptor->has_connection(); });
}

std::optional<IdleSession> Server::who_makes_room() {
    const auto found = parts_->connections.first_to_make_room(options_.makes_room, options_.make_room_after);
    return found ? std::optional(found->rank) : std::nullopt;
}

void Server::make_room() {
    if (limits_.open() < limits_.max_sessions()) return;  // somebody left meanwhile
    if (const auto found = parts_->connections.first_to_make_room(options_.makes_room, options_.make_room_after))
        found->connection->end(Ending::made_room);
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
    parts_->drained = std::move(done);
    parts_->connections.drain();
    if (open() == 0 && parts_->drained) loop_.post(std::exchange(parts_->drained, nullptr));
}

void Server::close_all() { parts_->connections.end_all(); }

std::size_t Server::open() const noexcept { return parts_->connections.open(); }

}  // namespace exota::net
