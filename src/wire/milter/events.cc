#include "wire/milter/events.h"

namespace exota::milter {
namespace {

constexpr auto malformed = std::unexpected(ProtocolError::malformed_payload);

/// Takes the string at the front of `payload`, without its NUL. False when there is none.
bool take_string(std::string_view& payload, std::string_view& text) noexcept {
    const std::size_t end = payload.find('\0');
    if (end == std::string_view::npos) return false;
    text = payload.substr(0, end);
    payload.remove_prefix(end + 1);
    return true;
}

using Decoded = std::expected<Event, ProtocolError>;

Decoded decode_offer(std::string_view payload) noexcept {
    // Three words; libmilter takes what follows them for future use, and so do we.
    if (payload.size() < 12) return malformed;
    return Offer{read_word(payload), read_word(payload.substr(4)), read_word(payload.substr(8))};
}

Decoded decode_connect(std::string_view payload) noexcept {
    Connect event;
    if (!take_string(payload, event.host) || payload.empty()) return malformed;
    const char family = payload.front();
    payload.remove_prefix(1);
    switch (family) {
        case 'U':
            return event;  // some MTAs add a port and an address that mean nothing
        case '4':
        case '6':
        case 'L':
            break;
        default:
            return malformed;
    }
    event.family = static_cast<Family>(family);
    if (payload.size() < 2) return malformed;
    event.port = static_cast<std::uint16_t>(static_cast<unsigned char>(payload[0]) << 8 | static_cast<unsigned char>(payload[1]));
    payload.remove_prefix(2);
    if (!take_string(payload, event.address) || !payload.empty()) return malformed;
    return event;
}

/// Exactly one string.
bool only_string(std::string_view payload, std::string_view& text) noexcept { return take_string(payload, text) && payload.empty(); }

bool string_list(std::string_view payload) noexcept { return !payload.empty() && payload.back() == '\0'; }

/// No early end and no wide sum: the compiler takes many octets at a time.
bool has_odd_count_of_nuls(std::string_view octets) noexcept {
    unsigned char count = 0;  // its last bit is enough
    for (const char c : octets) count += static_cast<unsigned char>(c == '\0');
    return count % 2 != 0;
}

Decoded decode_macros(std::string_view payload) noexcept {
    if (payload.empty()) return malformed;
    const auto stage = static_cast<Command>(payload.front());
    payload.remove_prefix(1);
    if (!payload.empty() && (payload.back() != '\0' || has_odd_count_of_nuls(payload))) return malformed;
    return MacroDefinitions{stage, StringList(payload)};
}

}  // namespace

std::expected<Event, ProtocolError> decode(const Frame& frame) noexcept {
    const std::string_view payload = frame.payload;
    std::string_view text;
    const auto without_payload = [&](auto event) -> Decoded {
        if (!payload.empty()) return malformed;
        return event;
    };
    switch (static_cast<Command>(frame.command)) {
        case Command::negotiate:
            return decode_offer(payload);
        case Command::connect:
            return decode_connect(payload);
        case Command::helo:
            if (!only_string(payload, text)) return malformed;
            return Helo{text};
        case Command::mail:
            if (!string_list(payload)) return malformed;
            return Mail{StringList(payload)};
        case Command::recipient:
            if (!string_list(payload)) return malformed;
            return Recipient{StringList(payload)};
        case Command::header:
            return decode_header(payload);
        case Command::body:
            return Body{payload};
        case Command::end_of_message:
            return EndOfMessage{payload};
        case Command::macro:
            return decode_macros(payload);
        case Command::unknown:
            if (!only_string(payload, text)) return malformed;
            return UnknownCommand{text};
        case Command::data:
            return without_payload(Data{});
        case Command::end_of_header:
            return without_payload(EndOfHeader{});
        case Command::abort:
            return without_payload(Abort{});
        case Command::quit:
            return without_payload(Quit{});
        case Command::quit_new_connection:
            return without_payload(QuitNewConnection{});
    }
    return std::unexpected(ProtocolError::unknown_command);
}

}  // namespace exota::milter
