// Reading strictly. Microsoft's form differs from RFC 8601 (no id, bare domains in between, "action" and "reason" without a type), and
// senders have a hand in it: envelope senders, signing domains and HELO names stand in it as they came. So nothing is guessed: what a
// sender might have smuggled in makes a method or a name stand twice, and then nothing counts.
#include "evidence/eop.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>

#include "base/cursor.h"
#include "base/text.h"

namespace exota::evidence {
namespace {

using base::Errc;
using base::fail;
using base::Result;

/// The words of the methods that are read. timeout: seen of dkim where the key's name server did not answer.
constexpr std::array<std::string_view, 7> spf_words{"pass", "fail", "softfail", "neutral", "none", "temperror", "permerror"};
constexpr std::array<std::string_view, 8> dkim_words{"pass", "fail", "none", "neutral", "policy", "temperror", "permerror", "timeout"};
constexpr std::array<std::string_view, 6> dmarc_words{"pass", "fail", "bestguesspass", "none", "temperror", "permerror"};
constexpr std::array<std::string_view, 4> compauth_words{"pass", "softpass", "fail", "none"};

struct Method {
    std::string_view name;
    std::span<const std::string_view> words;
};
constexpr std::array<Method, 4> known_methods{{
    {"spf", spf_words},
    {"dkim", dkim_words},
    {"dmarc", dmarc_words},
    {"compauth", compauth_words},
}};

const Method* method_named(std::string_view name) noexcept {
    const auto known = std::ranges::find(known_methods, name, &Method::name);
    return known == known_methods.end() ? nullptr : &*known;
}

constexpr bool is_name_octet(char c) noexcept { return base::is_alnum(c) || c == '-' || c == '_' || c == '.'; }
/// Of a value without quotes; what is not ASCII may be an internationalised address.
constexpr bool is_value_octet(char c) noexcept {
    return static_cast<unsigned char>(c) > ' ' && c != 0x7f && c != ';' && c != '(' && c != ')' && c != '"';
}

std::unexpected<base::Error> unreadable(std::string why) { return fail(Errc::invalid_data, std::move(why)); }

/// Folds and blanks may stand anywhere; other control characters nowhere.
bool has_control(std::string_view value) noexcept {
    return std::ranges::any_of(value, [](char c) { return base::is_control(c) && !base::is_fws(c); });
}

/// A comment, the cursor at its '('. nullopt: it does not end.
std::optional<std::string> read_comment(base::Cursor& in) {
    std::string text;
    std::size_t depth = 0;
    while (!in.at_end()) {
        const char c = in.peek();
        in.advance();
        if (c == '\\' && !in.at_end()) {
            text += in.peek();
            in.advance();
            continue;
        }
        if (c == ')' && --depth == 0) return text;
        const bool is_blank = base::is_fws(c);
        if (is_blank ? !text.ends_with(' ') : c != '(' || depth > 0) text += is_blank ? ' ' : c;
        if (c == '(') ++depth;
    }
    return std::nullopt;
}

/// A quoted string, the cursor at its first '"'. nullopt: it does not end.
std::optional<std::string> read_quoted(base::Cursor& in) {
    std::string text;
    in.advance();
    while (!in.at_end()) {
        const char c = in.peek();
        in.advance();
        if (c == '"') return text;
        if (c == '\\' && !in.at_end()) {
            text += in.peek();
            in.advance();
        } else {
            text += c;
        }
    }
    return std::nullopt;
}

class Reader {
public:
    explicit Reader(std::string_view value) noexcept : in_(value) {}

    Result<std::vector<EopStatement>> read() {
        for (bool first = true;; first = false) {
            EopStatement statement;
            if (const auto begun = begin(statement, first); !begun) return std::unexpected(begun.error());
            if (!statement.method.empty()) {
                if (const auto whole = read_properties(statement); !whole) return std::unexpected(whole.error());
                if (const auto sound = check(statement); !sound) return std::unexpected(sound.error());
                if (const auto added = add(std::move(statement)); !added) return std::unexpected(added.error());
            }
            if (in_.at_end()) return std::move(statements_);
            in_.advance();  // the ';'
        }
    }

private:
    /// Blanks, folds and comments.
    Result<void> skip(EopStatement& statement) {
        for (;;) {
            in_.take_while(base::is_fws);
            if (!in_.next_is('(')) return {};
            auto comment = read_comment(in_);
            if (!comment) return unreadable("open comment");
            statement.comments.push_back(*std::move(comment));
        }
    }
    bool at_separator() const noexcept { return in_.at_end() || in_.next_is(';'); }

    /// "method=result", or nothing but a bare domain, or nothing: then the statement has no method.
    Result<void> begin(EopStatement& statement, bool first) {
        if (const auto skipped = skip(statement); !skipped) return skipped;
        const std::string_view word = in_.take_while(is_name_octet);
        if (in_.skip('=')) {
            if (word.empty()) return unreadable("no method before '='");
            statement.method = base::lower(word);
            statement.result = base::lower(in_.take_while(is_name_octet));
            if (statement.result.empty()) return unreadable("no result of " + statement.method);
            return {};
        }
        if (first && (!word.empty() || !at_separator())) return unreadable("has an authserv-id, or begins with no result");
        if (const auto skipped = skip(statement); !skipped) return skipped;
        if (!at_separator()) return unreadable("what stands between two ';' is no result");
        return {};
    }

    Result<void> read_properties(EopStatement& statement) {
        for (;;) {
            if (const auto skipped = skip(statement); !skipped) return skipped;
            if (at_separator()) return {};
            const std::string name = base::lower(in_.take_while(is_name_octet));
            if (name.empty() || !in_.skip('=')) return unreadable("a property of " + statement.method + " without name or '='");
            if (method_named(name) != nullptr) return unreadable("no ';' before " + name);
            std::string value;
            if (in_.next_is('"')) {
                auto quoted = read_quoted(in_);
                if (!quoted) return unreadable("open quoted string");
                value = *std::move(quoted);
            } else {
                value = in_.take_while(is_value_octet);
            }
            if (const std::string* before = statement.find(name)) {
                if (*before != value) return unreadable("a property twice: " + name);
                continue;
            }
            if (++pairs_ > max_eop_pairs) return fail(Errc::too_long, "more than " + std::to_string(max_eop_pairs) + " properties");
            statement.properties.push_back({name, std::move(value)});
        }
    }

    static Result<void> check(const EopStatement& statement) {
        const Method* method = method_named(statement.method);
        if (method == nullptr) return {};
        if (std::ranges::find(method->words, statement.result) == method->words.end())
            return unreadable("unknown result: " + statement.method + '=' + statement.result);
        if (statement.method == "spf") {
            const auto says_address = [](std::string_view comment) { return base::istarts_with(comment, "sender IP is"); };
            if (std::ranges::count_if(statement.comments, says_address) > 1) return unreadable("two sender addresses");
        }
        const std::string* reason = statement.method == "compauth" ? statement.find("reason") : nullptr;
        if (reason != nullptr && (reason->size() != 3 || !std::ranges::all_of(*reason, base::is_digit)))
            return unreadable("a reason that has not three digits");
        return {};
    }

    /// Signatures may be several, of which each has the same result; all else is said once.
    Result<void> add(EopStatement statement) {
        for (const EopStatement& before : statements_) {
            if (before.method != statement.method) continue;
            if (before == statement) return {};
            if (statement.method != "dkim" || before.result != statement.result) return unreadable("a method twice: " + statement.method);
        }
        if (statements_.size() == max_eop_statements)
            return fail(Errc::too_long, "more than " + std::to_string(max_eop_statements) + " results");
        statements_.push_back(std::move(statement));
        return {};
    }

    base::Cursor in_;
    std::vector<EopStatement> statements_;
    std::size_t pairs_ = 0;
};

Result<void> check_octets(std::string_view value) {
    if (value.size() > max_eop_octets) return fail(Errc::too_long, "more than " + std::to_string(max_eop_octets) + " octets");
    if (has_control(value)) return unreadable("control characters");
    return {};
}

const EopStatement* statement_of(const Eop& eop, std::string_view method) noexcept {
    const auto found = std::ranges::find(eop.results, method, &EopStatement::method);
    return found == eop.results.end() ? nullptr : &*found;
}

const std::string* value_of(const std::vector<EopPair>& pairs, std::string_view name) noexcept {
    const auto found = std::ranges::find(pairs, name, &EopPair::name);
    return found == pairs.end() ? nullptr : &found->value;
}

std::optional<base::IpAddress> address_in(std::string_view text) {
    const auto address = base::IpAddress::parse(base::trim(text));
    return address ? std::optional(*address) : std::nullopt;
}

}  // namespace

const std::string* EopStatement::find(std::string_view name) const noexcept { return value_of(properties, name); }

bool has_authserv_id(std::string_view value) noexcept {
    base::Cursor in(value);
    const auto skip_comments = [&in] {
        for (in.take_while(base::is_fws); in.next_is('('); in.take_while(base::is_fws)) {
            std::size_t depth = 0;
            do {
                const char c = in.peek();
                in.advance();
                if (c == '(') ++depth;
                if (c == ')') --depth;
                if (c == '\\' && !in.at_end()) in.advance();
            } while (depth > 0 && !in.at_end());
        }
    };
    skip_comments();
    if (in.next_is('"')) return true;
    const std::string_view word = in.take_while([](char c) { return is_value_octet(c) && c != '='; });
    if (word.empty()) return false;
    skip_comments();
    return !in.next_is('=');
}

Result<std::vector<EopStatement>> parse_eop_results(std::string_view value) {
    if (const auto sound = check_octets(value); !sound) return std::unexpected(sound.error());
    return Reader(value).read();
}

Result<std::vector<EopPair>> parse_antispam_report(std::string_view value) {
    if (const auto sound = check_octets(value); !sound) return std::unexpected(sound.error());
    std::vector<EopPair> pairs;
    for (std::string_view rest = value; !rest.empty();) {
        std::string_view item = base::trim(base::take_until(rest, ';'));
        if (item.empty()) continue;
        const std::size_t colon = item.find(':');
        if (colon == std::string_view::npos) return unreadable("a pair without ':'");
        std::string name(base::trim(item.substr(0, colon)));
        std::ranges::transform(name, name.begin(), [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c; });
        if (name.empty() || !std::ranges::all_of(name, is_name_octet)) return unreadable("a name that is none");
        const std::string_view text = base::trim(item.substr(colon + 1));
        if (const std::string* before = value_of(pairs, name)) {
            if (*before != text) return unreadable("a name twice: " + name);
            continue;
        }
        if (pairs.size() == max_eop_pairs) return fail(Errc::too_long, "more than " + std::to_string(max_eop_pairs) + " pairs");
        pairs.push_back({std::move(name), std::string(text)});
    }
    return pairs;
}

std::optional<base::IpAddress> sender_ip_of(const EopStatement& spf) {
    constexpr std::string_view beginning = "sender IP is";
    for (const std::string_view comment : spf.comments)
        if (base::istarts_with(comment, beginning)) return address_in(comment.substr(beginning.size()));
    return std::nullopt;
}

EopReading reading_of(const Eop& eop) {
    EopReading reading;
    if (const std::string* direction = value_of(eop.report, "DIR")) reading.direction = *direction;
    if (const std::string* client = value_of(eop.report, "CIP")) reading.client = address_in(*client);
    if (!eop.unreadable.empty()) return reading;
    if (const EopStatement* spf = statement_of(eop, "spf")) {
        reading.spf = spf->result;
        reading.sender_ip = sender_ip_of(*spf);
    }
    if (const EopStatement* dkim = statement_of(eop, "dkim")) reading.dkim = dkim->result;
    if (const EopStatement* dmarc = statement_of(eop, "dmarc")) {
        reading.dmarc = dmarc->result;
        if (const std::string* action = dmarc->find("action")) reading.action = *action;
        if (const std::string* from = dmarc->find("header.from"))
            if (auto domain = mail::Domain::parse(*from)) reading.header_from = *std::move(domain);
    }
    if (const EopStatement* compauth = statement_of(eop, "compauth")) {
        reading.compauth = compauth->result;
        if (const std::string* reason = compauth->find("reason")) reading.reason = *reason;
    }
    return reading;
}

std::optional<unsigned> bulk_level_of(const Eop& eop) noexcept {
    const std::string* text = value_of(eop.antispam, "BCL");
    if (text == nullptr || text->empty() || text->size() > 3) return std::nullopt;
    unsigned level = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), level);
    if (error != std::errc{} || end != text->data() + text->size()) return std::nullopt;
    return level;
}

}  // namespace exota::evidence
