// The strict reading is authn/authres.h. What careless readers see is found without making their copies: two texts are compared while
// everything is passed over that one of them drops. Comments are the exception, because readers differ in where one ends: a field that
// speaks of us is looked at once for each way of dropping them.
//
// Tested by forged_result_test.cc and fuzz/forged_result_fuzz.cc.
#include "decision/forged_result.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "authn/authres.h"
#include "base/cursor.h"
#include "base/text.h"
#include "mail/cfws.h"
#include "mail/domain.h"

namespace exota::decision {
namespace {

constexpr std::string_view our_method = "x-exota";

/// What some reader drops from within a word: quoting, white space, controls, and whatever is not ASCII.
constexpr mail::OctetSet is_noise([](char c) { return c == ' ' || c == '"' || c == '\\' || base::is_control(c) || mail::is_8bit(c); });
/// Noise at which other readers end a word.
constexpr mail::OctetSet is_blank([](char c) { return c == ' ' || base::is_control(c) || mail::is_8bit(c); });
constexpr mail::OctetSet is_of_name([](char c) { return base::is_alnum(c) || c == '-' || c == '_' || c == '.'; });

/// Where `word` ends that begins at `at`, whatever noise lies within both; npos if it does not.
std::size_t end_of_word(std::string_view text, std::size_t at, std::string_view word) noexcept {
    const bool is_there_as_it_is = text.substr(at).starts_with(word) && std::ranges::none_of(word, is_noise);
    if (is_there_as_it_is) return at + word.size();
    for (const char wanted : word) {
        if (is_noise(wanted)) continue;
        while (at < text.size() && is_noise(text[at])) ++at;
        if (at == text.size() || base::to_lower(text[at]) != base::to_lower(wanted)) return std::string_view::npos;
        ++at;
    }
    return at;
}

/// A name that begins at `at` is our authserv-id, with or without final dots.
bool is_our_id_at(std::string_view text, std::size_t at, std::string_view id) noexcept {
    at = end_of_word(text, at, id);
    if (at == std::string_view::npos) return false;
    for (; at < text.size() && (text[at] == '.' || is_noise(text[at])); ++at)
        if (is_blank(text[at])) return true;
    return at == text.size() || !is_of_name(text[at]);
}

bool begins_with_our_id(std::string_view text, std::string_view id) noexcept {
    std::size_t start = 0;
    while (start < text.size() && is_noise(text[start])) ++start;
    return is_our_id_at(text, start, id);
}

bool has_our_id(std::string_view head, std::string_view id) noexcept {
    for (std::size_t at = 0; at < head.size(); ++at)
        if (!is_noise(head[at]) && (at == 0 || !is_of_name(head[at - 1])) && is_our_id_at(head, at, id)) return true;
    return false;
}

enum class Mention : std::uint8_t { none, part, word };  // "x-exota" as part of another name, as a word of its own

/// Cheap, for every field: false only where find_mention finds nothing, however comments are dropped. Hyphens are rare, so they are looked
/// for.
bool may_mention(std::string_view text) noexcept {
    const auto is_one_of = [](char c, std::string_view wanted) { return wanted.find(base::to_lower(c)) != std::string_view::npos; };
    for (std::size_t hyphen = text.find('-'); hyphen != std::string_view::npos; hyphen = text.find('-', hyphen + 1)) {
        std::size_t before = hyphen, behind = hyphen + 1;
        while (before > 0 && is_noise(text[before - 1])) --before;
        while (behind < text.size() && is_noise(text[behind])) ++behind;
        if (before > 0 && is_one_of(text[before - 1], "x()") && behind < text.size() && is_one_of(text[behind], "e()")) return true;
    }
    return false;
}

Mention find_mention(std::string_view text) noexcept {
    constexpr std::string_view joins = "-.@=";  // of a domain, an address, a value
    Mention found = Mention::none;
    for (std::size_t at = text.find_first_of("xX"); at != std::string_view::npos; at = text.find_first_of("xX", at + 1)) {
        std::size_t end = at, matched = 0;
        for (; end < text.size() && matched < our_method.size(); ++end) {
            if (is_noise(text[end])) continue;
            if (base::to_lower(text[end]) != our_method[matched]) break;
            ++matched;
        }
        if (matched < our_method.size()) continue;
        found = Mention::part;
        const char before = at > 0 ? text[at - 1] : ';', behind = end < text.size() ? text[end] : ';';
        const bool is_joined = base::is_alnum(before) || joins.find(before) != std::string_view::npos || base::is_alnum(behind) ||
                               (behind != '=' && joins.find(behind) != std::string_view::npos);
        if (!is_joined) return Mention::word;
    }
    return found;
}

/// Where readers think that a comment ends.
enum class Comments : std::uint8_t { are_text, nest, nest_without_quoting, end_at_first };
constexpr std::array all_readers{Comments::are_text, Comments::nest, Comments::nest_without_quoting, Comments::end_at_first};

/// The text without its comments. A parenthesis without its other one is text.
std::string without_comments(std::string_view text, Comments comments) {
    if (comments == Comments::are_text) return std::string(text);
    std::string out;
    std::vector<std::size_t> open;  // where in `out` the comments begin that have not ended
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        if (c == ')' && !open.empty()) {
            out.resize(open.back());
            open.pop_back();
            continue;
        }
        if (c == '(' && (comments != Comments::end_at_first || open.empty())) open.push_back(out.size());
        out += c;
        if (c == '\\' && comments == Comments::nest && at + 1 < text.size()) out += text[++at];
    }
    return out;
}

/// The same for who drops comments first: "mx(.example).net".
bool begins_with_our_id_and_comments(std::string_view text, std::string_view id) {
    const std::size_t open = text.find('(');
    if (open == std::string_view::npos || open > text.find(';')) return false;  // nearly always
    return std::ranges::any_of(all_readers, [&](Comments comments) { return begins_with_our_id(without_comments(text, comments), id); });
}

/// Where the authserv-id's part ends: at the first ';' that stands outside of quoted strings and comments.
std::size_t end_of_head(std::string_view text) noexcept {
    base::Cursor in(text);
    while (!in.at_end() && !in.next_is(';')) {
        std::string_view content;
        if (in.next_is('"')) {
            if (!mail::take_quoted_string(in, content)) return text.size();
        } else if (in.next_is('(')) {
            if (!mail::skip_comment(in)) return text.size();
        } else {
            in.advance();
        }
    }
    return in.position();
}

struct Careless {
    bool our_id = false;  // before the first ';' somewhere
    Mention mention = Mention::none;
};

Careless read_carelessly(std::string_view value, std::string_view id) {
    Careless seen;
    for (const Comments comments : all_readers) {
        const std::string text = without_comments(value, comments);
        const std::string_view all = text;
        seen.mention = std::max(seen.mention, find_mention(all));
        seen.our_id = seen.our_id || has_our_id(all.substr(0, all.find(';')), id) || has_our_id(all.substr(0, end_of_head(all)), id);
    }
    return seen;
}

/// The first encoded-word (RFC 2047 section 2), or npos: programs decode header fields before they look at them.
std::size_t find_encoded_word(std::string_view text) noexcept {
    if (text.find('?') == std::string_view::npos) return std::string_view::npos;  // nearly always
    const std::size_t last_end = text.rfind("?=");  // looked for once: a field may have ten thousand beginnings
    if (last_end == std::string_view::npos) return last_end;
    for (std::size_t at = text.find("=?"); at != std::string_view::npos; at = text.find("=?", at + 1)) {
        const std::size_t encoding = text.find('?', at + 2);
        if (encoding == std::string_view::npos || encoding > last_end) break;  // nor is any behind it
        const std::string_view behind = text.substr(encoding + 1, 2);
        if (base::iequals(behind, "b?") || base::iequals(behind, "q?")) return at;
    }
    return std::string_view::npos;
}

bool is_same_domain(std::string_view written, std::string_view id) {
    const auto ours = mail::Domain::parse(id), theirs = mail::Domain::parse(written);
    return ours && theirs && *ours == *theirs;
}

}  // namespace

bool poses_as_ours(std::string_view value, const OwnField& own, Readable readable) {
    const std::size_t encoded_word = find_encoded_word(value);
    const bool is_encoded = encoded_word != std::string_view::npos;
    std::string scratch;
    bool our_id = begins_with_our_id(value, own.authserv_id) || base::iequals(authn::peek_authserv_id(value, scratch), own.authserv_id) ||
                  begins_with_our_id_and_comments(value, own.authserv_id);
    if (!is_encoded && !may_mention(value)) {
        if (!our_id) return false;
        if (own.all_of_ours) return true;
        return readable == Readable::unknown && !authn::parse_authentication_results(value);
    }
    const Careless seen = read_carelessly(value, own.authserv_id);
    const auto field = authn::parse_authentication_results(value);
    if (!field) return our_id || is_encoded || seen.mention == Mention::word || (seen.mention == Mention::part && seen.our_id);
    our_id = our_id || base::iequals(field->authserv_id, own.authserv_id) || is_same_domain(field->authserv_id, own.authserv_id);
    if (our_id && (own.all_of_ours || is_encoded)) return true;
    if (is_encoded && encoded_word < end_of_head(value)) return true;
    return seen.mention != Mention::none && (our_id || seen.our_id);
}

}  // namespace exota::decision
