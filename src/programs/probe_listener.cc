#include "programs/probe_listener.h"

#include <utility>

namespace exota::programs {

ProbeListener::ProbeListener(net::Loop& loop, ProbeHouse house, const ProbeLimits& limits, std::function<void(const ProbedSession&)> told)
    : loop_(loop),
      house_(std::move(house)),
      limits_(limits),
      told_(std::move(told)),
      places_(limits.sessions),
      server_(loop, places_, [this](const net::Peer& peer, std::function<void()>) { return take(peer); }, {}),
      timer_(loop) {
    house_.budget = ProbeBudget(limits_.octets);
    house_.ended = [this](ProbedSession&& session) {
        sessions_.push_back(std::move(session));
        if (told_) told_(sessions_.back());
    };
}

ProbeListener::~ProbeListener() = default;

std::unique_ptr<net::Session> ProbeListener::take(const net::Peer& peer) {
    if (taken_ == limits_.sessions || !why_.empty()) return nullptr;
    if (++taken_ == limits_.sessions) loop_.post([this] { server_.stop_accepting(); });
    return std::make_unique<ProbeSession>(house_, peer.address, taken_);
}

void ProbeListener::run() {
    timer_.start(limits_.time, [this] { stop("time"); });
    loop_.run_until([this] { return is_over(); });
    timer_.cancel();
}

void ProbeListener::stop(std::string_view why) {
    if (!why_.empty()) return;
    why_ = why;
    loop_.post([this] {
        server_.stop_accepting();
        server_.close_all();
    });
}

bool ProbeListener::is_over() {
    if (house_.budget.spent()) stop("octets");
    if (sessions_.size() == limits_.sessions && why_.empty()) why_ = "sessions";
    return !why_.empty() && server_.open() == 0;
}

}  // namespace exota::programs
