#include "directory/shrink_guard.h"

#include <charconv>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/text.h"
#include "directory/plain_file.h"
#include "directory/replace_file.h"

namespace exota::directory {
namespace {

constexpr std::size_t max_state_octets = 8192;  // a number, and a path of at most PATH_MAX

/// Root writes here as well, into a directory that the daemon's user owns. Everybody may read it.
base::Result<void> note(const std::string& path, std::string_view content) {
    return replace_file(path, std::string(content) + '\n', {.mode = 0644});
}

/// A record of ours; nullopt where there is none, or what we never write: nothing, more, a link, a pipe.
std::optional<std::string> read_small_file(const std::string& path) {
    auto file = read_plain_file(path, max_state_octets);
    if (!file || file->text.empty()) return std::nullopt;
    return std::move(file->text);
}

/// Two commands in two folders may name one file relatively.
std::string absolute(const std::string& path) {
    std::error_code error;
    const std::filesystem::path whole = std::filesystem::absolute(path, error);
    return error ? path : whole.lexically_normal().string();
}

}  // namespace

std::string Fingerprint::text() const {
    static constexpr std::string_view digits = "0123456789abcdef";
    const std::uint64_t value = hash_.value();
    std::string out;
    for (int shift = 60; shift >= 0; shift -= 4) out += digits[value >> shift & 0xf];
    return out;
}

std::string ShrinkGuard::count_path(std::string_view absolute_tenants_file) const {
    Fingerprint name;
    name.feed(absolute_tenants_file);
    return directory_ + '/' + of_ + ".domains." + name.text();
}

std::optional<std::size_t> ShrinkGuard::last_domain_count(const std::string& tenants_file) const {
    const std::string path = absolute(tenants_file);
    const auto text = read_small_file(count_path(path));
    if (!text) return std::nullopt;
    std::string_view rest = *text;
    const std::string_view number = base::take_until(rest, ' ');
    if (rest != path + '\n') return std::nullopt;  // two paths of one fingerprint
    std::size_t count = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), count);
    if (error != std::errc{} || end != number.data() + number.size()) return std::nullopt;
    return count;
}

base::Result<void> ShrinkGuard::note_domain_count(const std::string& tenants_file, std::size_t domains) const {
    const std::string path = absolute(tenants_file);
    return note(count_path(path), std::to_string(domains) + ' ' + path);
}

std::string ShrinkGuard::acceptance_path() const { return directory_.empty() ? std::string() : directory_ + '/' + of_ + ".accepted"; }

bool ShrinkGuard::is_accepted(const Fingerprint& content) const {
    const auto text = read_small_file(acceptance_path());
    return text && base::trim(*text) == content.text();
}

base::Result<void> ShrinkGuard::accept(const Fingerprint& content) const { return note(acceptance_path(), content.text()); }

}  // namespace exota::directory
