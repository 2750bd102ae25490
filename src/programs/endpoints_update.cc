#include "programs/endpoints_update.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

#include "directory/replace_file.h"
#include "programs/endpoints_base.h"

namespace exota::programs {
namespace {

using config::EndpointsFile;

/// The first link on the way to a file, or the file itself, that belongs to somebody but root; empty: none. Who may write there decides
/// what root replaces else.
std::string foreign_link(const std::string& path) {
    std::error_code error;
    std::filesystem::path way;
    for (const std::filesystem::path& part : std::filesystem::absolute(path, error)) {
        way /= part;
        struct stat status{};
        if (::lstat(way.c_str(), &status) == 0 && S_ISLNK(status.st_mode) && status.st_uid != 0) return way.string();
    }
    return {};
}

std::string folder_of(const std::string& path) {
    std::string folder = std::filesystem::path(path).parent_path().string();
    return folder.empty() ? "." : folder;
}

/// Of a folder, held until it is destroyed.
class Lock {
public:
    explicit Lock(const std::string& path) : descriptor_(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
        int done = descriptor_ < 0 ? -1 : 0;
        if (done == 0) do
                done = ::flock(descriptor_, LOCK_EX);
            while (done != 0 && errno == EINTR);
        if (done != 0) trouble_ = path + ": " + std::strerror(errno);
    }
    ~Lock() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;
    /// Why it is not held; empty: it is.
    const std::string& trouble() const noexcept { return trouble_; }

private:
    int descriptor_;
    std::string trouble_;
};

/// Where a path leads through links; itself where that cannot be told.
std::string real_path(const std::string& path) {
    const std::unique_ptr<char, void (*)(void*)> real(::realpath(path.c_str(), nullptr), &std::free);
    return real ? real.get() : path;
}

/// With the mode of what is there, and by root with its owner.
base::Result<void> write(const std::string& real, std::string_view list) {
    directory::FileAs as{.mode = 0644};
    struct stat status{};
    if (::stat(real.c_str(), &status) == 0) {
        as.mode = status.st_mode & 07777;
        if (::geteuid() == 0) as.owner = directory::FileAs::Owner{status.st_uid, status.st_gid};
    }
    return directory::replace_file(real, list, as);
}

/// Which list the daemon has, or takes up at its next look or start: the one in the file, unless it refuses that for what it used before.
const EndpointsFile* used_by_daemon(const base::Result<EndpointsFile>& file, const HowToUpdate& how) {
    const EndpointsFile* const in_use = how.in_use ? &*how.in_use : nullptr;
    if (!file) return in_use;
    return in_use && !config::why_not_used(*file, &in_use->list).empty() ? in_use : &*file;
}

/// What speaks against a list as one more of a row, beside what speaks against it anyhow.
void object_to_row(const std::string& real, const EndpointsBase& base, const config::EndpointList& list,
                   std::vector<std::string>& objections) {
    std::string unlike;
    for (const std::string& objection : config::objections_to(list, &base.list))
        if (std::ranges::find(objections, objection) == objections.end()) unlike += (unlike.empty() ? "" : "; ") + objection;
    if (unlike.empty()) return;
    objections.push_back("together with the changes since " + endpoints_base_path(real) + " was confirmed: " + unlike);
}

}  // namespace

std::string prefixes_text(std::size_t number) { return std::to_string(number) + (number == 1 ? " prefix" : " prefixes"); }

std::string endpoints_content(const std::string& path) {
    const auto file = config::read_endpoints_file(path);
    return file ? file->content.text() : std::string();
}

EndpointsUpdated update_endpoints(const std::string& path, std::string_view list, const HowToUpdate& how) {
    EndpointsUpdated out;
    const auto ended = [&out](Exit exit, std::string said) {
        out.exit = exit;
        out.said = std::move(said);
        return out;
    };
    if (::geteuid() == 0)
        if (const std::string link = foreign_link(path); !link.empty())
            return ended(Exit::unavailable, link + " is a link, and not root's: as root it is not followed");
    std::optional<Lock> lock;
    if (!how.dry_run)
        if (lock.emplace(folder_of(path)); !lock->trouble().empty())
            return ended(Exit::unavailable, path + " cannot be locked: " + lock->trouble());
    const auto before = config::read_endpoints_file(path);
    if (before) out.content = before->content.text();
    const bool replaceable = before || before.error().code == base::Errc::not_found || before.error().code == base::Errc::invalid_data ||
                             before.error().code == base::Errc::too_long;
    if (!replaceable) return ended(Exit::unavailable, before.error().detail);

    auto parsed = config::parse_endpoints(list);
    if (!parsed) return ended(Exit::bad_data, parsed.error().detail);
    EndpointsFile after{.path = path, .list = *std::move(parsed)};
    after.content.feed(list);
    out.difference = config::difference(before ? before->list : config::EndpointList{}, after.list);
    const EndpointsFile* const used = used_by_daemon(before, how);
    out.objections = config::objections_to(after.list, used ? &used->list : nullptr);
    const std::string real = real_path(path);
    std::optional<EndpointsBase> base = endpoints_base(real, out.content, how.now);
    if (base) object_to_row(real, *base, after.list, out.objections);
    if (!out.objections.empty() && !how.force)
        return ended(Exit::bad_data, "refused: " + config::text_of_objections(out.objections) + "; if that is meant, --force");

    const std::string has = prefixes_text(after.list.prefixes.size());
    if (!how.force && out.content == after.content.text()) return ended(Exit::ok, "nothing to change: " + has);
    if (how.dry_run) return ended(Exit::ok, "nothing was written (--dry-run): " + has);
    // First, so that the daemon knows when it finds the file.
    if (how.force)
        if (const auto noted = config::endpoints_guard(path).accept(after.content); !noted)
            return ended(Exit::unavailable, "cannot note for the daemon that the list is meant: " + noted.error().detail);
    // Before the list, for a row that nobody noted could be walked on.
    const std::optional<EndpointsBase> base_before = base;
    if (how.force) base.reset();
    if (!base) base = {.list = how.force || !used ? after.list : used->list};
    base->written = after.content.text();
    base->changed = how.now;
    if (const auto kept = keep_endpoints_base(real, *base); !kept)
        return ended(Exit::unavailable, "cannot note what the next list is compared with: " + kept.error().detail);
    if (const auto written = write(real, list); !written) {
        // The row goes on from the list that is there. Where that cannot be noted either, the next one begins anew, as it would without a
        // note.
        if (base_before) static_cast<void>(keep_endpoints_base(real, *base_before));
        return ended(Exit::unavailable, written.error().detail);
    }
    out.written = true;
    out.content = after.content.text();
    return ended(Exit::ok, "written: " + has);
}

}  // namespace exota::programs
