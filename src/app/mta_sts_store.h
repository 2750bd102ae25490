// MTA-STS policies on disk (`mta_sts_directory`), so that a restart does not lose those in force: a file for each domain, named after it.
//
// A file is written beside and renamed, so a reader sees it whole or not at all; what a crash of the system leaves of one is found out when
// it is parsed (authn::MtaStsEntry). Number and size are bounded: when there is no more room those that have expired go, and if there is
// none a new domain is not kept. So nobody takes a policy in force away from another domain by having many of his own.
//
// Shared by all loops, and by all sections with that directory: what is in it is counted once. No file is touched while others wait for the
// mutex: what is to be done to a file is decided under it, and done by whoever has the file at the time, one change after another.
// Tested by mta_sts_store_test.cc.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "authn/mta_sts.h"
#include "base/result.h"

namespace exota::app {

struct MtaStsStoreLimits {
    std::size_t max_domains = 10'000;
    std::size_t max_octets = std::size_t{64} * 1024 * 1024;  // of all files together
    std::size_t max_file_octets = authn::max_mta_sts_policy_octets + std::size_t{4} * 1024;
};

class MtaStsStore {
public:
    explicit MtaStsStore(std::string directory, MtaStsStoreLimits limits = {}) : directory_(std::move(directory)), limits_(limits) {}
    virtual ~MtaStsStore() = default;
    MtaStsStore(const MtaStsStore&) = delete;
    MtaStsStore& operator=(const MtaStsStore&) = delete;

    /// Makes the directory, if only that is missing, and looks at what is in it: files that are none of ours, or empty, stay uncounted.
    /// Until it has succeeded nothing is stored; then it does nothing more. By one thread at a time.
    /// @return  io: files can't be made there. The detail begins with the directory.
    base::Result<void> open();

    /// @param domain  canonical.
    /// @return        nullopt: nothing is kept. too_long: no policy has so much; io. The detail names the file.
    base::Result<std::optional<std::string>> load(const std::string& domain) const;
    /// @param text     not empty.
    /// @param expires  when it may go.
    /// @return         why it is not kept: invalid_data, no file can be named so, or the text has no fit length; unavailable: there is no
    ///                 room, or the directory was never opened; io. Where somebody writes the file of that domain just now, he writes this
    ///                 text after his own, and hears of it.
    base::Result<void> store(const std::string& domain, std::string_view text, std::chrono::sys_seconds expires,
                             std::chrono::sys_seconds now);

    std::size_t domains() const;

protected:
    // Of one file, without the mutex; what a test looks at.
    virtual base::Result<void> write(const std::string& domain, std::string_view text, std::chrono::sys_seconds expires);
    virtual base::Result<void> remove(const std::string& domain);

private:
    struct File {
        std::size_t octets = 0;  // 0: there is none
        std::chrono::sys_seconds expires{};
    };
    struct Change {
        std::string text;  // empty: the file goes
        std::chrono::sys_seconds expires;
    };
    struct Kept {
        File planned, there;              // once all changes are made; as it was found last
        bool busy = false;                // somebody changes the file
        std::optional<Change> next = {};  // what he does then
    };
    using Changes = std::vector<std::pair<std::string, Change>>;

    // Under the mutex:
    bool make_room(const std::string& domain, std::size_t octets, std::chrono::sys_seconds now, Changes& changes);
    void plan(const std::string& domain, Change change, Changes& changes);
    void count(File& planned, const File& now);
    /// @param done  the change of that file that was made or failed. @return  what is to be done to it next.
    std::optional<Change> settle(const std::string& domain, const Change& done, bool succeeded);

    base::Result<void> carry_out(const std::string& domain, Change change);

    const std::string directory_;
    const MtaStsStoreLimits limits_;
    std::atomic<unsigned long> written_{0};  // names files that are being written
    mutable std::mutex mutex_;
    bool opened_ = false;
    std::map<std::string, Kept> kept_;
    std::size_t domains_ = 0, octets_ = 0;  // as planned
};

/// One store for each directory, whatever it is called.
class MtaStsStores {
public:
    std::shared_ptr<MtaStsStore> at(const std::string& directory);

private:
    std::map<std::string, std::shared_ptr<MtaStsStore>> stores_;
};

}  // namespace exota::app
