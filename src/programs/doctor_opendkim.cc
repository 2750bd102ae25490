#include "programs/doctor_opendkim.h"

#include <charconv>

#include "base/text.h"

namespace exota::programs {
namespace {

constexpr int most_levels = 5;  // opendkim.conf(5), Include
/// opendkim(8), DATA SETS: types whose values are kept in another place.
constexpr std::string_view elsewhere[] = {"file",  "refile", "db",       "bdb",    "dsn", "ldap",  "ldaps",
                                          "ldapi", "lua",    "memcache", "erlang", "mdb", "socket"};

}  // namespace

base::Result<OpenDkimSettings> OpenDkimSettings::load(const std::string& path, const ReadFile& read_file) {
    OpenDkimSettings out;
    if (const auto done = out.add(path, read_file, 0); !done) return std::unexpected(done.error());
    return out;
}

base::Result<void> OpenDkimSettings::add(const std::string& path, const ReadFile& read_file, int level) {
    if (level > most_levels) return base::fail(base::Errc::too_long, path + ": Include nests deeper than five levels");
    const base::Result<std::string> text = read_file(path);
    if (!text) return std::unexpected(text.error());
    for (std::string_view rest = *text; !rest.empty();) {
        std::string_view line = base::take_until(rest, '\n');
        line = base::trim(base::take_until(line, '#'));
        const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
        const std::string name = base::lower(line.substr(0, end));
        const std::string value(base::trim(line.substr(end)));
        if (name.empty()) continue;
        if (name != "include") {
            values_.insert_or_assign(name, value);
        } else if (const auto done = add(value, read_file, level + 1); !done) {
            return done;
        }
    }
    return {};
}

std::optional<std::string> OpenDkimSettings::find(std::string_view name) const {
    const auto found = values_.find(base::lower(name));
    return found == values_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<bool> OpenDkimSettings::is_on(std::string_view name) const {
    const std::optional<std::string> value = find(name);
    if (!value || value->empty()) return std::nullopt;
    // By its first character, as OpenDKIM's own reader does.
    if (std::string_view("tTyY1").find(value->front()) != std::string_view::npos) return true;
    if (std::string_view("fFnN0").find(value->front()) != std::string_view::npos) return false;
    return std::nullopt;
}

std::optional<std::int64_t> OpenDkimSettings::number(std::string_view name) const {
    const std::optional<std::string> value = find(name);
    if (!value) return std::nullopt;
    std::int64_t out = 0;
    const char* const end = value->data() + value->size();
    const auto [stop, error] = std::from_chars(value->data(), end, out);
    return error == std::errc() && stop == end ? std::optional(out) : std::nullopt;
}

std::optional<std::vector<std::string>> OpenDkimSettings::list_in(std::string_view value) {
    if (value.starts_with("csl:")) value.remove_prefix(4);
    if (value.starts_with('/') || value.starts_with("./")) return std::nullopt;
    for (const std::string_view type : elsewhere)
        if (value.starts_with(type) && value.substr(type.size()).starts_with(':')) return std::nullopt;
    std::vector<std::string> out;
    while (!value.empty())
        if (const std::string_view word = base::trim(base::take_until(value, ',')); !word.empty()) out.emplace_back(word);
    return out;
}

}  // namespace exota::programs
