// The form of a signature field.
//
// Tested by dkim_form_test.cc and fuzz/dkim_fuzz.cc.
#include "authn/dkim_form.h"

#include <algorithm>
#include <array>

#include "authn/dkim_signature.h"
#include "base/text.h"
#include "mail/domain.h"

namespace exota::authn {
namespace {

using base::Errc;
using base::fail;
using base::Result;

/// Tags without which OpenDKIM gives up on the whole message (RFC 6376 section 3.5: REQUIRED).
constexpr std::array<std::string_view, 7> required_tags{"v", "a", "b", "bh", "d", "h", "s"};

/// Printable ASCII and blanks only. No early end: the compiler takes many octets at a time.
bool is_printable(std::string_view text) noexcept {
    unsigned odd = 0;
    for (const char c : text) {
        const auto octet = static_cast<unsigned char>(c);
        odd |= static_cast<unsigned>(octet != '\t') & static_cast<unsigned>(octet < 0x20 || octet > 0x7e);
    }
    return odd == 0;
}
constexpr bool is_name_octet(char c) noexcept { return base::is_alnum(c) || c == '-' || c == '_' || c == '.'; }

bool is_number(std::string_view text) noexcept {
    return text.size() <= max_form_number_digits && std::ranges::all_of(text, base::is_digit);
}

/// d= and s= name a place in DNS that can be asked for.
bool names_a_key(std::string_view sdid, std::string_view selector) {
    if (!std::ranges::all_of(sdid, is_name_octet) || !std::ranges::all_of(selector, is_name_octet)) return false;
    if (sdid.ends_with('.') || selector.ends_with('.')) return false;
    std::string name(selector);
    name.append("._domainkey.").append(sdid);
    return mail::Domain::parse(name) && mail::Domain::parse(sdid);
}

/// i=: what a validator prints into its result, raw.
bool is_plain_auid(std::string_view text) {
    const auto decoded = decode_dkim_quoted_printable(text);
    if (!decoded) return false;
    const std::size_t at = decoded->find('@');
    if (at == std::string::npos || !mail::Domain::parse(std::string_view(*decoded).substr(at + 1))) return false;
    return std::ranges::all_of(*decoded,
                               [](char c) { return c > ' ' && c < 0x7f && std::string_view(";=\"()").find(c) == std::string_view::npos; });
}

}  // namespace

Result<TagList> read_signature_form(std::string_view value) {
    if (!is_printable(value)) return fail(Errc::invalid_data, "an octet that is no printable ASCII");
    Result<TagList> tags = TagList::parse(value, max_form_tags);
    if (!tags) return tags;
    for (const Tag& tag : tags->tags())
        if (tag.value.empty()) return fail(Errc::invalid_data, std::string(tag.shown_name()) + "= is empty");
    for (const std::string_view name : required_tags)
        if (tags->find(name) == nullptr) return fail(Errc::invalid_data, "no " + std::string(name) + '=');
    for (const std::string_view name : {"t", "x", "l"})
        if (const auto number = tags->value(name); number && !is_number(*number))
            return fail(Errc::invalid_data, std::string(name) + "= is no number");
    if (!names_a_key(*tags->value("d"), *tags->value("s"))) return fail(Errc::invalid_data, "d= and s= name no key");
    if (const auto auid = tags->value("i"); auid && !is_plain_auid(*auid)) return fail(Errc::invalid_data, "i= is no plain address");
    return tags;
}

}  // namespace exota::authn
