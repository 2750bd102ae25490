// What the perimeter says of a client, before anything that it sends is looked at (docs/inbound.md, "The perimeter").
//
//   allow_file ──▶ allowed            nobody is asked about it
//   block_file ──▶ blocked
//   Exchange Online, trusted forwarders, bypassed clients ──▶ passes
//   DNS lists and reverse name, all asked at once, under one deadline ──▶ listed, no_reverse_name, or passes
//
// What does not answer in time weighs nothing.
//
// Tested by client_check_test.cc.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "decision/inbound_facts.h"
#include "evidence/evidence.h"

namespace exota::gate {

class World;
struct Snapshot;

class ClientCheck {
public:
    static constexpr std::chrono::milliseconds deadline{5000};  // as ReverseName has

    /// @param world     outlives this object.
    /// @param snapshot  of an inbound door: with lists and rules. Never null.
    /// @param session   whose client it is; one without an address is local, and passes.
    /// @param settled   called on the loop, from within an answer or a deadline, when what ask() left open is known.
    ClientCheck(World& world, std::shared_ptr<const Snapshot> snapshot, const evidence::Session& session, std::function<void()> settled);
    ~ClientCheck();
    ClientCheck(const ClientCheck&) = delete;
    ClientCheck& operator=(const ClientCheck&) = delete;

    /// Begins to ask, once.
    /// @return  it is known already; else `settled` is called.
    bool ask();
    bool is_known() const noexcept;
    /// Only where it is known.
    const decision::ClientStanding& standing() const noexcept;

private:
    struct Lookup;
    std::shared_ptr<Lookup> lookup_;
};

}  // namespace exota::gate
