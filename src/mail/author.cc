// The From field: one function per rule of RFC 5322 section 3.4, each moving a Cursor.
//
//   field    = [CFWS] ( mailbox [ "," ] / group ) [CFWS]
//   group    = phrase ":" mailbox ";"
//   mailbox  = [phrase] "<" [FWS] address [FWS] ">"  /  address
//   address  = local-part [FWS] "@" [FWS] domain
//
// Narrower than the RFC where programs are known to differ: no route, no comment inside the address, no blanks around dots, no
// address literal, no encoded-word in the address, no character in it that does not show, quoted local parts only of harmless
// characters, and no comment or encoded-word that ends elsewhere for some. Wider where all readers agree:
// dots and 8-bit octets in a display name. docs/from-field.md lists each case; author_test.cc reads that list.
//
// Tested by author_test.cc, fuzz/from_fuzz.cc and corpus_test.cc.
#include "mail/author.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/cursor.h"
#include "base/text.h"
#include "base/unicode.h"
#include "base/utf8.h"
#include "mail/cfws.h"

namespace exota::mail {
namespace {

using base::Cursor;

std::unexpected<AuthorError> ambiguous(std::string_view why) {
    return std::unexpected(AuthorError{AuthorProblem::ambiguous, std::string(why)});
}

constexpr OctetSet is_atext_or_dot([](char c) { return is_atext(c) || c == '.'; });

/// What a quoted local part may hold: characters that no reader takes for the end of the local part.
constexpr bool is_harmless_quoted(char c) noexcept { return is_atext_or_dot(c) || base::is_wsp(c); }

constexpr bool is_dot_atom(std::string_view text) noexcept {
    return !text.empty() && text.front() != '.' && text.back() != '.' && text.find("..") == std::string_view::npos;
}

/// local-part (section 3.4.1) as far as its extent goes: quoted or not; check_local_part says whether it is a good one.
struct LocalPart {
    std::string_view text;
    bool quoted = false;
};

bool take_local_part(Cursor& in, LocalPart& out) noexcept {
    out.quoted = in.next_is('"');
    if (out.quoted) return take_quoted_string(in, out.text);
    out.text = in.take_while(is_atext_or_dot);
    return !out.text.empty();
}

/// Where a comment ends is not the same to all: Thunderbird reads quoted strings and […] in it, simple readers end it at the first ")".
/// @return why it is refused, or empty.
constexpr std::string_view find_comment_fault(std::string_view comment) noexcept {
    if (comment.find_first_of("\"[]") != std::string_view::npos) return "a comment with a quote or square bracket";
    const bool may_end_early = comment.find('(', 1) != std::string_view::npos || comment.find('\\') != std::string_view::npos;
    if (may_end_early && comment.find_first_of("<@") != std::string_view::npos)
        return "a comment that some end at an earlier parenthesis, with an address";
    return {};
}

/// [CFWS]. @return why it is refused, or empty.
constexpr std::string_view take_cfws(Cursor& in) noexcept {
    for (;;) {
        skip_fws(in);
        if (!in.next_is('(')) return {};
        const std::size_t start = in.position();
        if (!skip_comment(in)) return "a comment that never closes or nests too deep";
        if (const std::string_view fault = find_comment_fault(in.since(start)); !fault.empty()) return fault;
    }
}

/// What a charset and its language are written with (RFC 2047 section 2, RFC 2231 section 5, and the names that IANA lists).
constexpr OctetSet is_charset_octet([](char c) {
    return base::is_alnum(c) || std::string_view("_.:+*'-").find(c) != std::string_view::npos;
});

/// Enough of an encoded-word (RFC 2047 section 2) for some program to decode it before it parses: "=?" with a charset or a "?" behind.
constexpr bool looks_encoded(std::string_view text) noexcept {
    const std::size_t start = text.find("=?");
    if (start == std::string_view::npos || start + 2 == text.size()) return false;
    return is_charset_octet(text[start + 2]) || text.find('?', start + 2) != std::string_view::npos;
}
static_assert(looks_encoded("=?utf-8") && looks_encoded("=?^?") && !looks_encoded("a=?^b") && !looks_encoded("a=?"));

/// Whether the "=?" here goes on as charset "?" ( "b" / "q" ) "?", whatever the charset is written with.
constexpr bool begins_encoded_text(std::string_view text) noexcept {
    const std::size_t encoding = text.find('?', 2);
    if (encoding == std::string_view::npos) return false;
    const std::string_view behind = text.substr(encoding + 1, 2);
    return base::iequals(behind, "b?") || base::iequals(behind, "q?");
}

/// Whether the text of an encoded-word is of one piece to readers that do not decode it: what it opens it closes.
constexpr bool closes_what_it_opens(std::string_view encoded) noexcept {
    int depth = 0;
    bool in_quotes = false;
    for (const char c : encoded) {
        depth += c == '(' ? 1 : c == ')' ? -1 : 0;
        in_quotes ^= c == '"';
        if (depth < 0 || c == '<' || c == '>' || c == '\\') return false;
    }
    return depth == 0 && !in_quotes;
}

/// encoded-word (RFC 2047 section 2), wider: its text may have blanks and what closes_what_it_opens. `encoded` becomes that text.
constexpr bool take_encoded_word(Cursor& in, std::string_view& encoded) noexcept {
    if (!begins_encoded_text(in.rest())) return false;
    in.advance(2);
    if (in.take_while(is_charset_octet).empty() || !in.skip('?')) return false;
    in.advance(2);  // the encoding, and its "?"
    encoded = in.take_while([](char c) { return c != '?'; });
    return in.skip('?') && in.skip('=');
}

/// Programs decode an encoded-word up to the next "?=", wherever that stands: what is syntax for us in between is text for them. (Python's
/// email package reads ceo@b.example in: =?utf-8?q?ceo=40b.example"?=" <x@a.example>.) Others search for one behind any "=?", and skip as
/// many octets as the one that they find has (Thunderbird). So each "=?" with a "?=" somewhere behind it must begin one.
/// @return why the text is refused, or empty.
constexpr std::string_view find_encoded_word_fault(std::string_view text) noexcept {
    constexpr std::string_view split = "an encoded-word that a quote, bracket or parenthesis splits";
    constexpr std::string_view stray = "an =? that begins no encoded-word, before a ?=";
    const std::size_t last_end = text.rfind("?=");
    for (std::size_t at = text.find("=?"); at != std::string_view::npos; at = text.find("=?", at)) {
        Cursor in(text.substr(at));
        if (last_end == std::string_view::npos || last_end < at + 2) {
            if (begins_encoded_text(in.rest())) return split;  // it never ends
            ++at;
            continue;
        }
        if (at > 0 && text[at - 1] == '\\') return stray;  // to some the backslash takes the "=" away
        std::string_view encoded;
        if (!take_encoded_word(in, encoded)) return stray;
        if (!closes_what_it_opens(encoded)) return split;
        at += in.position() - 1;  // from its last "=", which may be the first of another "=?"
    }
    return {};
}
constexpr bool is_whole(std::string_view text) noexcept { return find_encoded_word_fault(text).empty(); }
static_assert(!is_whole("=?x?q?a\"?=\"") && !is_whole("=?x?b?a") && !is_whole("=?x?Q?a(?=)") && !is_whole("=?x?q?a=?x?q?=40"));
static_assert(!is_whole("=? =?x?q?a?=") && !is_whole("=?x*\"?q?a?=") && !is_whole("=?x?q?a?b?=") && !is_whole("=?x?q?a?=?b?="));
static_assert(!is_whole("=??q?a?=") && !is_whole("=?x?qq?a?=") && !is_whole("(\\=?x?q?a=?=)"));
static_assert(is_whole("=?x?q?a (b), c?= =?x?q?d?=") && is_whole("=?x?b?YQ==?==?x*en?B?YQ==?=") && is_whole("=?x?q?\"a, b\" c?="));
static_assert(is_whole("a=?b?c?\"") && is_whole("=?=") && is_whole("?= =?a") && is_whole("=?x?q?a?=?="));

constexpr std::string_view hidden_in_address = "a character in the address that does not show";

constexpr char32_t braille_blank = 0x2800;  // a symbol by its category
constexpr std::string_view second_at = "a second @";
constexpr std::array<std::string_view, 2> wide_ats{"\uFF20", "\uFE6B"};

/// An @ in a form for other scripts: to whom it is shown it is one, and so it is to programs that normalise by compatibility (NFKC).
bool has_wide_at(std::string_view text) noexcept {
    return std::ranges::any_of(wide_ats, [text](std::string_view at) { return text.find(at) != std::string_view::npos; });
}

/// A mark of direction, a joiner or filler of no width, a line end of Unicode, a blank outside ASCII: what stands in the address is then
/// not what a person sees there, and readers differ in what they drop.
bool has_hidden(std::string_view text) noexcept {
    while (!text.empty()) {
        if (!is_8bit(text.front())) {
            text.remove_prefix(1);
            continue;
        }
        const base::Character next = base::first_character(text);
        const bool is_blank = base::is_wide_blank(next.point) || next.point == braille_blank;
        if (next.octets == 0 || (next.octets > 1 && (base::is_hidden(next.point) || is_blank))) return true;
        text.remove_prefix(next.octets);
    }
    return false;
}

/// @return why the local part is refused, or empty.
std::string_view find_local_part_fault(const LocalPart& local) noexcept {
    if (local.text.empty()) return "an empty local part";
    if (local.text.size() > max_local_part_octets) return "a local part of more than 64 octets";
    if (looks_encoded(local.text)) return "an encoded-word in the address";
    if (!base::is_utf8(local.text)) return "a local part that is not UTF-8";
    if (has_hidden(local.text)) return hidden_in_address;
    if (has_wide_at(local.text)) return second_at;
    if (!local.quoted) return is_dot_atom(local.text) ? std::string_view{} : "a dot at the edge of the local part, or two together";
    for (const char c : local.text)
        if (!is_harmless_quoted(c)) return "a quoted local part with a character that readers take differently";
    return {};
}

/// Behind the local part: [FWS] "@" [FWS] domain.
std::expected<Mailbox, AuthorError> take_domain(Cursor& in, const LocalPart& local) {
    if (const std::string_view fault = find_local_part_fault(local); !fault.empty()) return ambiguous(fault);
    skip_fws(in);
    if (in.next_is('(')) return ambiguous("a comment inside the address");
    if (!in.skip('@')) return ambiguous("no @ in the address");
    skip_fws(in);
    if (in.next_is('[')) return ambiguous("an address literal");
    if (in.next_is('(')) return ambiguous("a comment inside the address");
    const std::string_view name = in.take_while(is_atext_or_dot);
    if (name.empty()) return ambiguous("no domain");
    base::Result<Domain> domain = Domain::parse(name);
    if (!domain) return ambiguous("no domain: " + domain.error().detail);
    if (has_hidden(name)) return ambiguous(hidden_in_address);  // joiners, which IDNA2008 takes in some scripts and older readers drop
    return Mailbox{std::string(local.text), std::move(*domain)};
}

/// angle-addr (section 3.4), from its '<'.
std::expected<Mailbox, AuthorError> take_angle_addr(Cursor& in) {
    in.advance();
    skip_fws(in);
    if (in.next_is('@')) return ambiguous("a route before the address");
    if (in.next_is('(')) return ambiguous("a comment inside the address");
    LocalPart local;
    if (!take_local_part(in, local))
        return ambiguous(in.at_end() ? "a quote or angle bracket that never closes" : "no address between the angle brackets");
    std::expected<Mailbox, AuthorError> mailbox = take_domain(in, local);
    if (!mailbox) return mailbox;
    skip_fws(in);
    if (in.next_is('(')) return ambiguous("a comment inside the address");
    if (in.at_end()) return ambiguous("a quote or angle bracket that never closes");
    if (!in.skip('>')) return ambiguous("text behind the domain");
    return mailbox;
}

/// phrase (sections 3.2.5 and 4.1): words, dots, comments. Stops at what is none of them.
/// @return why it is refused, or empty.
std::string_view skip_phrase(Cursor& in) noexcept {
    for (;;) {
        if (const std::string_view fault = take_cfws(in); !fault.empty()) return fault;
        if (in.next_is('"')) {
            std::string_view content;
            if (!take_quoted_string(in, content)) return "a quote or angle bracket that never closes";
        } else if (in.take_while(is_atext_or_dot).empty()) {
            return {};
        }
    }
}

/// What stands at the beginning: an address alone, or a phrase with something behind it.
enum class Start : std::uint8_t { address, phrase };
Start tell_start(Cursor in) noexcept {
    LocalPart local;
    if (!take_local_part(in, local)) return Start::phrase;
    skip_fws(in);
    return in.next_is('@') ? Start::address : Start::phrase;
}

std::string_view describe_unexpected(const Cursor& in) noexcept {
    switch (in.peek()) {
        case '@':
            return "an @ that belongs to no address";
        case ',':
            return "more than one mailbox";
        case ';':
            return "a semicolon that ends no group";
        case '<':
            return "a second angle bracket";
        default:
            return in.at_end() ? "no address" : "a special character in the display name";
    }
}

/// mailbox, or with `in_group` unset also a group that holds one.
std::expected<Mailbox, AuthorError> take_mailbox_or_group(Cursor& in, bool in_group) {
    if (const std::string_view fault = take_cfws(in); !fault.empty()) return ambiguous(fault);
    if (tell_start(in) == Start::address) {
        LocalPart local;
        take_local_part(in, local);
        return take_domain(in, local);
    }
    const std::size_t start = in.position();
    if (const std::string_view fault = skip_phrase(in); !fault.empty()) return ambiguous(fault);
    if (in.next_is('<')) return take_angle_addr(in);
    if (in_group || !in.next_is(':') || base::trim(in.since(start)).empty()) {
        if (in_group && in.next_is(';')) return ambiguous("a group without a member");
        return ambiguous(describe_unexpected(in));
    }
    if (const std::string_view fault = find_encoded_word_fault(in.since(start)); !fault.empty()) return ambiguous(fault);  // by the colon
    in.advance();
    std::expected<Mailbox, AuthorError> member = take_mailbox_or_group(in, true);
    if (!member) return member;
    if (const std::string_view fault = take_cfws(in); !fault.empty()) return ambiguous(fault);
    if (in.next_is(',')) return ambiguous("more than one mailbox");
    if (!in.skip(';')) return ambiguous(in.at_end() ? "a group that never ends" : "text behind the address");
    return member;
}

}  // namespace

bool has_overlong_line(std::string_view field) noexcept {
    while (field.size() > max_author_line_octets) {
        std::string_view line = base::take_until(field, '\n');
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.size() > max_author_line_octets) return true;
    }
    return false;
}

std::expected<Mailbox, AuthorError> parse_single_mailbox(std::string_view field) {
    if (field.size() > max_author_field_octets) return ambiguous("a field of more than 65536 octets");
    if (const std::string_view fault = find_forbidden_octet(field); !fault.empty()) return ambiguous(fault);
    // An MTA behind us folds it where its limit falls: "<a@b.example" and, on the next line, ".c.example>".
    if (has_overlong_line(field)) return ambiguous("a line of more than 900 octets");
    // In Shift_JIS or GBK a backslash there is half of a character, and what it escapes for us ends a string for such a reader.
    const bool has_backslash = field.find('\\') != std::string_view::npos;
    if (has_backslash && std::ranges::adjacent_find(field, [](char a, char b) { return is_8bit(a) && b == '\\'; }) != field.end())
        return ambiguous("a backslash behind an 8-bit octet");
    Cursor in(field);
    std::expected<Mailbox, AuthorError> mailbox = take_mailbox_or_group(in, false);
    if (!mailbox) return mailbox;
    if (const std::string_view fault = take_cfws(in); !fault.empty()) return ambiguous(fault);
    if (in.skip(',')) {  // obs-mbox-list: nothing may follow
        if (const std::string_view fault = take_cfws(in); !fault.empty()) return ambiguous(fault);
        if (!in.at_end()) return ambiguous("more than one mailbox");
    }
    if (in.next_is('<')) return ambiguous("an address before the angle bracket");
    if (in.next_is('@')) return ambiguous(second_at);
    if (!in.at_end()) return ambiguous("text behind the address");
    if (const std::string_view fault = find_encoded_word_fault(field); !fault.empty()) return ambiguous(fault);
    return mailbox;
}

std::expected<Mailbox, AuthorError> parse_author(std::span<const std::string> fields) {
    if (fields.empty()) return std::unexpected(AuthorError{AuthorProblem::missing, "no From field"});
    if (fields.size() > 1) return ambiguous(fields.size() == 2 ? "two From fields" : "more than two From fields");
    return parse_single_mailbox(fields.front());
}

}  // namespace exota::mail
