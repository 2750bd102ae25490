#include "tenant/recipient_name.h"

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "mail/domain.h"

namespace exota::tenant {
namespace {

using base::Errc;

/// Of a local part that is not quoted. Wider than RFC 5321 where servers are: dots anywhere, and UTF-8.
bool is_unquoted(std::string_view text) noexcept {
    constexpr std::string_view special = "\"(),:;<>@[\\] ";
    return !text.empty() && std::ranges::none_of(text, [&](char c) { return base::is_control(c) || special.contains(c); });
}

/// What a quoted string says.
std::optional<std::string> unquoted(std::string_view text) {
    if (text.size() < 2 || text.back() != '"') return std::nullopt;
    text = text.substr(1, text.size() - 2);
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '"' || base::is_control(text[i])) return std::nullopt;
        if (text[i] == '\\' && ++i == text.size()) return std::nullopt;
        if (base::is_control(text[i])) return std::nullopt;
        out += text[i];
    }
    if (out.empty()) return std::nullopt;
    return out;
}

/// Already as mail::Domain writes it, as most are: letters in lower case, digits, hyphens, a dot, and at the end a letter.
bool is_plainly_canonical(std::string_view domain) noexcept {
    if (domain.empty() || domain.size() > mail::Domain::max_octets || !base::is_alpha(domain.back())) return false;
    std::size_t label = 0;
    for (std::size_t i = 0; i < domain.size(); ++i) {
        const char c = domain[i];
        if (c == '.' ? label == 0 : !((c >= 'a' && c <= 'z') || base::is_digit(c))) return false;
        label = c == '.' ? 0 : label + 1;
        if (label > mail::Domain::max_label_octets) return false;
    }
    return true;
}

}  // namespace

base::Result<RecipientName> RecipientName::parse(std::string_view address, const RecipientRules& rules) {
    if (base::iequals(address, "postmaster")) return RecipientName("postmaster", std::string_view("postmaster").size());
    const std::size_t at = address.rfind('@');
    if (at == std::string_view::npos) return base::fail(Errc::invalid_data, "no '@'");
    std::string text(address.substr(0, at));
    if (text.starts_with('"')) {
        auto local = unquoted(text);
        if (!local) return base::fail(Errc::invalid_data, "no local part that could be read before the '@'");
        text = *std::move(local);
    } else if (!is_unquoted(text)) {
        return base::fail(Errc::invalid_data, "no local part that could be read before the '@'");
    }
    if (rules.fold_case) std::ranges::transform(text, text.begin(), base::to_lower);
    const std::size_t local_octets = text.size();
    text += '@';
    const std::string_view written = address.substr(at + 1);
    if (is_plainly_canonical(written)) {
        text += written;
    } else {
        const auto domain = mail::Domain::parse(written);
        if (!domain) return std::unexpected(domain.error());
        text += domain->text();
    }
    if (text.size() > max_recipient_octets)
        return base::fail(Errc::too_long, "address of more than " + std::to_string(max_recipient_octets) + " octets");
    return RecipientName(std::move(text), local_octets);
}

std::vector<std::string> RecipientName::entries(const RecipientRules& rules) const {
    std::vector<std::string> out{text_};
    if (const std::string_view plain = without_extension(rules); plain.size() != at_)
        out.push_back(std::string(plain) + std::string(at_domain()));
    if (!domain().empty()) out.emplace_back(at_domain());
    return out;
}

std::string_view RecipientName::without_extension(const RecipientRules& rules) const noexcept {
    if (rules.delimiter == '\0') return local_part();
    return local_part().substr(0, local_part().find(rules.delimiter, 1));  // not at its begin: nothing before it could be an address
}

bool RecipientName::is_postmaster(const RecipientRules& rules) const noexcept {
    return base::iequals(without_extension(rules), "postmaster");
}

}  // namespace exota::tenant
