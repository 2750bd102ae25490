#include "directory/prefix_file.h"

#include <charconv>
#include <utility>

#include "base/text.h"

namespace exota::directory {
namespace {

using std::chrono::sys_days;

std::string_view take_word(std::string_view& text) noexcept {
    std::size_t end = 0;
    while (end < text.size() && !base::is_fws(text[end])) ++end;
    const std::string_view word = text.substr(0, end);
    text = base::trim(text.substr(end));
    return word;
}

/// "2026-12-31"
std::optional<sys_days> parse_day(std::string_view text) noexcept {
    if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
    const auto number = [&](std::size_t at, std::size_t octets) -> int {
        int value = -1;
        const char* const begin = text.data() + at;
        const auto [end, error] = std::from_chars(begin, begin + octets, value);
        return error == std::errc{} && end == begin + octets && base::is_digit(*begin) ? value : -1;
    };
    const int year = number(0, 4), month = number(5, 2), day = number(8, 2);
    if (year < 0 || month < 0 || day < 0) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                           std::chrono::day(static_cast<unsigned>(day))};
    return date.ok() ? std::optional(sys_days(date)) : std::nullopt;
}

base::Result<base::PrefixTable::Entry> parse_line(std::string_view text) {
    base::PrefixTable::Entry entry;
    const std::string_view written = take_word(text);
    auto prefix = base::IpPrefix::parse(written);
    if (!prefix) return std::unexpected(prefix.error());
    entry.prefix = *prefix;
    if (text.empty()) return entry;
    if (take_word(text) != "until")
        return base::fail(base::Errc::invalid_data, "behind the prefix stands something other than `until DATE`");
    const auto day = parse_day(take_word(text));
    if (!day || !text.empty()) return base::fail(base::Errc::invalid_data, "behind `until` stands no date such as 2026-12-31");
    entry.last_day = *day;
    return entry;
}

}  // namespace

PrefixFile parse_prefix_file(std::string_view text, std::size_t most_entries) {
    PrefixFile file;
    std::vector<base::PrefixTable::Entry> entries;
    for (ListLines line(text); line.next();) {
        if (line.is_too_long()) {
            note(file.problems, line.number(), "longer than " + std::to_string(max_list_line_octets) + " octets");
            continue;
        }
        auto entry = parse_line(line.content());
        if (!entry) {
            note(file.problems, line.number(), std::move(entry.error().detail));
            continue;
        }
        if (entries.size() == most_entries) {
            note(file.problems, line.number(), "is one more than " + std::to_string(most_entries) + " prefixes");
            return file;
        }
        entry->line = static_cast<std::uint32_t>(line.number());
        entries.push_back(*entry);
    }
    if (file.problems.empty()) file.table.emplace(std::move(entries));
    return file;
}

}  // namespace exota::directory
