#include "wire/milter/negotiate.h"

#include <algorithm>

namespace exota::milter {

bool Terms::answers(Command command) const noexcept {
    const auto unless = [&](std::uint32_t no_reply) { return (steps & no_reply) == 0; };
    switch (command) {
        case Command::connect:
            return unless(step::no_reply_connect);
        case Command::helo:
            return unless(step::no_reply_helo);
        case Command::mail:
            return unless(step::no_reply_mail);
        case Command::recipient:
            return unless(step::no_reply_recipient);
        case Command::data:
            return unless(step::no_reply_data);
        case Command::header:
            return unless(step::no_reply_header);
        case Command::end_of_header:
            return unless(step::no_reply_end_of_header);
        case Command::body:
            return unless(step::no_reply_body);
        case Command::unknown:
            return unless(step::no_reply_unknown);
        case Command::end_of_message:
        case Command::negotiate:
            return true;
        case Command::abort:
        case Command::macro:
        case Command::quit:
        case Command::quit_new_connection:
            return false;
    }
    return false;
}

std::expected<Terms, ProtocolError> agree(const Offer& offer, Wants wants) noexcept {
    if (offer.version < lowest_version) return std::unexpected(ProtocolError::unsupported_version);
    constexpr std::uint32_t needed = action::add_headers | action::change_headers;
    if ((offer.actions & needed) != needed) return std::unexpected(ProtocolError::header_changes_not_offered);

    std::uint32_t steps = step::no_end_of_header | step::no_unknown | step::no_data | step::header_leading_space | step::no_reply_connect |
                          step::no_reply_helo | step::no_reply_mail | step::no_reply_header;
    if (!wants.answers_recipients) steps |= step::no_reply_recipient;
    // Steps that an MTA sends although we would rather not have them (it did not offer to leave them out) shall cost no reply.
    steps |= step::no_reply_data | step::no_reply_end_of_header | step::no_reply_unknown;
    if (wants.body)
        steps |= step::no_reply_body;
    else if ((offer.steps & step::no_body) != 0)
        steps |= step::no_body | step::no_reply_body;
    else if ((offer.steps & step::skip) == 0)
        steps |= step::no_reply_body;  // else the first piece is answered with SKIP
    if (!wants.body) steps |= step::skip;
    return Terms{std::min(offer.version, highest_version), offer.actions & (needed | action::quarantine | action::set_macro_lists),
                 offer.steps & steps};
}

void append_answer(std::string& out, const Terms& terms) {
    FrameWriter frame(out, static_cast<char>(ReplyCode::negotiate));
    frame.word(terms.version).word(terms.actions).word(terms.steps);
    if (!terms.may(action::set_macro_lists)) return;
    for (const MacroList& list : wanted_macros) frame.word(static_cast<std::uint32_t>(list.stage)).string(list.names);
}

}  // namespace exota::milter
