// Reading signature fields.
//
// Tested by dkim_signature_test.cc and fuzz/dkim_fuzz.cc.
#include "authn/dkim_signature.h"

#include <algorithm>

#include "base/encode.h"
#include "base/text.h"

namespace exota::authn {
namespace {

using base::Errc;
using base::fail;
using base::Result;

constexpr std::size_t max_time_digits = 12;    // RFC 6376 section 3.5, t= and x=
constexpr std::size_t max_length_digits = 76;  // l=

std::unexpected<base::Error> bad(std::string_view what) { return fail(Errc::invalid_data, what); }

/// Sets `out` from a decimal tag that may be missing.
bool read_number(const TagList& tags, std::string_view name, std::size_t max_digits, std::optional<std::uint64_t>& out) {
    const auto text = tags.value(name);
    if (!text) return true;
    out = parse_tag_number(*text, max_digits);
    return out.has_value();
}

std::optional<Canonicalization> canonicalization_of(std::string_view word) noexcept {
    if (word == "simple") return Canonicalization::simple;
    if (word == "relaxed") return Canonicalization::relaxed;
    return std::nullopt;
}

int hex_value(char c) noexcept {
    if (base::is_digit(c)) return c - '0';
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;  // RFC 6376 section 2.11: upper case
}

/// RFC 5322 section 3.6.8: printable ASCII except the colon (and here the semicolon, which ends the tag).
bool is_field_name(std::string_view name) noexcept {
    return !name.empty() && std::ranges::all_of(name, [](char c) { return c > 0x20 && c < 0x7f && c != ':' && c != ';'; });
}

Result<void> read_canonicalizations(const TagList& tags, Signature& signature) {
    const auto text = tags.value("c");
    if (!text) return {};
    const std::size_t slash = text->find('/');
    const auto header = canonicalization_of(text->substr(0, slash));
    const auto body = slash == std::string_view::npos ? Canonicalization::simple : canonicalization_of(text->substr(slash + 1));
    if (!header || !body) return bad("unknown canonicalisation in c=");
    signature.header_canonicalization = *header;
    signature.body_canonicalization = *body;
    return {};
}

Result<void> read_signed_names(const TagList& tags, SignatureKind kind, const SignatureLimits& limits, Signature& signature) {
    const auto text = tags.value("h");
    if (!text) return bad("no h=");
    if (text->empty()) return kind == SignatureKind::dkim ? Result<void>(bad("h= is empty")) : Result<void>{};
    bool bad_name = false, too_many = false;
    for_each_item(*text, [&](std::string_view name) {
        bad_name = !is_field_name(name);
        too_many = signature.signed_names.size() == limits.max_signed_names;
        if (bad_name || too_many) return false;
        signature.signed_names.emplace_back(name);
        return true;
    });
    if (bad_name) return bad("h= names no header field at one place");
    if (too_many) return fail(Errc::too_long, "h= names more than " + std::to_string(limits.max_signed_names) + " fields");
    const auto has = [&](std::string_view name) {
        return std::ranges::any_of(signature.signed_names, [name](const std::string& item) { return base::iequals(item, name); });
    };
    if (kind == SignatureKind::dkim && !has("from")) return bad("h= does not cover From");
    if (kind == SignatureKind::arc_message && has("arc-seal")) return bad("h= covers ARC-Seal");
    return {};
}

/// i=: [local part] "@" domain, where the domain is d= or below it.
Result<void> read_auid(const TagList& tags, Signature& signature, SignatureNames& names) {
    const auto text = tags.value("i");
    if (!text) {
        signature.auid = names.auid = '@' + signature.sdid->text();
        return {};
    }
    const auto decoded = decode_dkim_quoted_printable(*text);
    if (!decoded) return bad("i= is not quoted-printable");
    names.auid = *decoded;
    const std::size_t at = decoded->rfind('@');
    if (at == std::string::npos) return bad("i= has no '@'");
    const std::string_view written = std::string_view(*decoded).substr(at + 1);
    const auto domain = mail::Domain::parse(written);
    if (!domain || written.ends_with('.')) return bad("i= has no good domain");
    if (*domain != *signature.sdid && !domain->is_below(*signature.sdid)) return bad("i= is not within d=");
    signature.auid_is_below = *domain != *signature.sdid;
    signature.auid = *decoded;
    return {};
}

}  // namespace

std::optional<std::string> decode_dkim_quoted_printable(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (base::is_fws(text[i])) continue;
        if (text[i] != '=') {
            out += text[i];
            continue;
        }
        if (text.size() - i < 3) return std::nullopt;
        const int high = hex_value(text[i + 1]), low = hex_value(text[i + 2]);
        if (high < 0 || low < 0) return std::nullopt;
        out += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return out;
}

namespace {

/// a, d, s, t: which key, and since when.
Result<void> read_key_terms(const TagList& tags, SignatureBasics& into) {
    const auto algorithm = tags.value("a");
    if (!algorithm) return bad("no a=");
    if (*algorithm == "rsa-sha256")
        into.key_type = KeyType::rsa;
    else if (*algorithm == "ed25519-sha256")
        into.key_type = KeyType::ed25519;
    else
        return bad(*algorithm == "rsa-sha1" ? "rsa-sha1 is not acceptable" : "unknown algorithm in a=");

    const auto domain = tags.value("d");
    if (!domain) return bad("no d=");
    auto sdid = mail::Domain::parse(*domain);
    if (!sdid || domain->ends_with('.')) return bad("d= is no domain");
    const auto selector = tags.value("s");
    if (!selector) return bad("no s=");
    if (selector->empty() || selector->ends_with('.')) return bad("s= is no selector");
    const auto key_name = mail::Domain::parse(std::string(*selector) + "._domainkey." + sdid->text());
    if (!key_name) return bad("s= is no selector");
    into.sdid = std::move(*sdid);
    into.selector = *selector;
    into.key_name = key_name->text();

    if (!read_number(tags, "t", max_time_digits, into.signed_at)) return bad("t= is no time");
    return {};
}

Result<void> read_signature_octets(const TagList& tags, SignatureBasics& into) {
    const Tag* signature = tags.find("b");
    if (signature == nullptr) return bad("no b=");
    if (signature->value.empty()) return bad("b= is empty");
    auto octets = base::base64_decode(signature->value);
    if (!octets) return bad("b= is not base64");
    into.signature = std::move(*octets);
    into.b_begin = signature->raw_begin;
    into.b_end = signature->raw_end;
    return {};
}

}  // namespace

Result<void> read_basics(const TagList& tags, SignatureBasics& into) {
    if (const auto read = read_signature_octets(tags, into); !read) return read;
    return read_key_terms(tags, into);
}

Result<Signature> parse_signature(std::string_view value, SignatureKind kind, const SignatureLimits& limits, SignatureNames& names) {
    if (value.size() > limits.max_field_octets)
        return fail(Errc::too_long, "signature field of more than " + std::to_string(limits.max_field_octets) + " octets");
    const Result<TagList> tags = TagList::parse(value, limits.max_tags);
    if (!tags) return std::unexpected(tags.error());
    Result<Signature> signature = read_signature_terms(*tags, kind, limits, names);
    if (!signature) return signature;
    if (const auto read = read_signature_octets(*tags, *signature); !read) return std::unexpected(read.error());
    const auto body_hash = tags->value("bh");
    if (!body_hash) return bad("no bh=");
    const auto octets = base::base64_decode(*body_hash);
    if (!octets || octets->size() != signature->body_hash.size()) return bad("bh= is no SHA-256 digest");
    std::ranges::copy(*octets, reinterpret_cast<char*>(signature->body_hash.data()));
    return signature;
}

Result<Signature> read_signature_terms(const TagList& tags, SignatureKind kind, const SignatureLimits& limits, SignatureNames& names) {
    names.sdid = tags.value("d").value_or("");
    names.selector = tags.value("s").value_or("");
    names.algorithm = tags.value("a").value_or("");

    if (kind == SignatureKind::dkim && tags.value("v") != "1") return bad("v= is not 1");
    Signature signature;
    if (const auto read = read_key_terms(tags, signature); !read) return std::unexpected(read.error());
    names.sdid = signature.sdid->text();

    if (const auto read = read_canonicalizations(tags, signature); !read) return std::unexpected(read.error());
    if (const auto read = read_signed_names(tags, kind, limits, signature); !read) return std::unexpected(read.error());
    if (kind == SignatureKind::dkim) {  // in an ARC-Message-Signature i= is the instance
        if (const auto read = read_auid(tags, signature, names); !read) return std::unexpected(read.error());
        if (const auto query = tags.value("q"); query && for_each_item(*query, [](std::string_view method) { return method != "dns/txt"; }))
            return bad("q= does not offer dns/txt");
    }
    if (!read_number(tags, "l", max_length_digits, signature.body_octets)) return bad("l= is no length");
    if (!read_number(tags, "x", max_time_digits, signature.expires_at)) return bad("x= is no time");
    if (signature.signed_at && signature.expires_at && *signature.expires_at <= *signature.signed_at) return bad("x= is not behind t=");
    return signature;
}

}  // namespace exota::authn
