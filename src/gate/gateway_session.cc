#include "gate/gateway_session.h"

#include <array>

#include "gate/judge.h"
#include "wire/smtp/reply.h"

namespace exota::gate {

std::string_view name_of(BackendFailure failure) noexcept {
    constexpr std::array<std::string_view, backend_failure_count> names{
        "unreachable",   "late",         "closed",          "refused",         "bad-reply",
        "no-tls",        "not-verified", "xclient-missing", "xclient-refused", "lacks-extension",
        "changed-answer"};
    return names[static_cast<std::size_t>(failure)];
}

/// For now nobody is served: the machine is being built.
struct GatewaySession::State {};

GatewaySession::GatewaySession(std::shared_ptr<const GatewaySettings>, const GatewayClient&, Judge&, World&, GatewayHouse&,
                               std::function<void()>)
    : state_(std::make_unique<State>()) {}
GatewaySession::~GatewaySession() = default;

LegStep GatewaySession::opened(Leg, const LegTls*, LegOut& out) {
    smtp::append_reply(out.near, smtp::FixedReply{421, "4.3.2", "Not in service yet"});
    return {0, LegState::closing};
}
LegStep GatewaySession::feed(Leg, std::string_view bytes, LegOut&) { return {bytes.size(), LegState::closing}; }
LegStep GatewaySession::far_written(LegOut&) { return {0, LegState::closing}; }
LegStep GatewaySession::ended(Leg, LegEnding, std::string_view, LegOut&) { return {0, LegState::closing}; }
LegStep GatewaySession::late(LegOut&) { return {0, LegState::closing}; }
LegDeadline GatewaySession::deadline() const noexcept { return {std::chrono::minutes(1), 0}; }
bool GatewaySession::busy() const noexcept { return false; }

}  // namespace exota::gate
