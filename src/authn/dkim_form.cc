// The form of a signature field.
//
// Tested by dkim_form_test.cc and fuzz/dkim_fuzz.cc.
#include "authn/dkim_form.h"

#include <algorithm>
#include <array>

#include "authn/dkim_signature.h"
#include "base/text.h"
#include "mail/cfws.h"
#include "mail/domain.h"
#include "mail/is_domain.h"

namespace exota::authn {
namespace {

using base::Errc;
using base::fail;
using base::Result;

/// Tags without which OpenDKIM gives up on the whole message (RFC 6376 section 3.5: REQUIRED).
constexpr std::array<std::string_view, 7> required_tags{"v", "a", "b", "bh", "d", "h", "s"};

/// Printable ASCII and blanks only. No early end: the compiler takes many octets at a time.
bool is_printable(std::string_view text) noexcept {
    unsigned char odd = 0;
    for (const char c : text) {
        const auto octet = static_cast<unsigned char>(c);
        odd |= static_cast<unsigned char>(octet != '\t') & static_cast<unsigned char>((octet < 0x20) | (octet > 0x7e));
    }
    return odd == 0;
}

/// What a plain i= has, decoded.
constexpr mail::OctetSet is_auid_octet([](char c) {
    return c > ' ' && c < 0x7f && std::string_view(";=\"()").find(c) == std::string_view::npos;
});

bool is_number(std::string_view text) noexcept {
    return text.size() <= max_form_number_digits && std::ranges::all_of(text, base::is_digit);
}

/// s= and d= (a domain without final dot) name a place in DNS that can be asked for. ASCII.
bool names_a_key(std::string_view selector, std::string_view sdid) {
    constexpr std::string_view between = "._domainkey.";
    std::array<char, mail::Domain::max_octets> name;
    const std::size_t octets = selector.size() + between.size() + sdid.size();
    if (octets > name.size()) return false;
    char* end = name.data();
    for (const std::string_view part : {selector, between, sdid}) end = std::ranges::copy(part, end).out;
    return mail::is_domain({name.data(), octets});
}

/// i=: what a validator prints into its result, raw. @param sdid  a domain, which i= mostly has, too.
bool is_plain_auid(std::string_view text, std::string_view sdid) {
    const auto has_domain = [sdid](std::string_view auid) {
        const std::size_t at = auid.find('@');
        return at != std::string_view::npos && (auid.substr(at + 1) == sdid || mail::is_domain(auid.substr(at + 1)));
    };
    if (std::ranges::all_of(text, is_auid_octet)) return has_domain(text);  // nothing in it to decode
    const auto decoded = decode_dkim_quoted_printable(text);
    return decoded && std::ranges::all_of(*decoded, is_auid_octet) && has_domain(*decoded);
}

}  // namespace

Result<SignatureForm> read_signature_form(std::string_view value) {
    if (!is_printable(value)) return fail(Errc::invalid_data, "an octet that is no printable ASCII");
    Result<TagList> tags = TagList::parse(value, max_form_tags, TagList::Known::printable);
    if (!tags) return std::unexpected(std::move(tags.error()));
    for (const Tag& tag : tags->tags())
        if (tag.value.empty()) return fail(Errc::invalid_data, std::string(tag.shown_name()) + "= is empty");
    for (const std::string_view name : required_tags)
        if (tags->find(name) == nullptr) return fail(Errc::invalid_data, "no " + std::string(name) + '=');
    for (const std::string_view name : {"t", "x", "l"})
        if (const auto number = tags->value(name); number && !is_number(*number))
            return fail(Errc::invalid_data, std::string(name) + "= is no number");
    const std::string_view written = *tags->value("d");
    Result<mail::Domain> sdid = mail::Domain::parse(written);
    if (!sdid || written.ends_with('.') || !names_a_key(*tags->value("s"), sdid->text()))
        return fail(Errc::invalid_data, "d= and s= name no key");
    if (const auto auid = tags->value("i"); auid && !is_plain_auid(*auid, sdid->text()))
        return fail(Errc::invalid_data, "i= is no plain address");
    return SignatureForm{std::move(*tags), std::move(*sdid)};
}

}  // namespace exota::authn
