#include "authn/mta_sts.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "mail/domain.h"

namespace exota::authn {
namespace {

using base::Errc;
using base::fail;

constexpr std::size_t max_id_octets = 32;
constexpr std::size_t max_name_octets = 32;
constexpr std::size_t max_age_digits = 10;
constexpr std::string_view record_version = "v=STSv1";
constexpr std::string_view entry_version = "exota-mta-sts 1";

/// sts-ext-name: also the form of the names that we know.
bool is_field_name(std::string_view name) noexcept {
    return !name.empty() && name.size() <= max_name_octets && base::is_alnum(name.front()) &&
           std::ranges::all_of(name, [](char c) { return base::is_alnum(c) || c == '_' || c == '-' || c == '.'; });
}

bool is_id(std::string_view text) noexcept {
    return !text.empty() && text.size() <= max_id_octets && std::ranges::all_of(text, base::is_alnum);
}

std::string_view trim_blanks(std::string_view text) noexcept {
    while (!text.empty() && base::is_wsp(text.front())) text.remove_prefix(1);
    while (!text.empty() && base::is_wsp(text.back())) text.remove_suffix(1);
    return text;
}

/// What the record says behind its version; nullopt: it breaks the grammar.
std::optional<std::string_view> id_of(std::string_view fields) noexcept {
    std::optional<std::string_view> id;
    while (!fields.empty()) {
        const std::string_view field = trim_blanks(base::take_until(fields, ';'));
        if (field.empty() && fields.empty()) break;  // a delimiter may end the record
        const std::size_t equals = field.find('=');
        if (equals == std::string_view::npos) return std::nullopt;
        const std::string_view name = field.substr(0, equals), value = field.substr(equals + 1);
        const auto is_value = [](char c) { return c > ' ' && c < 0x7f && c != '='; };
        if (!is_field_name(name) || value.empty() || !std::ranges::all_of(value, is_value)) return std::nullopt;
        if (name != "id") continue;
        if (!is_id(value)) return std::nullopt;
        if (!id) id = value;
    }
    return id;
}

/// A name as it is compared; "*." before it stands for one label.
base::Result<std::string> read_pattern(std::string_view value) {
    const bool wildcard = value.starts_with("*.");
    const std::string_view name = wildcard ? value.substr(2) : value;
    if (std::ranges::any_of(name, [](char c) { return static_cast<unsigned char>(c) > 0x7f; }) || name.ends_with('.'))
        return fail(Errc::invalid_data, "an mx that is no host name");
    const auto domain = mail::Domain::parse(name);
    if (!domain) return fail(Errc::invalid_data, "an mx that is no host name");
    return (wildcard ? "*." : "") + domain->text();
}

std::optional<MtaStsPolicy::Mode> read_mode(std::string_view value) noexcept {
    for (const auto mode : {MtaStsPolicy::Mode::enforce, MtaStsPolicy::Mode::testing, MtaStsPolicy::Mode::none})
        if (value == name_of(mode)) return mode;
    return std::nullopt;
}

std::optional<std::uint64_t> read_number(std::string_view digits) noexcept {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (digits.empty() || error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
    return number;
}

/// Gathers the fields of a policy, one line at a time.
class PolicyFields {
public:
    base::Result<void> take(std::string_view line) {
        const std::size_t colon = line.find(':');
        const std::string_view name = trim_blanks(line.substr(0, colon));
        if (colon == std::string_view::npos || !is_field_name(name)) return fail(Errc::invalid_data, "a line that is no field");
        const std::string_view value = trim_blanks(line.substr(colon + 1));
        if (std::ranges::any_of(value, [](char c) { return base::is_control(c) && c != '\t'; }))
            return fail(Errc::invalid_data, "a control in a field");
        if (name == "version") return take_version(value);
        if (name == "mode") return take_mode(value);
        if (name == "max_age") return take_age(value);
        if (name == "mx") return take_mx(value);
        return {};
    }
    base::Result<MtaStsPolicy> finish() && {
        if (!version_) return fail(Errc::invalid_data, "no version");
        if (!mode_) return fail(Errc::invalid_data, "no mode");
        if (!age_) return fail(Errc::invalid_data, "no max_age");
        if (mx_.empty() && *mode_ != MtaStsPolicy::Mode::none) return fail(Errc::invalid_data, "no mx");
        return MtaStsPolicy{*mode_, *age_, std::move(mx_)};
    }

private:
    base::Result<void> take_version(std::string_view value) {
        if (!version_ && value != "STSv1") return fail(Errc::invalid_data, "another version than STSv1");
        version_ = true;
        return {};
    }
    base::Result<void> take_mode(std::string_view value) {
        if (mode_) return {};
        mode_ = read_mode(value);
        if (!mode_) return fail(Errc::invalid_data, "a mode other than enforce, testing, none");
        return {};
    }
    base::Result<void> take_age(std::string_view value) {
        if (age_) return {};
        const auto seconds = value.size() <= max_age_digits ? read_number(value) : std::nullopt;
        if (!seconds) return fail(Errc::invalid_data, "a max_age that is no number of seconds");
        age_ = std::min(std::chrono::seconds(*seconds), max_mta_sts_age);
        return {};
    }
    base::Result<void> take_mx(std::string_view value) {
        if (mx_.size() == max_mta_sts_patterns) return fail(Errc::too_long, "more than " + std::to_string(max_mta_sts_patterns) + " mx");
        auto pattern = read_pattern(value);
        if (!pattern) return std::unexpected(std::move(pattern.error()));
        mx_.push_back(*std::move(pattern));
        return {};
    }

    bool version_ = false;
    std::optional<MtaStsPolicy::Mode> mode_;
    std::optional<std::chrono::seconds> age_;
    std::vector<std::string> mx_;
};

/// "NAME VALUE" on the first line; nullopt: another name, or no line's end.
std::optional<std::string_view> take_line(std::string_view& text, std::string_view name) noexcept {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    if (end == std::string_view::npos || !line.starts_with(name)) return std::nullopt;
    text.remove_prefix(end + 1);
    line.remove_prefix(name.size());
    if (!name.ends_with(' ') && !line.empty()) return std::nullopt;
    return line;
}

}  // namespace

std::optional<std::string_view> mta_sts_id(std::span<const std::string> txt_records) noexcept {
    std::optional<std::string_view> only;
    for (const std::string_view record : txt_records) {
        if (!record.starts_with(record_version)) continue;
        const std::string_view rest = trim_blanks(record.substr(record_version.size()));
        if (!rest.starts_with(';')) continue;  // of another version, or none at all
        if (only) return std::nullopt;
        only = rest.substr(1);
    }
    return only ? id_of(*only) : std::nullopt;
}

std::string_view name_of(MtaStsPolicy::Mode mode) noexcept {
    switch (mode) {
        case MtaStsPolicy::Mode::enforce:
            return "enforce";
        case MtaStsPolicy::Mode::testing:
            return "testing";
        case MtaStsPolicy::Mode::none:
            return "none";
    }
    return "";
}

base::Result<MtaStsPolicy> MtaStsPolicy::parse(std::string_view text) {
    if (text.size() > max_mta_sts_policy_octets)
        return fail(Errc::too_long, "more than " + std::to_string(max_mta_sts_policy_octets) + " octets");
    PolicyFields fields;
    while (!text.empty()) {
        std::string_view line = base::take_until(text, '\n');
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (trim_blanks(line).empty()) continue;
        if (auto taken = fields.take(line); !taken) return std::unexpected(std::move(taken.error()));
    }
    return std::move(fields).finish();
}

std::string MtaStsPolicy::text() const {
    std::string out = "version: STSv1\nmode: ";
    out.append(name_of(mode)).append("\nmax_age: ").append(std::to_string(max_age.count())).append("\n");
    for (const std::string& pattern : mx) out.append("mx: ").append(pattern).append("\n");
    return out;
}

bool MtaStsPolicy::names_mx(std::string_view host) const {
    const std::string name = base::lower(host);
    const std::string_view parent = mail::parent_of(name);
    return std::ranges::any_of(mx, [&](std::string_view pattern) {
        return pattern.starts_with("*.") ? !parent.empty() && parent.size() < name.size() - 1 && parent == pattern.substr(2)
                                         : pattern == name;
    });
}

std::string MtaStsEntry::text() const {
    std::string out(entry_version);
    out.append("\ndomain ").append(domain).append("\nid ").append(id);
    out.append("\nfetched ").append(std::to_string(fetched.time_since_epoch().count())).append("\n");
    return out + policy.text() + "end\n";
}

base::Result<MtaStsEntry> MtaStsEntry::parse(std::string_view text) {
    const auto version = take_line(text, entry_version);
    const auto domain = take_line(text, "domain "), id = take_line(text, "id "), fetched = take_line(text, "fetched ");
    const auto seconds = read_number(fetched.value_or(""));
    if (!version || !domain || !id || !is_id(*id) || !seconds || *seconds > INT64_MAX / 2)
        return fail(Errc::invalid_data, "no kept policy of ours");
    const auto name = mail::Domain::parse(*domain);
    if (!name || name->text() != *domain) return fail(Errc::invalid_data, "no domain");
    if (!text.ends_with("\nend\n")) return fail(Errc::invalid_data, "cut short");
    text.remove_suffix(4);
    auto policy = MtaStsPolicy::parse(text);
    if (!policy) return std::unexpected(std::move(policy.error()));
    return MtaStsEntry{std::string(*domain), std::string(*id),
                       std::chrono::sys_seconds(std::chrono::seconds(static_cast<std::int64_t>(*seconds))), *std::move(policy)};
}

}  // namespace exota::authn
