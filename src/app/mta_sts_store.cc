#include "app/mta_sts_store.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <memory>
#include <utility>

#include "base/system_error.h"
#include "directory/plain_file.h"
#include "mail/domain.h"
#include "net/descriptor.h"

namespace exota::app {

namespace {

using base::Errc;
using base::fail;
using base::Result;
using base::system_error;

/// A file of ours; what is being written has a name that no domain has.
constexpr std::string_view unfinished = ".unfinished-";
bool is_file_name(const std::string& name) {
    const auto domain = mail::Domain::parse(name);
    return domain && domain->text() == name;
}

bool write_all(int descriptor, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(descriptor, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

}  // namespace

Result<void> MtaStsStore::open() {
    {
        const std::lock_guard lock(mutex_);
        if (opened_) return {};
    }
    if (::mkdir(directory_.c_str(), 0750) != 0 && errno != EEXIST) return system_error(directory_);
    const std::unique_ptr<DIR, int (*)(DIR*)> listing(::opendir(directory_.c_str()), ::closedir);
    if (!listing) return system_error(directory_);
    if (::faccessat(::dirfd(listing.get()), ".", W_OK | X_OK, AT_EACCESS) != 0) return system_error(directory_);
    std::map<std::string, Kept> kept;
    std::size_t octets = 0;
    while (const dirent* const entry = ::readdir(listing.get())) {
        const std::string name = entry->d_name;
        if (name.starts_with(unfinished)) ::unlinkat(::dirfd(listing.get()), name.c_str(), 0);  // of a process that ended
        struct stat about{};
        if (!is_file_name(name) || ::fstatat(::dirfd(listing.get()), name.c_str(), &about, AT_SYMLINK_NOFOLLOW) != 0) continue;
        if (!S_ISREG(about.st_mode) || about.st_size == 0) continue;
        const File file{static_cast<std::size_t>(about.st_size), std::chrono::sys_seconds(std::chrono::seconds(about.st_mtim.tv_sec))};
        kept[name] = {.planned = file, .there = file};
        octets += file.octets;
    }
    const std::lock_guard lock(mutex_);
    kept_ = std::move(kept);
    domains_ = kept_.size();
    octets_ = octets;
    opened_ = true;
    return {};
}

Result<std::optional<std::string>> MtaStsStore::load(const std::string& domain) const {
    if (!is_file_name(domain)) return std::nullopt;
    auto file = directory::read_plain_file(directory_ + '/' + domain, limits_.max_file_octets);
    if (file) return std::move(file->text);
    if (file.error().code == Errc::not_found) return std::nullopt;
    return std::unexpected(std::move(file.error()));
}

Result<void> MtaStsStore::store(const std::string& domain, std::string_view text, std::chrono::sys_seconds expires,
                                std::chrono::sys_seconds now) {
    if (!is_file_name(domain)) return fail(Errc::invalid_data, "no file can be named after a domain \"" + domain + '"');
    if (text.empty() || text.size() > limits_.max_file_octets)
        return fail(Errc::invalid_data, directory_ + '/' + domain + ": no policy has " + std::to_string(text.size()) + " octets");
    Changes changes;
    Result<void> result;
    {
        const std::lock_guard lock(mutex_);
        if (!opened_) return fail(Errc::unavailable, directory_ + " could not be opened: policies are forgotten with the next restart");
        if (make_room(domain, text.size(), now, changes))
            plan(domain, {std::string(text), expires}, changes);
        else
            result = fail(Errc::unavailable, directory_ + ": as many policies as are kept are in force; that of " + domain +
                                                 " is forgotten with the next restart");
    }
    for (auto& [name, change] : changes)
        if (const Result<void> done = carry_out(name, std::move(change)); !done) result = done;
    return result;
}

bool MtaStsStore::make_room(const std::string& domain, std::size_t octets, std::chrono::sys_seconds now, Changes& changes) {
    const auto fits = [&] {
        const auto before = kept_.find(domain);
        const std::size_t own = before != kept_.end() ? before->second.planned.octets : 0;
        return (own > 0 || domains_ < limits_.max_domains) && octets_ - own + octets <= limits_.max_octets;
    };
    if (fits()) return true;
    for (const auto& [name, kept] : kept_)
        if (name != domain && kept.planned.octets > 0 && kept.planned.expires <= now) plan(name, {}, changes);
    return fits();
}

void MtaStsStore::count(File& planned, const File& now) {
    domains_ = domains_ - (planned.octets > 0 ? 1 : 0) + (now.octets > 0 ? 1 : 0);
    octets_ = octets_ - planned.octets + now.octets;
    planned = now;
}

void MtaStsStore::plan(const std::string& domain, Change change, Changes& changes) {
    Kept& kept = kept_[domain];
    count(kept.planned, {change.text.size(), change.expires});
    if (std::exchange(kept.busy, true))
        kept.next = std::move(change);
    else
        changes.emplace_back(domain, std::move(change));
}

std::optional<MtaStsStore::Change> MtaStsStore::settle(const std::string& domain, const Change& done, bool succeeded) {
    const auto found = kept_.find(domain);
    Kept& kept = found->second;  // who is busy stays
    if (succeeded) kept.there = {done.text.size(), done.expires};
    if (kept.next) return std::exchange(kept.next, std::nullopt);
    kept.busy = false;
    // A file that could not be removed is counted no more: it is looked at with the next start.
    if (!succeeded && !done.text.empty()) count(kept.planned, kept.there);
    if (kept.planned.octets == 0) kept_.erase(found);
    return std::nullopt;
}

Result<void> MtaStsStore::carry_out(const std::string& domain, Change change) {
    for (;;) {
        const Result<void> done = change.text.empty() ? remove(domain) : write(domain, change.text, change.expires);
        const std::lock_guard lock(mutex_);
        auto next = settle(domain, change, done.has_value());
        if (!next) return done;
        change = *std::move(next);
    }
}

Result<void> MtaStsStore::remove(const std::string& domain) {
    const std::string path = directory_ + '/' + domain;
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return system_error(path);
    return {};
}

/// The time of the file is the end of its policy, so that the next start need not read them all.
Result<void> MtaStsStore::write(const std::string& domain, std::string_view text, std::chrono::sys_seconds expires) {
    const std::string path = directory_ + '/' + domain;
    const std::string beside = directory_ + '/' + std::string(unfinished) + std::to_string(::getpid()) + '-' + std::to_string(++written_);
    const timespec times[2] = {{.tv_sec = 0, .tv_nsec = UTIME_OMIT}, {.tv_sec = expires.time_since_epoch().count(), .tv_nsec = 0}};
    const net::Descriptor file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640));
    if (!file) return system_error(beside);
    if (write_all(file.get(), text) && ::futimens(file.get(), times) == 0 && ::rename(beside.c_str(), path.c_str()) == 0) return {};
    const auto failed = system_error(path);
    ::unlink(beside.c_str());
    return failed;
}

std::size_t MtaStsStore::domains() const {
    const std::lock_guard lock(mutex_);
    return domains_;
}

std::shared_ptr<MtaStsStore> MtaStsStores::at(const std::string& directory) {
    std::error_code unknown;  // then the path is as good as any
    const auto canonical = std::filesystem::weakly_canonical(directory, unknown);
    std::shared_ptr<MtaStsStore>& store = stores_[unknown ? directory : (canonical / "").string()];
    if (!store) store = std::make_shared<MtaStsStore>(directory);
    return store;
}

}  // namespace exota::app
