// The other side of the protocol: what an MTA says, and how it reads a filter's answers. For the tests, the conversations in tests/cases
// and the load generator.
//
// Every append_ function writes one whole frame. Nothing is checked: tests need to say wrong things as well.
// Tested by mta_side_test.cc (the round trip with events.h and replies.h).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "wire/milter/events.h"
#include "wire/milter/frames.h"
#include "wire/milter/protocol.h"

namespace exota::milter::mta {

/// What Postfix 3.7 and Sendmail 8.14 and later offer.
inline constexpr Offer full_offer{6, action::all_of_version_6, step::all_of_version_6};
/// What an MTA of version 2, 3 or 4 offers (Postfix with milter_protocol = N): steps known to that version only.
Offer offer_of_version(std::uint32_t version) noexcept;

using MacroPair = std::pair<std::string_view, std::string_view>;  // name as on the wire ("{cert_subject}", "i"), value

void append_offer(std::string& out, const Offer& offer);
void append_macros(std::string& out, Command stage, std::span<const MacroPair> macros);
inline void append_macros(std::string& out, Command stage, std::initializer_list<MacroPair> macros) {
    append_macros(out, stage, std::span(macros.begin(), macros.size()));
}
/// `port` and `address` are left out for an unknown family.
void append_connect(std::string& out, std::string_view host, Family family, std::uint16_t port, std::string_view address);
void append_helo(std::string& out, std::string_view name);
/// The reverse path with its angle brackets, then ESMTP parameters.
void append_mail(std::string& out, std::string_view reverse_path, std::span<const std::string_view> parameters = {});
void append_recipient(std::string& out, std::string_view forward_path, std::span<const std::string_view> parameters = {});
void append_data(std::string& out);
void append_header(std::string& out, std::string_view name, std::string_view value);
void append_end_of_header(std::string& out);
void append_body(std::string& out, std::string_view octets);
void append_end_of_message(std::string& out, std::string_view octets = {});
void append_abort(std::string& out);
void append_quit(std::string& out);
void append_quit_new_connection(std::string& out);
void append_unknown(std::string& out, std::string_view line);

// What the filter answers.

struct Answer {  // OPTNEG
    std::uint32_t version = 0, actions = 0, steps = 0;
    std::vector<std::pair<MacroStage, std::string>> macro_lists;
    friend bool operator==(const Answer&, const Answer&) = default;
};
struct Plain {  // continue, accept, reject, tempfail, discard, skip, progress
    ReplyCode code;
    friend bool operator==(const Plain&, const Plain&) = default;
};
struct ReplyLine {  // as the SMTP client would see it: doubled '%' undone
    std::string text;
    friend bool operator==(const ReplyLine&, const ReplyLine&) = default;
};
struct HeaderChange {  // add, insert or change; an empty value of a change deletes
    ReplyCode code;
    std::uint32_t index = 0;
    std::string name, value;
    friend bool operator==(const HeaderChange&, const HeaderChange&) = default;
};
struct Quarantine {
    std::string reason;
    friend bool operator==(const Quarantine&, const Quarantine&) = default;
};
using FilterReply = std::variant<Answer, Plain, ReplyLine, HeaderChange, Quarantine>;

/// @return  unknown_command or malformed_payload.
std::expected<FilterReply, ProtocolError> decode_reply(const Frame& frame);

/// All whole frames of `bytes`, decoded; `bytes` keeps a partial rest.
std::expected<std::vector<FilterReply>, ProtocolError> take_replies(std::string_view& bytes, std::size_t max_octets = 1 << 20);

}  // namespace exota::milter::mta
