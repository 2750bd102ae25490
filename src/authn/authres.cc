// Reading Authentication-Results: the grammar of RFC 8601 section 2.2, one function per rule.
//
//   payload    = [CFWS] authserv-id [CFWS version] ( ";" "none" / 1*( ";" resinfo ) ) [";"]
//   resinfo    = method [ "/" version ] "=" result *( CFWS ( reason / propspec ) )
//   propspec   = ptype "." property "=" pvalue
//
// Comments and blanks may stand between any two tokens. Whatever breaks the grammar refuses the whole field: half a field is how a
// comment or a quote would forge a result. Two things beyond the grammar are taken because validators in use write them: a final ';',
// and "/", "=", "?" or ":" in an unquoted pvalue (parts of signatures, IPv6 addresses). None of these can end a value.
//
// Tested by authres_test.cc, evidence/corpus_test.cc and fuzz/authres_fuzz.cc.
#include "authn/authres.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "base/cursor.h"
#include "base/octets.h"
#include "base/text.h"
#include "base/utf8.h"
#include "mail/cfws.h"

namespace exota::authn {
namespace {

using base::Cursor;
using base::Errc;
using base::Result;
using mail::skip_cfws;

/// RFC 2045 section 5.1, for ASCII.
constexpr mail::OctetSet is_token([](char c) {
    return c > ' ' && c < 0x7f && std::string_view("()<>@,;:\\\"/[]?=").find(c) == std::string_view::npos;
});
/// Values may be internationalised (RFC 8601 section 2.2, RFC 6532).
constexpr mail::OctetSet is_value([](char c) { return is_token(c) || mail::is_8bit(c); });
/// The same with a job id behind a '/'.
constexpr mail::OctetSet is_id_and_job([](char c) { return is_value(c) || c == '/'; });
constexpr const mail::OctetSet& octets_of_id(JobId job_id) noexcept { return job_id == JobId::read ? is_id_and_job : is_value; }
/// A pvalue may be an address (atext and '@'), a domain, a part of a signature, an IPv6 address.
constexpr mail::OctetSet is_pvalue([](char c) { return is_value(c) || mail::is_atext(c) || c == ':' || c == '@'; });
/// Keyword (RFC 5321 section 4.1.2), and the underscore that some validators use.
constexpr mail::OctetSet is_keyword([](char c) { return base::is_alnum(c) || c == '-' || c == '_'; });

constexpr mail::OctetSet is_fws(base::is_fws);
constexpr mail::OctetSet begins_cfws([](char c) { return base::is_fws(c) || c == '('; });

/// RFC 8601 section 2.2, as far as OpenDKIM knows it.
bool is_usual_ptype(std::string_view ptype) noexcept {
    return base::is_name(ptype, "header") || base::is_name(ptype, "smtp") || base::is_name(ptype, "body") || base::is_name(ptype, "policy");
}

/// Whether an octet belongs to a word, is white space or is a mark of its own, for counting tokens.
enum class Role : std::uint8_t { mark, word, blank };
constexpr std::array<Role, 256> roles = [] {
    std::array<Role, 256> table{};
    for (std::size_t octet = 0; octet < table.size(); ++octet) {
        const char c = static_cast<char>(octet);
        table[octet] = base::is_alnum(c) ? Role::word : base::is_fws(c) ? Role::blank : Role::mark;
    }
    return table;
}();

/// Marks and words of a text.
std::size_t count_tokens(std::string_view text) noexcept {
    std::size_t tokens = 0;
    Role before = Role::blank;
    for (const char c : text) {
        const Role role = roles[static_cast<unsigned char>(c)];
        tokens += static_cast<std::size_t>(role == Role::mark) + static_cast<std::size_t>((role == Role::word) & (before != Role::word));
        before = role;
    }
    return tokens;
}

/// What OpenDKIM's clean-up does not read of the field as a whole: what is internationalised or quoted by a backslash, and more than
/// some 500 tokens (each mark is one, and each word).
std::string_view find_unread(std::string_view value, bool has_8bit) noexcept {
    if (has_8bit || value.find('\\') != std::string_view::npos) return "8-bit octets or a backslash";
    const bool are_too_many = value.size() > max_usual_authres_tokens && count_tokens(value) > max_usual_authres_tokens;
    return are_too_many ? std::string_view("more than 400 words and marks") : std::string_view{};
}

/// No early end: the compiler takes many octets at a time.
bool has_8bit_octets(std::string_view text) noexcept {
    unsigned char all = 0;
    for (const char c : text) all |= static_cast<unsigned char>(c);
    return all >= 0x80;
}

constexpr std::string_view misread_value = "a value with '.' or '=' at an end, or two together";

/// What it takes for a mark of its own, or gives up at, although it stands in quotes.
bool is_misread_in_quotes(std::string_view content) noexcept {
    return content.starts_with('(') || content == ";" || content == "." || content == "=";
}

/// One field being read; the first fault stays.
class Reader {
public:
    Reader(std::string_view value, JobId job_id, bool has_8bit) : in_(value), is_in_id_(octets_of_id(job_id)), has_8bit_(has_8bit) {}

    Result<AuthenticationResults> read() {
        AuthenticationResults out;
        if (!read_payload(out)) return std::unexpected(std::move(error_));
        if (in_.position() > max_usual_authres_octets) note_unusual("more than 4000 octets");
        if (properties_ > max_usual_authres_properties) note_unusual("more than 60 properties");
        if (comments_ > max_usual_authres_comments) note_unusual("more than 60 comments");
        out.unusual = unusual_;
        return out;
    }

private:
    bool fault(std::string_view what, Errc code = Errc::invalid_data) {
        error_ = {code, std::string(what) + " at octet " + std::to_string(in_.position())};
        return false;
    }

    void note_unusual(std::string_view what) noexcept {
        if (unusual_.empty()) unusual_ = what;
    }

    /// Between most tokens there is none.
    [[gnu::always_inline]] bool cfws() { return !begins_cfws(in_.peek()) || skip_cfws(); }
    [[gnu::noinline]] bool skip_cfws() {
        for (;;) {
            in_.take_while(is_fws);
            if (!in_.next_is('(')) return true;
            ++comments_;
            if (!mail::skip_comment(in_)) return fault("a comment that never closes or nests too deep");
        }
    }
    /// CFWS before a mark that OpenDKIM expects at once.
    bool cfws_before_mark(std::string_view if_comment) {
        const std::size_t before = comments_;
        if (!cfws()) return false;
        if (comments_ != before) note_unusual(if_comment);
        return true;
    }

    /// token / quoted-string.
    bool read_value(std::string& out, const mail::OctetSet& belongs) {
        if (in_.next_is('"')) {
            std::string_view content;
            if (!mail::take_quoted_string(in_, content)) return fault("a quoted string that never closes");
            if (is_misread_in_quotes(content)) note_unusual("a mark in quotes");
            out = mail::unquote(content);
        } else {
            bool is_misread = false, behind_mark = true;  // the same without quotes: dots and equals signs at the ends, or two together
            const std::string_view token = in_.take_while([&](char c) {
                if (!belongs(c)) return false;
                const bool mark = (c == '.') | (c == '=');
                is_misread |= mark & behind_mark;
                behind_mark = mark;
                return true;
            });
            if (token.empty()) return fault("no value");
            if (is_misread || behind_mark) note_unusual(misread_value);
            out.assign(token);
        }
        return !has_8bit_ || base::is_utf8(out) || fault("a value that is not UTF-8");
    }

    bool read_keyword(std::string_view& out, std::string_view what) {
        out = in_.take_while(is_keyword);
        return (!out.empty() && out.front() != '-' && out.back() != '-') || fault(what);
    }

    bool read_digits(std::string& out) {
        out = in_.take_while(base::is_digit);
        return !out.empty() || fault("no version number");
    }

    /// pvalue = [CFWS] ( value / [ [ local-part ] "@" ] domain-name ) [CFWS]
    bool read_pvalue(std::string& out) {
        if (!cfws()) return false;
        const bool quoted = in_.next_is('"');
        if (!read_value(out, is_pvalue)) return false;
        if (quoted && in_.skip('@')) {  // a quoted local part
            note_unusual("a quoted local part");
            const std::string_view domain = in_.take_while(is_value);
            if (domain.empty() || !base::is_utf8(domain)) return fault("no domain behind the @");
            out += '@';
            out += domain;
        } else if (!quoted && out.find('@') != out.rfind('@')) {
            return fault("a second @ in a value");
        }
        return true;
    }

    /// reasonspec or propspec; a property without ptype ("action=none") is read and dropped.
    bool read_property(ResInfo& result) {
        std::string_view first, property;
        if (!read_keyword(first, "no property") || !cfws_before_mark("a comment before '.' or '='")) return false;
        if (in_.skip('=')) {
            std::string value;
            if (!cfws()) return false;
            const bool quoted = in_.next_is('"');
            if (!read_pvalue(value)) return false;
            if (!base::is_name(first, "reason")) {
                note_unusual("a property without ptype");
            } else {
                // The grammar has one, and which of two a reader takes is anybody's guess.
                if (std::exchange(has_reason_, true)) return fault("a second reason");
                if (!result.properties.empty()) note_unusual("a reason behind a property");
                if (!quoted && !std::ranges::all_of(value, is_keyword)) note_unusual("a reason with marks and without quotes");
                result.reason = std::move(value);
            }
            return true;
        }
        if (!in_.skip('.')) return fault("no '.' or '=' behind a property");
        if (++properties_ > max_authres_properties) return fault("more than 500 properties", Errc::too_long);
        if (result.properties.empty()) result.properties.reserve(usual_properties);
        if (!is_usual_ptype(first)) note_unusual("a ptype other than header, smtp, body and policy");
        if (!cfws() || !read_keyword(property, "no property behind the ptype") || !cfws()) return false;
        if (!in_.skip('=')) return fault("no '=' behind a property");
        Property& read = result.properties.emplace_back(first, property);
        if (!read_pvalue(read.pvalue)) return false;
        if (read.pvalue.starts_with('=')) note_unusual(misread_value);  // in quotes, too
        return true;
    }

    /// methodspec, then properties up to ';' or the end. The method's keyword has been read.
    bool read_result(ResInfo& result) {
        if (in_.skip('/')) {
            if (!cfws() || !read_digits(result.method_version) || !cfws()) return false;
        }
        if (!in_.skip('=')) return fault("no '=' behind a method");
        std::string_view word;
        if (!cfws() || !read_keyword(word, "no result")) return false;
        result.result = word;
        for (;;) {
            const std::size_t end = in_.position();
            if (!cfws()) return false;
            if (in_.at_end() || in_.next_is(';')) return true;
            if (in_.position() == end) return fault("no blank before a property");
            if (!read_property(result)) return false;
        }
    }

    bool read_payload(AuthenticationResults& out) {
        if (!cfws() || !read_value(out.authserv_id, is_in_id_)) return false;
        if (out.authserv_id.empty()) return fault("an empty authserv-id");
        if (in_.next_is('(')) note_unusual("a comment at the authserv-id");
        const std::size_t end = in_.position();
        if (!cfws()) return false;
        if (in_.position() != end && base::is_digit(in_.peek()) && (!read_digits(out.version) || !cfws())) return false;
        bool none = false;
        while (in_.skip(';')) {
            if (!cfws()) return false;
            if (in_.at_end() && (none || !out.results.empty())) return true;  // a final ';'
            if (none) return fault("a result behind \"none\"");
            std::string_view method;
            if (!read_keyword(method, "no method") || !cfws_before_mark("a comment before '='")) return false;
            if (out.results.empty() && base::iequals(method, "none") && (in_.at_end() || in_.next_is(';'))) {
                none = true;
                continue;
            }
            if (out.results.size() == max_authres_results) return fault("more than 100 results", Errc::too_long);
            if (out.results.empty()) out.results.reserve(usual_results);
            ResInfo& result = out.results.emplace_back();
            has_reason_ = false;
            result.method = method;
            if (!read_result(result)) return false;
        }
        if (!in_.at_end()) return fault("no ';' where a result should begin");
        return none || !out.results.empty() || fault("no result, nor \"none\"");
    }

    static constexpr std::size_t usual_properties = 5;  // of a DKIM result: d, i, a, s, b
    static constexpr std::size_t usual_results = 4;     // SPF, DKIM, DMARC, ARC

    Cursor in_;
    const mail::OctetSet& is_in_id_;
    const bool has_8bit_;  // somewhere in the field
    std::size_t properties_ = 0, comments_ = 0;
    bool has_reason_ = false;  // the result that is being read
    std::string_view unusual_;
    base::Error error_;
};

}  // namespace

const Property* ResInfo::find(std::string_view ptype, std::string_view property) const noexcept {
    for (const Property& p : properties)
        if (base::same_name(p.ptype, ptype) && base::same_name(p.property, property)) return &p;
    return nullptr;
}

Result<AuthenticationResults> parse_authentication_results(std::string_view value, JobId job_id) {
    if (value.size() > max_authres_octets) return base::fail(Errc::too_long, "Authentication-Results of more than 65536 octets");
    if (const std::string_view forbidden = mail::find_forbidden_octet(value); !forbidden.empty())
        return base::fail(Errc::invalid_data, forbidden);
    const bool has_8bit = has_8bit_octets(value);
    Result<AuthenticationResults> read = Reader(value, job_id, has_8bit).read();
    if (read && read->unusual.empty()) read->unusual = find_unread(value, has_8bit);
    return read;
}

std::string_view peek_authserv_id(std::string_view value, std::string& scratch, JobId job_id) {
    Cursor in(value);
    if (!skip_cfws(in)) return {};
    std::string_view id;
    if (in.next_is('"')) {
        if (!mail::take_quoted_string(in, id)) return {};
        if (id.find_first_of("\\\r\n") != std::string_view::npos) id = scratch = mail::unquote(id);
    } else {
        id = in.take_while(octets_of_id(job_id));
    }
    // A result where the id should be ("dkim=none …", as Exchange Online writes): the field has no id.
    return skip_cfws(in) && in.next_is('=') ? std::string_view{} : id;
}

std::string encode_pvalue(std::string_view value) {
    bool token = !value.empty();
    for (const char c : value) token = token && is_token(c);
    if (token) return std::string(value);
    std::string out = "\"";
    for (const char c : value) {
        if (c == '"' || c == '\\') out += '\\';
        out += c >= ' ' && c < 0x7f ? c : '?';
    }
    out += '"';
    return out;
}

}  // namespace exota::authn
