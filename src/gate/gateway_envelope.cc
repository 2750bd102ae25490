#include "gate/gateway_envelope.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "gate/gateway_backend.h"

namespace exota::gate {

using smtp::Sent;

void GatewayEnvelope::begin(std::string command) {
    commands_.clear();
    commands_.push_back({.line = std::move(command), .kind = Sent::mail});
}

void GatewayEnvelope::add(std::string command, std::string_view mailbox) {
    const std::size_t at = mailbox.empty() ? 0 : command.find(mailbox, std::string_view("RCPT TO:<").size());
    assert(at != std::string::npos);
    commands_.push_back({.line = std::move(command), .mailbox_at = at, .mailbox_octets = mailbox.size(), .kind = Sent::rcpt});
}

void GatewayEnvelope::send(BackendLink& link, LegOut& out) {
    if (!has_mail()) return;  // MAIL was refused: nothing of it is said any more
    for (Command& command : commands_) {
        if (command.state != State::unsent) continue;
        if (!link.may_send(command.kind)) return;
        link.send(command.kind, command.line, out);
        command.state = State::sent;
    }
}

void GatewayEnvelope::forget_connection() noexcept {
    for (Command& command : commands_) command.state = State::unsent;
}

GatewayEnvelope::Meaning GatewayEnvelope::answered(const smtp::Answer& answer, std::string_view& mailbox) {
    const auto command = std::ranges::find(commands_, State::sent, &Command::state);
    assert(command != commands_.end() && command->kind == answer.to);
    if (command->told) {
        if (!answer.accepted) return Meaning::changed;
        command->state = State::accepted;
        return Meaning::repeated;
    }
    if (answer.accepted && has_mail()) {
        command->state = State::accepted;
        command->told = true;
        if (command->kind == Sent::rcpt) mailbox = std::string_view(command->line).substr(command->mailbox_at, command->mailbox_octets);
    } else {
        commands_.erase(command);
    }
    return Meaning::news;
}

bool GatewayEnvelope::give_up_first() {
    const auto command = std::ranges::find(commands_, false, &Command::told);
    assert(command != commands_.end());
    const bool is_mail = command->kind == Sent::mail;
    commands_.erase(command);
    return is_mail;
}

bool GatewayEnvelope::is_settled() const noexcept {
    return !commands_.empty() && std::ranges::all_of(commands_, [](const Command& command) { return command.state == State::accepted; });
}

std::size_t GatewayEnvelope::untold() const noexcept {
    return static_cast<std::size_t>(std::ranges::count(commands_, false, &Command::told));
}

bool GatewayEnvelope::awaits_answer() const noexcept {
    return std::ranges::any_of(commands_, [](const Command& command) { return command.state == State::sent; });
}

}  // namespace exota::gate
