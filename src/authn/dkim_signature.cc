// Reading signature fields.
//
// Tested by dkim_signature_test.cc and fuzz/dkim_fuzz.cc.
#include "authn/dkim_signature.h"

#include <algorithm>

#include "base/encode.h"
#include "base/octets.h"
#include "base/sixteen.h"
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
    const auto is_odd = [](auto c) { return (c <= ' ') | (c == 0x7f) | (c == ':') | (c == ';'); };  // what is no ASCII is below 0
    const char* const end = name.data() + name.size();
    return !name.empty() && base::find_octet(name.data(), end, is_odd) == end;
}

/// What a field says beside its key and its octets.
struct Terms {
    Canonicalization header = Canonicalization::simple, body = Canonicalization::simple;
    std::string auid;  // decoded, also where it is not good
    bool auid_is_below = false;
    std::optional<std::uint64_t> body_octets, expires_at;
};

Result<void> read_canonicalizations(const TagList& tags, Terms& terms) {
    const auto text = tags.value("c");
    if (!text) return {};
    const std::size_t slash = text->find('/');
    const auto header = canonicalization_of(text->substr(0, slash));
    const auto body = slash == std::string_view::npos ? Canonicalization::simple : canonicalization_of(text->substr(slash + 1));
    if (!header || !body) return bad("unknown canonicalisation in c=");
    terms.header = *header;
    terms.body = *body;
    return {};
}

Result<void> check_signed_names(const TagList& tags, SignatureKind kind, const SignatureLimits& limits) {
    const auto text = tags.value("h");
    if (!text) return bad("no h=");
    if (text->empty()) return kind == SignatureKind::dkim ? Result<void>(bad("h= is empty")) : Result<void>{};
    bool bad_name = false, too_many = false, has_from = false, has_arc_seal = false;
    std::size_t count = 0;
    for_each_item(*text, [&](std::string_view name) {
        bad_name = !is_field_name(name);
        too_many = count == limits.max_signed_names;
        if (bad_name || too_many) return false;
        ++count;
        has_from = has_from || base::is_name(name, "from");
        has_arc_seal = has_arc_seal || base::is_name(name, "arc-seal");
        return true;
    });
    if (bad_name) return bad("h= names no header field at one place");
    if (too_many) return fail(Errc::too_long, "h= names more than " + std::to_string(limits.max_signed_names) + " fields");
    if (kind == SignatureKind::dkim && !has_from) return bad("h= does not cover From");
    if (kind == SignatureKind::arc_message && has_arc_seal) return bad("h= covers ARC-Seal");
    return {};
}

/// i=: [local part] "@" domain, where the domain is d= or below it.
Result<void> read_auid(const TagList& tags, const mail::Domain& sdid, Terms& terms) {
    const auto text = tags.value("i");
    if (!text) {
        terms.auid = '@' + sdid.text();
        return {};
    }
    auto decoded = decode_dkim_quoted_printable(*text);
    if (!decoded) return bad("i= is not quoted-printable");
    terms.auid = *std::move(decoded);
    const std::size_t at = terms.auid.rfind('@');
    if (at == std::string::npos) return bad("i= has no '@'");
    const std::string_view written = std::string_view(terms.auid).substr(at + 1);
    if (written == sdid.text()) return {};
    const auto domain = mail::Domain::parse(written);
    if (!domain || written.ends_with('.')) return bad("i= has no good domain");
    if (*domain != sdid && !domain->is_below(sdid)) return bad("i= is not within d=");
    terms.auid_is_below = *domain != sdid;
    return {};
}

/// c, h, i, q, l, x. @param signed_at  t=
Result<void> read_terms(const TagList& tags, SignatureKind kind, const mail::Domain& sdid, std::optional<std::uint64_t> signed_at,
                        const SignatureLimits& limits, Terms& terms) {
    if (const auto read = read_canonicalizations(tags, terms); !read) return read;
    if (const auto checked = check_signed_names(tags, kind, limits); !checked) return checked;
    if (kind == SignatureKind::dkim) {  // in an ARC-Message-Signature i= is the instance
        if (const auto read = read_auid(tags, sdid, terms); !read) return read;
        if (const auto query = tags.value("q"); query && for_each_item(*query, [](std::string_view method) { return method != "dns/txt"; }))
            return bad("q= does not offer dns/txt");
    }
    if (!read_number(tags, "l", max_length_digits, terms.body_octets)) return bad("l= is no length");
    if (!read_number(tags, "x", max_time_digits, terms.expires_at)) return bad("x= is no time");
    if (signed_at && terms.expires_at && *terms.expires_at <= *signed_at) return bad("x= is not behind t=");
    return {};
}

Result<KeyType> read_key_type(const TagList& tags) {
    const auto algorithm = tags.value("a");
    if (!algorithm) return bad("no a=");
    if (*algorithm == "rsa-sha256") return KeyType::rsa;
    if (*algorithm == "ed25519-sha256") return KeyType::ed25519;
    return bad(*algorithm == "rsa-sha1" ? "rsa-sha1 is not acceptable" : "unknown algorithm in a=");
}

Result<void> read_signing_time(const TagList& tags, std::optional<std::uint64_t>& into) {
    if (!read_number(tags, "t", max_time_digits, into)) return bad("t= is no time");
    return {};
}

bool is_version_1(const TagList& tags) noexcept { return tags.value("v") == "1"; }
constexpr std::string_view other_version = "v= is not 1";

}  // namespace

std::optional<std::string> decode_dkim_quoted_printable(std::string_view text) {
    if (std::ranges::none_of(text, [](char c) { return c == '=' || base::is_fws(c); })) return std::string(text);  // as nearly always
    std::string out;
    out.reserve(text.size());
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
    const Result<KeyType> key_type = read_key_type(tags);
    if (!key_type) return std::unexpected(key_type.error());
    into.key_type = *key_type;

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
    return read_signing_time(tags, into.signed_at);
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

/// All but the octets of b= and bh=.
Result<Signature> read_signature(const TagList& tags, SignatureKind kind, const SignatureLimits& limits, SignatureNames& names) {
    names.sdid = tags.value("d").value_or("");
    names.selector = tags.value("s").value_or("");
    names.algorithm = tags.value("a").value_or("");

    if (kind == SignatureKind::dkim && !is_version_1(tags)) return bad(other_version);
    Signature signature;
    if (const auto read = read_key_terms(tags, signature); !read) return std::unexpected(read.error());
    names.sdid = signature.sdid->text();

    Terms terms;
    const Result<void> read = read_terms(tags, kind, *signature.sdid, signature.signed_at, limits, terms);
    names.auid = terms.auid;
    if (!read) return std::unexpected(read.error());
    signature.header_canonicalization = terms.header;
    signature.body_canonicalization = terms.body;
    if (const std::string_view text = *tags.value("h"); !text.empty())
        for_each_item(text, [&](std::string_view name) {
            signature.signed_names.emplace_back(name);
            return true;
        });
    signature.auid = std::move(terms.auid);
    signature.auid_is_below = terms.auid_is_below;
    signature.body_octets = terms.body_octets;
    signature.expires_at = terms.expires_at;
    return signature;
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
    Result<Signature> signature = read_signature(*tags, kind, limits, names);
    if (!signature) return signature;
    if (const auto read = read_signature_octets(*tags, *signature); !read) return std::unexpected(read.error());
    const auto body_hash = tags->value("bh");
    if (!body_hash) return bad("no bh=");
    const auto octets = base::base64_decode(*body_hash);
    if (!octets || octets->size() != signature->body_hash.size()) return bad("bh= is no SHA-256 digest");
    std::ranges::copy(*octets, reinterpret_cast<char*>(signature->body_hash.data()));
    return signature;
}

Result<void> check_signature_terms(const TagList& tags, const mail::Domain& sdid, const SignatureLimits& limits) {
    if (!is_version_1(tags)) return bad(other_version);
    if (const Result<KeyType> key_type = read_key_type(tags); !key_type) return std::unexpected(key_type.error());
    std::optional<std::uint64_t> signed_at;
    if (const auto read = read_signing_time(tags, signed_at); !read) return read;
    Terms terms;
    return read_terms(tags, SignatureKind::dkim, sdid, signed_at, limits, terms);
}

}  // namespace exota::authn
