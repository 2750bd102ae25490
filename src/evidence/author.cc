#include "evidence/author.h"

#include <algorithm>
#include <utility>

#include "mail/cfws.h"

namespace exota::evidence {

namespace {

/// Sendmail gives its version and nothing else as the macro v, "8.17.1.9"; Postfix a name that the operator chooses, and its version.
bool may_be_cut(std::string_view from, std::string_view mta) noexcept {
    if (!mta.starts_with("8.") || 2 * from.size() <= max_rewritten_author_octets) return false;
    const auto is_escaped = [](char c) { return mail::is_8bit(c) || c == '"' || c == '\\'; };
    return from.size() + static_cast<std::size_t>(std::ranges::count_if(from, is_escaped)) > max_rewritten_author_octets;
}

}  // namespace

Fact<mail::Mailbox> author_of(const Header& header, std::string_view mta) {
    if (header.from_count > 1 || header.from.size() > 1) return Conflicting{};
    if (header.from.empty()) return Absent{};
    if (may_be_cut(header.from.front(), mta)) {
        return Malformed{{}, "a field of more than " + std::to_string(max_rewritten_author_octets) + " octets, which Sendmail may cut"};
    }
    auto mailbox = mail::parse_single_mailbox(header.from.front());
    if (!mailbox) return Malformed{{}, std::move(mailbox.error().detail)};
    return Observed<mail::Mailbox>{*std::move(mailbox), Source::header_field};
}

std::string_view why_no_author(const Fact<mail::Mailbox>& author) noexcept {
    if (value_of(author) != nullptr) return {};
    if (const auto* malformed = std::get_if<Malformed>(&author)) return malformed->why;
    return std::holds_alternative<Conflicting>(author) ? "more than one From field" : "no From field";
}

}  // namespace exota::evidence
