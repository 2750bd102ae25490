// The From field. Properties: a result written again reads as the same mailbox; comments and blanks around it change nothing; two
// fields are never one author; the domain is a fixed point of Domain::parse.
#include <cstdint>
#include <string>
#include <vector>

#include "mail/author.h"
#include "property.h"

namespace {

using exota::mail::Mailbox;
using exota::mail::parse_single_mailbox;

using exota::fuzz::require;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (const auto domain = exota::mail::Domain::parse(text)) {
        require(domain->text().size() <= exota::mail::Domain::max_octets);
        require(exota::mail::Domain::parse(domain->text()) == domain);
    }
    const auto mailbox = parse_single_mailbox(text);
    if (!mailbox) {
        require(!mailbox.error().detail.empty());
        return 0;
    }
    require(!mailbox->local_part.empty() && mailbox->local_part.size() <= exota::mail::max_local_part_octets);
    require(exota::mail::Domain::parse(mailbox->domain.text()) == mailbox->domain);
    require(parse_single_mailbox('"' + mailbox->local_part + "\"@" + mailbox->domain.text()) == mailbox);
    require(parse_single_mailbox("Jane <\"" + mailbox->local_part + "\"@" + mailbox->domain.text() + '>') == mailbox);
    if (size + 16 < exota::mail::max_author_line_octets) {
        const std::string surrounded = " (a@evil)\r\n " + std::string(text) + "\t(b)";
        require(parse_single_mailbox(surrounded) == mailbox);
    }
    const std::vector<std::string> two{std::string(text), std::string(text)};
    require(!exota::mail::parse_author(two));
    return 0;
}
