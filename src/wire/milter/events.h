// Frames from the MTA → events. Views into the frame; nothing is copied, nothing judged.
//
// A payload that breaks its grammar is an error, never a guess: the MTA is a program of ours or broken, and a field that two readers
// could cut differently is how evidence would be forged.
//
// Tested by events_test.cc and fuzz/milter_fuzz.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "base/sixteen.h"
#include "wire/milter/frames.h"
#include "wire/milter/protocol.h"

namespace exota::milter {

/// Strings that each end with NUL, one after another. A view.
class StringList {
public:
    constexpr StringList() noexcept = default;
    /// @param octets  empty, or ending with NUL.
    constexpr explicit StringList(std::string_view octets) noexcept : octets_(octets) {}

    class Iterator {
    public:
        using value_type = std::string_view;
        using difference_type = std::ptrdiff_t;
        constexpr Iterator() noexcept = default;
        constexpr explicit Iterator(std::string_view rest) noexcept : rest_(rest) {}
        constexpr std::string_view operator*() const noexcept { return rest_.substr(0, rest_.find('\0')); }
        constexpr Iterator& operator++() noexcept {
            rest_.remove_prefix(rest_.find('\0') + 1);
            return *this;
        }
        constexpr Iterator operator++(int) noexcept {
            Iterator before = *this;
            ++*this;
            return before;
        }
        friend constexpr bool operator==(const Iterator& a, const Iterator& b) noexcept { return a.rest_.size() == b.rest_.size(); }

    private:
        std::string_view rest_;
    };
    constexpr Iterator begin() const noexcept { return Iterator(octets_); }
    constexpr Iterator end() const noexcept { return Iterator(octets_.substr(octets_.size())); }
    constexpr bool empty() const noexcept { return octets_.empty(); }
    constexpr std::string_view front() const noexcept { return *begin(); }
    constexpr std::string_view octets() const noexcept { return octets_; }

private:
    std::string_view octets_;
};

enum class Family : char { inet = '4', inet6 = '6', unix_socket = 'L', unknown = 'U' };

struct Offer {  // OPTNEG
    std::uint32_t version = 0, actions = 0, steps = 0;
    friend bool operator==(const Offer&, const Offer&) = default;
};
struct Connect {
    std::string_view host;  // as the MTA resolved it, or "[192.0.2.1]"
    Family family = Family::unknown;
    std::uint16_t port = 0;    // 0 where the family has none
    std::string_view address;  // "192.0.2.1", "2001:db8::1" or "IPv6:2001:db8::1", a path; empty for an unknown family
};
struct Helo {
    std::string_view name;
};
struct Mail {
    StringList arguments;  // at least one: the reverse path, then ESMTP parameters
};
struct Recipient {
    StringList arguments;  // at least one: the forward path, then ESMTP parameters
};
struct Data {};
struct Header {
    std::string_view name, value;
    bool plain_name = false;  // of printable ASCII and blanks only
};
struct EndOfHeader {};
struct Body {
    std::string_view octets;
};
struct EndOfMessage {
    std::string_view octets;  // a last piece of body
};
struct Abort {};
struct Quit {};
struct QuitNewConnection {};
struct MacroDefinitions {
    Command stage;           // the command that the macros belong to; any letter that a later version may bring is kept as it is
    StringList name_values;  // name, value, name, value …
};
struct UnknownCommand {
    std::string_view line;
};

using Event = std::variant<Offer, Connect, Helo, Mail, Recipient, Data, Header, EndOfHeader, Body, EndOfMessage, Abort, Quit,
                           QuitNewConnection, MacroDefinitions, UnknownCommand>;

/// The event of a HEADER frame's payload, which most frames are: two strings. Errors: malformed_payload.
[[gnu::always_inline]] inline std::expected<Header, ProtocolError> decode_header(std::string_view payload) noexcept {
    // The NUL that stands where the colon was is nearly always the first octet that is none of a plain name: one look finds both out.
    const auto is_odd = [](auto c) { return (c < ' ') | (c == 0x7f); };  // what is no ASCII is below 0
    const char* const odd = base::find_octet(payload.data(), payload.data() + payload.size(), is_odd);
    std::size_t colon = static_cast<std::size_t>(odd - payload.data());
    const bool plain_name = colon < payload.size() && *odd == '\0';
    if (!plain_name) colon = payload.find('\0', colon);
    if (colon == 0 || colon == std::string_view::npos) return std::unexpected(ProtocolError::malformed_payload);
    const std::string_view value = payload.substr(colon + 1);
    if (value.empty() || value.find('\0') != value.size() - 1) return std::unexpected(ProtocolError::malformed_payload);
    return Header{payload.substr(0, colon), value.substr(0, value.size() - 1), plain_name};
}

/// @return  the event, which views into the frame; unknown_command or malformed_payload.
std::expected<Event, ProtocolError> decode(const Frame& frame) noexcept;

}  // namespace exota::milter
