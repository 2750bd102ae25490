#include "wire/milter/dialogue.h"

#include <optional>

namespace exota::milter {
namespace {

using Phase = Dialogue::Phase;

/// The phase behind `command`, or nullopt where it is out of order.
std::optional<Phase> next(Phase phase, Command command) noexcept {
    const bool connected = phase >= Phase::idle && phase <= Phase::body;
    const bool in_message = phase >= Phase::envelope && phase <= Phase::body;
    const auto only_if = [](bool legal, Phase to) { return legal ? std::optional(to) : std::nullopt; };
    if (command == Command::quit) return only_if(phase != Phase::over, Phase::over);
    if (phase == Phase::negotiation) return only_if(command == Command::negotiate, Phase::connection);
    if (phase == Phase::over) return std::nullopt;
    switch (command) {
        case Command::macro:
            return phase;
        case Command::abort:
            return in_message ? Phase::idle : phase;
        case Command::quit_new_connection:
            return Phase::connection;
        case Command::connect:
            return only_if(phase == Phase::connection, Phase::idle);
        case Command::helo:
            return only_if(connected, Phase::idle);
        case Command::unknown:
            return only_if(connected, phase);
        case Command::mail:
            return only_if(connected, Phase::envelope);
        case Command::recipient:
            return only_if(phase == Phase::envelope, Phase::envelope);
        case Command::data:
            return only_if(phase == Phase::envelope, Phase::data);
        case Command::header:
            return only_if(in_message && phase <= Phase::header, Phase::header);
        case Command::end_of_header:
            return only_if(in_message && phase <= Phase::header, Phase::body);
        case Command::body:
            return only_if(in_message, Phase::body);
        case Command::end_of_message:
            return only_if(in_message, Phase::idle);
        case Command::negotiate:
        case Command::quit:
            break;
    }
    return std::nullopt;
}

}  // namespace

std::expected<void, ProtocolError> Dialogue::take(Command command) noexcept {
    const auto to = next(phase_, command);
    if (!to) return std::unexpected(ProtocolError::out_of_order);
    phase_ = *to;
    return {};
}

}  // namespace exota::milter
