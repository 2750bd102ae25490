#include "evidence/author.h"

#include <utility>

namespace exota::evidence {

Fact<mail::Mailbox> author_of(const Header& header) {
    if (header.from_count > 1 || header.from.size() > 1) return Conflicting{};
    if (header.from.empty()) return Absent{};
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
