// MTA-STS policies on disk (`mta_sts_directory`), so that a restart does not lose those in force: a file for each domain, named after it.
//
// A file is written beside and renamed, so a reader sees it whole or not at all; what a crash of the system leaves of one is found out when
// it is parsed (authn::MtaStsEntry). Number and size are bounded: when there is no more room those that have expired go, and if there is
// none a new domain is not kept. So nobody takes a policy in force away from another domain by having many of his own.
//
// Shared by all loops. Tested by mta_sts_store_test.cc.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

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
    /// Hears why a policy could not be kept or read; from any loop.
    using Trouble = std::function<void(std::string_view)>;

    explicit MtaStsStore(std::string directory, MtaStsStoreLimits limits = {}) : directory_(std::move(directory)), limits_(limits) {}

    /// Makes the directory, if only that is missing, and looks at what is in it: files that are none of ours, or empty, stay uncounted.
    /// Before the others. @return  io: files can't be made there. The detail begins with the directory.
    base::Result<void> open();
    void on_trouble(Trouble trouble) { trouble_ = std::move(trouble); }

    /// @param domain  canonical. @return  nullopt: nothing is kept, or it is too long, or it can't be read.
    std::optional<std::string> load(const std::string& domain);
    /// @param expires  when it may go.
    void store(const std::string& domain, std::string_view text, std::chrono::sys_seconds expires, std::chrono::sys_seconds now);

    std::size_t domains() const;

private:
    struct Kept {
        std::size_t octets = 0;
        std::chrono::sys_seconds expires{};
    };

    bool make_room(const std::string& domain, std::size_t octets, std::chrono::sys_seconds now);
    base::Result<void> write(const std::string& domain, std::string_view text, std::chrono::sys_seconds expires);
    void tell(const std::string& text) const {
        if (trouble_) trouble_(text);
    }

    const std::string directory_;
    const MtaStsStoreLimits limits_;
    Trouble trouble_;
    mutable std::mutex mutex_;
    std::map<std::string, Kept> kept_;
    std::size_t octets_ = 0;
    unsigned long written_ = 0;  // names files that are being written
};

}  // namespace exota::app
