#include "app/mta_sts_store.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "mail/domain.h"
#include "net/descriptor.h"

namespace exota::app {

namespace {

using base::Errc;
using base::fail;
using base::Result;

std::unexpected<base::Error> system_error(const std::string& what) { return fail(Errc::io, what + ": " + std::strerror(errno)); }

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
    if (::mkdir(directory_.c_str(), 0750) != 0 && errno != EEXIST) return system_error(directory_);
    const std::unique_ptr<DIR, int (*)(DIR*)> listing(::opendir(directory_.c_str()), ::closedir);
    if (!listing) return system_error(directory_);
    if (::faccessat(::dirfd(listing.get()), ".", W_OK | X_OK, AT_EACCESS) != 0) return system_error(directory_);
    const std::lock_guard lock(mutex_);
    kept_.clear();
    octets_ = 0;
    while (const dirent* const entry = ::readdir(listing.get())) {
        const std::string name = entry->d_name;
        if (name.starts_with(unfinished)) ::unlinkat(::dirfd(listing.get()), name.c_str(), 0);  // of a process that ended
        struct stat about{};
        if (!is_file_name(name) || ::fstatat(::dirfd(listing.get()), name.c_str(), &about, AT_SYMLINK_NOFOLLOW) != 0) continue;
        if (!S_ISREG(about.st_mode) || about.st_size == 0) continue;
        const auto octets = static_cast<std::size_t>(about.st_size);
        kept_[name] = {octets, std::chrono::sys_seconds(std::chrono::seconds(about.st_mtim.tv_sec))};
        octets_ += octets;
    }
    return {};
}

std::optional<std::string> MtaStsStore::load(const std::string& domain) {
    if (!is_file_name(domain)) return std::nullopt;
    const std::string path = directory_ + '/' + domain;
    const net::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!file) {
        if (errno != ENOENT) tell(path + ": " + std::strerror(errno));
        return std::nullopt;
    }
    std::string text(limits_.max_file_octets + 1, '\0');
    std::size_t octets = 0;
    while (octets < text.size()) {
        const ssize_t got = ::read(file.get(), text.data() + octets, text.size() - octets);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) {
            tell(path + ": " + std::strerror(errno));
            return std::nullopt;
        }
        if (got == 0) break;
        octets += static_cast<std::size_t>(got);
    }
    if (octets > limits_.max_file_octets) {
        tell(path + ": more than " + std::to_string(limits_.max_file_octets) + " octets, which no policy has");
        return std::nullopt;
    }
    text.resize(octets);
    return text;
}

void MtaStsStore::store(const std::string& domain, std::string_view text, std::chrono::sys_seconds expires, std::chrono::sys_seconds now) {
    if (!is_file_name(domain) || text.size() > limits_.max_file_octets)
        return tell("no file can be named after a domain \"" + domain + '"');
    const std::lock_guard lock(mutex_);
    if (!make_room(domain, text.size(), now))
        return tell(directory_ + ": as many policies as are kept are in force; that of " + domain + " is forgotten with the next restart");
    const Result<void> written = write(domain, text, expires);
    if (!written) return tell(written.error().detail);
    Kept& kept = kept_[domain];
    octets_ += text.size() - kept.octets;
    kept = {text.size(), expires};
}

bool MtaStsStore::make_room(const std::string& domain, std::size_t octets, std::chrono::sys_seconds now) {
    const auto fits = [&] {
        const auto before = kept_.find(domain);
        const std::size_t others = octets_ - (before != kept_.end() ? before->second.octets : 0);
        return (before != kept_.end() || kept_.size() < limits_.max_domains) && others + octets <= limits_.max_octets;
    };
    if (fits()) return true;
    std::erase_if(kept_, [&](const auto& one) {
        if (one.first == domain || now < one.second.expires) return false;
        ::unlink((directory_ + '/' + one.first).c_str());  // counted no more; one that stays is looked at with the next start
        octets_ -= one.second.octets;
        return true;
    });
    return fits();
}

/// The time of the file is the end of its policy, so that the next start need not read them all.
Result<void> MtaStsStore::write(const std::string& domain, std::string_view text, std::chrono::sys_seconds expires) {
    const std::string path = directory_ + '/' + domain;
    const std::string beside = directory_ + '/' + std::string(unfinished) + std::to_string(::getpid()) + '-' + std::to_string(++written_);
    const timespec times[2] = {{.tv_sec = 0, .tv_nsec = UTIME_OMIT}, {.tv_sec = expires.time_since_epoch().count(), .tv_nsec = 0}};
    const net::Descriptor file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640));
    if (!file) return system_error(beside);
    if (write_all(file.get(), text) && ::futimens(file.get(), times) == 0 && ::rename(beside.c_str(), path.c_str()) == 0) return {};
    const int error = errno;
    ::unlink(beside.c_str());
    return fail(Errc::io, path + ": " + std::strerror(error));
}

std::size_t MtaStsStore::domains() const {
    const std::lock_guard lock(mutex_);
    return kept_.size();
}

}  // namespace exota::app
