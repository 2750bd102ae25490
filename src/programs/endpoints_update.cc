#include "programs/endpoints_update.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <optional>
#include <utility>

#include "base/joined.h"
#include "directory/replace_file.h"

namespace exota::programs {
namespace {

using config::EndpointsFile;

/// Through links: what they lead to is replaced, with its mode, and by root with its owner.
base::Result<void> write(const std::string& path, std::string_view list) {
    const std::unique_ptr<char, void (*)(void*)> real(::realpath(path.c_str(), nullptr), &std::free);
    directory::FileAs as{.mode = 0644};
    struct stat status{};
    if (real && ::stat(real.get(), &status) == 0) {
        as.mode = status.st_mode & 07777;
        if (::geteuid() == 0) as.owner = directory::FileAs::Owner{status.st_uid, status.st_gid};
    }
    return directory::replace_file(real ? real.get() : path, list, as);
}

}  // namespace

std::string prefixes_text(std::size_t number) { return std::to_string(number) + (number == 1 ? " prefix" : " prefixes"); }

std::string endpoints_content(const std::string& path) {
    const auto file = config::read_endpoints_file(path);
    return file ? file->content.text() : std::string();
}

EndpointsUpdated update_endpoints(const EndpointsPlace& place, std::string_view list, const HowToUpdate& how) {
    EndpointsUpdated out;
    const auto ended = [&out](Exit exit, std::string said) {
        out.exit = exit;
        out.said = std::move(said);
        return out;
    };
    const auto before = config::read_endpoints_file(place.path);
    if (before) out.content = before->content.text();
    const bool replaceable = before || before.error().code == base::Errc::not_found || before.error().code == base::Errc::invalid_data ||
                             before.error().code == base::Errc::too_long;
    if (!replaceable) return ended(Exit::unavailable, before.error().detail);

    auto parsed = config::parse_endpoints(list);
    if (!parsed) return ended(Exit::bad_data, parsed.error().detail);
    EndpointsFile after{.path = place.path, .list = *std::move(parsed)};
    after.content.feed(list);
    out.difference = config::difference(before ? before->list : config::EndpointList{}, after.list);
    out.objections = config::objections_to(after.list, before ? &before->list : nullptr);
    if (!out.objections.empty() && !how.force)
        return ended(Exit::bad_data, "refused: " + base::joined(out.objections, "; ") + "; if that is meant, --force");

    const std::string has = prefixes_text(after.list.prefixes.size());
    if (!how.force && out.content == after.content.text()) return ended(Exit::ok, "nothing to change: " + has);
    if (how.dry_run) return ended(Exit::ok, "nothing was written (--dry-run): " + has);
    // First, so that the daemon knows when it finds the file.
    if (how.force && !place.state_directory.empty())
        if (const auto noted = config::endpoints_guard(place.state_directory).accept(after.content); !noted)
            return ended(Exit::unavailable, "cannot note for the daemon that the list is meant: " + noted.error().detail);
    if (const auto written = write(place.path, list); !written) return ended(Exit::unavailable, written.error().detail);
    out.written = true;
    out.content = after.content.text();
    return ended(Exit::ok, "written: " + has);
}

}  // namespace exota::programs
