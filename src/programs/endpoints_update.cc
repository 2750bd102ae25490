#include "programs/endpoints_update.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

#include "directory/replace_file.h"

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
    out.objections = config::objections_to(after.list, before ? &before->list : nullptr);
    if (!out.objections.empty() && !how.force)
        return ended(Exit::bad_data, "refused: " + config::text_of_objections(out.objections) + "; if that is meant, --force");

    const std::string has = prefixes_text(after.list.prefixes.size());
    if (!how.force && out.content == after.content.text()) return ended(Exit::ok, "nothing to change: " + has);
    if (how.dry_run) return ended(Exit::ok, "nothing was written (--dry-run): " + has);
    // First, so that the daemon knows when it finds the file.
    if (how.force)
        if (const auto noted = config::endpoints_guard(path).accept(after.content); !noted)
            return ended(Exit::unavailable, "cannot note for the daemon that the list is meant: " + noted.error().detail);
    if (const auto written = write(path, list); !written) return ended(Exit::unavailable, written.error().detail);
    out.written = true;
    out.content = after.content.text();
    return ended(Exit::ok, "written: " + has);
}

}  // namespace exota::programs
