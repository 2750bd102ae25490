// Option negotiation: what we ask of the MTA's offer. A pure function from offer to answer.
//
// Postfix and Sendmail wait for a reply to every event that was not declared reply-less, so what is negotiated decides more about the
// cost of a message than anything else: we want one reply a message, at its end, and no step that brings no evidence.
//
//   wanted   CONNECT (address), HELO (name; and see below), MAIL, RCPT (counted for limits), headers
//   dropped  DATA, EOH, UNKNOWN; BODY unless something verifies it
//
// Certificates. By default Postfix sends its TLS macros with the EHLO inside TLS and only there, and for end of message it has none of
// them; Sendmail has {verify} and {cn_subject} from the HELO on. Both honour lists of our own (SMFIF_SETSYMLIST, version 6), which
// replace the MTA's. We ask for TLS macros at HELO *and* at MAIL: at HELO because facts belong to the session (STARTTLS shows as ABORT
// and a second HELO, which replaces the first), at MAIL because a client may send MAIL straight after the handshake, without EHLO, and
// because Postfix then tells the truth of that very moment. Where lists cannot be set, HELO brings what it brings by default; a client
// that skips EHLO then has no certificate, which fails closed. DATA would add nothing to MAIL, so the step is dropped.
//
// Postfix sends the list of "end of header" before *every* header field, the queue id by default, and takes an empty list for its default.
// So we ask there for a macro that it does not have at that point: what then comes is an empty frame (seen with Postfix 3.7).
//
// Tested by negotiate_test.cc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "wire/milter/events.h"

namespace exota::milter {

inline constexpr std::uint32_t lowest_version = 2, highest_version = 6;

struct MacroList {
    MacroStage stage;
    std::string_view names;  // separated by blanks
};

/// The macros that evidence is made of; asked for where the MTA offers it.
inline constexpr MacroList wanted_macros[] = {
    {MacroStage::connect, "v {client_addr} {tls_version} {cipher} {verify} {cn_subject} {cert_subject}"},
    {MacroStage::helo, "{tls_version} {cipher} {verify} {cn_subject} {cert_subject}"},
    {MacroStage::mail, "i {auth_type} {auth_authen} {tls_version} {cipher} {verify} {cn_subject} {cert_subject}"},
    {MacroStage::recipient, "i"},
    {MacroStage::end_of_message, "i"},
    {MacroStage::end_of_header, "{tls_version}"},
};

struct Wants {
    bool body = false;
    bool answers_recipients = false;  // each RCPT gets an answer of its own: an inbound door refuses some of them
};

/// What both sides agreed on.
struct Terms {
    std::uint32_t version = 0, actions = 0, steps = 0;
    bool may(std::uint32_t action_bit) const noexcept { return (actions & action_bit) != 0; }
    /// True if the MTA waits for an answer to `command` (never to MACRO, ABORT, QUIT).
    bool answers(Command command) const noexcept;
    friend bool operator==(const Terms&, const Terms&) = default;
};

/// @return  unsupported_version below 2; header_changes_not_offered where the MTA would not let us add and remove fields, because
///          then a forged result could not be removed.
std::expected<Terms, ProtocolError> agree(const Offer& offer, Wants wants) noexcept;

/// Our OPTNEG frame, with our macro lists where the terms have them.
void append_answer(std::string& out, const Terms& terms);

}  // namespace exota::milter
