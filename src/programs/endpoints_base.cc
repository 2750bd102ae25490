#include "programs/endpoints_base.h"

#include <charconv>

#include "base/text.h"
#include "directory/plain_file.h"
#include "directory/replace_file.h"

namespace exota::programs {
namespace {

// "exota endpoints base 1 CHANGED WRITTEN", then a prefix a line.
constexpr std::string_view mark = "exota endpoints base 1 ";
constexpr std::size_t max_base_octets = 128 + 64 * config::max_endpoint_prefixes;  // its first line, and the others

}  // namespace

std::string text_of(const EndpointsBase& base) {
    std::string text = std::string(mark) + std::to_string(base.changed.count()) + ' ' + base.written + '\n';
    for (const base::IpPrefix& prefix : base.list.prefixes) text += prefix.text() + '\n';
    return text;
}

std::optional<EndpointsBase> endpoints_base_of(std::string_view text) {
    if (!text.starts_with(mark)) return std::nullopt;
    text.remove_prefix(mark.size());
    std::string_view head = base::take_until(text, '\n');
    const std::string_view digits = base::take_until(head, ' ');
    std::int64_t changed = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), changed);
    if (error != std::errc{} || end != digits.data() + digits.size() || head.empty() || text.empty()) return std::nullopt;
    if (changed < 0) return std::nullopt;
    EndpointsBase out{.list = {}, .written = std::string(head), .changed = std::chrono::seconds(changed)};
    while (!text.empty()) {
        const auto prefix = base::IpPrefix::parse(base::take_until(text, '\n'));
        if (!prefix || out.list.prefixes.size() == config::max_endpoint_prefixes) return std::nullopt;
        out.list.prefixes.push_back(*prefix);
    }
    return out;
}

std::string endpoints_base_path(const std::string& file) { return file + ".base"; }

std::optional<EndpointsBase> endpoints_base(const std::string& file, const std::string& content, std::chrono::seconds now) {
    const auto read = directory::read_plain_file(endpoints_base_path(file), max_base_octets);
    auto base = read ? endpoints_base_of(read->text) : std::nullopt;
    if (!base || base->written != content || now - base->changed >= endpoints_stand) return std::nullopt;
    return base;
}

base::Result<void> keep_endpoints_base(const std::string& file, const EndpointsBase& base) {
    return directory::replace_file(endpoints_base_path(file), text_of(base), {.mode = 0644});
}

}  // namespace exota::programs
