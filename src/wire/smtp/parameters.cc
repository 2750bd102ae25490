#include "wire/smtp/parameters.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/octets.h"
#include "base/text.h"
#include "base/utf8.h"
#include "wire/smtp/xoorg.h"
#include "wire/smtp/xtext.h"

namespace exota::smtp {
namespace {

using base::is_name;
using Verdict = std::optional<FixedReply>;  // nullopt: all is well

struct Parameter {
    std::string_view keyword;
    std::optional<std::string_view> value;  // nullopt: no '='
};

/// esmtp-keyword and esmtp-value (RFC 5321 section 4.1.2; RFC 6531 section 3.3 adds UTF-8). A value may hold '=' of its own: where one
/// must not, its grammar says so.
std::optional<Parameter> read_parameter(std::string_view word) noexcept {
    const std::size_t equals = word.find('=');
    Parameter parameter{word.substr(0, equals), std::nullopt};
    const std::string_view keyword = parameter.keyword;
    if (keyword.empty() || !base::is_alnum(keyword.front())) return std::nullopt;
    if (!std::ranges::all_of(keyword, [](char c) { return base::is_alnum(c) || c == '-'; })) return std::nullopt;
    if (equals == std::string_view::npos) return parameter;
    parameter.value = word.substr(equals + 1);
    if (std::ranges::any_of(*parameter.value, base::is_control)) return std::nullopt;
    return parameter;
}

/// Gives each parameter to `note`, which answers what is wrong with it.
template <class Note>
Verdict each_parameter(std::string_view text, const Note& note) {
    while (!text.empty()) {
        const std::string_view word = base::take_until(text, ' ');
        if (word.empty()) continue;
        const auto parameter = read_parameter(word);
        if (!parameter) return reply::parameter_malformed;
        if (const Verdict wrong = note(*parameter)) return wrong;
    }
    return std::nullopt;
}

Verdict check(bool offered, bool seen, bool well_formed) noexcept {
    if (!offered) return reply::parameter_not_offered;
    if (seen) return reply::parameter_twice;
    if (!well_formed) return reply::parameter_malformed;
    return std::nullopt;
}

/// 1*20DIGIT. A number above 64 bits is one that no limit allows.
std::optional<std::uint64_t> parse_size(std::string_view text) noexcept {
    if (text.empty() || text.size() > 20 || !std::ranges::all_of(text, base::is_digit)) return std::nullopt;
    std::uint64_t size = 0;
    return std::from_chars(text.data(), text.data() + text.size(), size).ec == std::errc{} ? size : ~std::uint64_t{0};
}

constexpr Body body_of(std::string_view text) noexcept {
    return base::iequals(text, "7BIT") ? Body::seven_bit : base::iequals(text, "8BITMIME") ? Body::eight_bit_mime : Body::unsaid;
}
constexpr Ret ret_of(std::string_view text) noexcept {
    return base::iequals(text, "FULL") ? Ret::full : base::iequals(text, "HDRS") ? Ret::headers : Ret::unsaid;
}

/// xtext that stands for printable ASCII (RFC 3461 section 4.4).
bool is_envid(std::string_view text) {
    if (text.empty() || text.size() > max_envid_octets) return false;
    const auto id = decode_xtext(text, max_envid_octets);
    return id && std::ranges::all_of(*id, [](char c) { return c >= ' ' && c <= '~'; });
}

/// NEVER alone, or SUCCESS, FAILURE, DELAY, each at most once (RFC 3461 section 4.1).
bool is_notify(std::string_view text) noexcept {
    if (base::iequals(text, "NEVER")) return true;
    if (text.empty() || text.ends_with(',')) return false;
    bool seen[3] = {};
    while (!text.empty()) {
        const std::string_view word = base::take_until(text, ',');
        const std::size_t which = base::iequals(word, "SUCCESS")   ? 0
                                  : base::iequals(word, "FAILURE") ? 1
                                  : base::iequals(word, "DELAY")   ? 2
                                                                   : 3;
        if (which == 3 || std::exchange(seen[which], true)) return false;
    }
    return true;
}

/// utf-8-addr-xtext or, where SMTPUTF8 is in force, utf-8-addr-unitext (RFC 6533 section 3): a backslash begins "\x{HEX}" only.
bool is_utf8_address(std::string_view text, bool smtputf8) noexcept {
    if (!base::is_utf8(text)) return false;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (static_cast<unsigned char>(text[at]) >= 0x80) {
            if (!smtputf8) return false;
        } else if (!is_xchar(text[at])) {
            return false;
        } else if (text[at] == '\\') {
            const std::size_t end = text.find('}', at);
            if (end == std::string_view::npos || text.substr(at + 1, 2) != "x{") return false;
            const std::string_view digits = text.substr(at + 3, end - at - 3);
            const auto is_hex = [](char c) { return base::is_digit(c) || (c >= 'A' && c <= 'F'); };
            if (digits.size() < 2 || digits.size() > 6 || !std::ranges::all_of(digits, is_hex)) return false;
            at = end;
        }
    }
    return true;
}

/// addr-type ";" xtext (RFC 3461 section 4.2).
bool is_orcpt(std::string_view text, bool smtputf8) noexcept {
    const std::size_t semicolon = text.find(';');
    if (text.size() > max_orcpt_octets || semicolon == std::string_view::npos) return false;
    const std::string_view type = text.substr(0, semicolon), address = text.substr(semicolon + 1);
    if (type.empty() || !std::ranges::all_of(type, [](char c) { return base::is_alnum(c) || c == '-'; }) || address.empty()) return false;
    return base::iequals(type, "utf-8") ? is_utf8_address(address, smtputf8) : decoded_octets(address).has_value();
}

Verdict note_size(MailParameters& seen, std::string_view value, std::uint64_t limit) noexcept {
    const auto size = parse_size(value);
    if (!size) return reply::parameter_malformed;
    if (limit != 0 ? *size > limit : *size == ~std::uint64_t{0}) return reply::message_too_big;
    seen.size = size;
    return std::nullopt;
}

Verdict note_xoorg(MailParameters& seen, std::string_view value) {
    auto domain = parse_xoorg(value);
    if (!domain) return reply::bad_xoorg;
    seen.xoorg = std::move(*domain);
    return std::nullopt;
}

Verdict note_mail(MailParameters& seen, const Parameter& parameter, const Extensions& offered) {
    const std::string_view keyword = parameter.keyword, value = parameter.value.value_or("");
    if (is_name(keyword, "SIZE")) {
        if (const Verdict wrong = check(offered.size.has_value(), seen.size.has_value(), true)) return wrong;
        return note_size(seen, value, offered.size.value_or(0));
    }
    if (is_name(keyword, "BODY")) {
        if (base::iequals(value, "BINARYMIME")) return reply::parameter_not_offered;  // RFC 3030: it needs CHUNKING, which we never offer
        const bool twice = std::exchange(seen.body, body_of(value)) != Body::unsaid;
        return check(offered.eight_bit_mime, twice, seen.body != Body::unsaid);
    }
    if (is_name(keyword, "XOORG")) {
        if (const Verdict wrong = check(offered.xoorg, seen.xoorg.has_value(), true)) return wrong;
        return note_xoorg(seen, value);
    }
    if (is_name(keyword, "AUTH")) {
        const bool well_formed = !value.empty() && value.size() <= max_auth_octets && decoded_octets(value);
        return check(true, std::exchange(seen.auth, true), well_formed);
    }
    if (is_name(keyword, "SMTPUTF8")) return check(offered.smtputf8, std::exchange(seen.smtputf8, true), !parameter.value);
    if (is_name(keyword, "RET")) {
        const bool twice = std::exchange(seen.ret, ret_of(value)) != Ret::unsaid;
        return check(offered.dsn, twice, seen.ret != Ret::unsaid);
    }
    if (is_name(keyword, "ENVID")) {
        const bool twice = std::exchange(seen.envid, value).has_value();
        return check(offered.dsn, twice, is_envid(value));
    }
    return reply::parameter_not_offered;
}

Verdict note_recipient(RecipientParameters& seen, const Parameter& parameter, const Extensions& offered, bool smtputf8) {
    const std::string_view keyword = parameter.keyword, value = parameter.value.value_or("");
    if (is_name(keyword, "NOTIFY")) {
        const bool twice = std::exchange(seen.notify, value).has_value();
        return check(offered.dsn, twice, is_notify(value));
    }
    if (is_name(keyword, "ORCPT")) {
        const bool twice = std::exchange(seen.orcpt, value).has_value();
        return check(offered.dsn, twice, is_orcpt(value, smtputf8));
    }
    return reply::parameter_not_offered;
}

void append(std::string& out, std::string_view keyword, std::string_view value) {
    out += ' ';
    out += keyword;
    out += value;
}

}  // namespace

std::expected<MailParameters, FixedReply> parse_mail_parameters(std::string_view text, const Extensions& offered) {
    MailParameters seen;
    const Verdict wrong = each_parameter(text, [&](const Parameter& parameter) { return note_mail(seen, parameter, offered); });
    if (wrong) return std::unexpected(*wrong);
    return seen;
}

std::expected<RecipientParameters, FixedReply> parse_recipient_parameters(std::string_view text, const Extensions& offered, bool smtputf8) {
    RecipientParameters seen;
    const Verdict wrong =
        each_parameter(text, [&](const Parameter& parameter) { return note_recipient(seen, parameter, offered, smtputf8); });
    if (wrong) return std::unexpected(*wrong);
    return seen;
}

void append_parameters(std::string& out, const MailParameters& parameters, const Extensions& next) {
    if (parameters.size && next.size) append(out, "SIZE=", std::to_string(*parameters.size));
    if (parameters.body != Body::unsaid && next.eight_bit_mime)
        append(out, "BODY=", parameters.body == Body::seven_bit ? "7BIT" : "8BITMIME");
    if (parameters.smtputf8 && next.smtputf8) append(out, "SMTPUTF8", "");
    if (parameters.ret != Ret::unsaid && next.dsn) append(out, "RET=", parameters.ret == Ret::full ? "FULL" : "HDRS");
    if (parameters.envid && next.dsn) append(out, "ENVID=", *parameters.envid);
}

void append_parameters(std::string& out, const RecipientParameters& parameters, const Extensions& next) {
    if (parameters.notify && next.dsn) append(out, "NOTIFY=", *parameters.notify);
    if (parameters.orcpt && next.dsn) append(out, "ORCPT=", *parameters.orcpt);
}

}  // namespace exota::smtp
