#include "directory/snapshot_file.h"

#include <algorithm>
#include <optional>

#include "base/json_writer.h"
#include "directory/plain_file.h"
#include "directory/replace_file.h"
#include "directory/shrink_guard.h"

namespace exota::directory {
namespace {

constexpr std::string_view mark = "exota tenants snapshot ", version = "1";
constexpr std::size_t max_head_octets = 16384;

std::string checksum_of(std::string_view lines) {
    Fingerprint content;
    content.feed(lines);
    return content.text();
}

/// The second line. It is only ever compared with what it should be, so nobody parses it: the two numbers that nobody knows before are
/// taken out of it, and the line is made again.
std::string head_of(const SnapshotOrigin& origin, std::int64_t confirmed, std::string_view lines) {
    return base::json_text([&](base::JsonObject& head) {
        head.add("kind", origin.kind);
        head.add("base", origin.base);
        head.add("schema", origin.schema);
        head.add("confirmed", confirmed);
        head.add("tenants", static_cast<std::size_t>(std::ranges::count(lines, '\n')));
        head.add("octets", lines.size());
        head.add("checksum", checksum_of(lines));
    });
}

/// Of the head line, up to "confirmed".
std::string origin_of(const SnapshotOrigin& origin) {
    std::string head = head_of(origin, 0, {});
    return head.substr(0, head.rfind(",\"confirmed\":"));
}

std::optional<std::int64_t> number_behind(std::string_view name, std::string_view head) {
    const std::size_t at = head.rfind(name);
    if (at == std::string_view::npos) return std::nullopt;
    std::int64_t value = 0;
    std::size_t digits = 0;
    for (const char c : head.substr(at + name.size())) {
        if (c < '0' || c > '9') break;
        if (++digits > 15) return std::nullopt;
        value = value * 10 + (c - '0');
    }
    return digits > 0 ? std::optional(value) : std::nullopt;
}

std::unexpected<base::Error> unusable(std::string_view why) { return base::fail(base::Errc::invalid_data, why); }

}  // namespace

std::string snapshot_text(const SnapshotOrigin& origin, const StoredSnapshot& snapshot) {
    std::string out(mark);
    out.append(version) += '\n';
    out += head_of(origin, snapshot.confirmed.time_since_epoch().count(), snapshot.lines) + '\n';
    return out += snapshot.lines;
}

base::Result<StoredSnapshot> read_snapshot(std::string_view text, const SnapshotOrigin& origin) {
    if (!text.starts_with(mark)) return unusable("is no snapshot of tenants");
    text.remove_prefix(mark.size());
    const std::size_t first_end = text.substr(0, max_head_octets).find('\n');
    if (first_end == std::string_view::npos) return unusable("is cut short");
    if (text.substr(0, first_end) != version) return unusable("is of another version of this program");
    text.remove_prefix(first_end + 1);
    const std::size_t head_end = text.substr(0, max_head_octets).find('\n');
    if (head_end == std::string_view::npos) return unusable("is cut short");
    const std::string_view head = text.substr(0, head_end), lines = text.substr(head_end + 1);
    if (!head.starts_with(origin_of(origin) + ',')) return unusable("is another source's");
    const auto confirmed = number_behind("\"confirmed\":", head), octets = number_behind("\"octets\":", head);
    if (!confirmed || !octets) return unusable("is altered");
    if (lines.size() < static_cast<std::size_t>(*octets)) return unusable("is cut short");
    if (head != head_of(origin, *confirmed, lines)) return unusable("is altered");
    if (!lines.empty() && lines.back() != '\n') return unusable("is altered");
    return StoredSnapshot{std::chrono::sys_seconds(std::chrono::seconds(*confirmed)), std::string(lines)};
}

base::Result<StoredSnapshot> load_snapshot(const std::string& path, const SnapshotOrigin& origin) {
    const auto file = read_plain_file(path, max_snapshot_octets);
    if (!file) return std::unexpected(file.error());
    base::Result<StoredSnapshot> read = read_snapshot(file->text, origin);
    if (!read) return base::fail(read.error().code, path + ": " + read.error().detail);
    return read;
}

base::Result<void> save_snapshot(const std::string& path, const SnapshotOrigin& origin, const StoredSnapshot& snapshot) {
    return replace_file(path, snapshot_text(origin, snapshot), {.mode = 0600});
}

}  // namespace exota::directory
