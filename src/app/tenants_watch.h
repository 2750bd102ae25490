// Whether the tenants file changed, by looking now and then; half-written files are waited for.
//
// Looks at the acceptance of a shrunken file as well (directory/shrink_guard.h): once an operator confirms, the file is tried again.
// Tested by daemon_test.cc; the rule itself by directory/file_stamp_test.cc.
#pragma once

#include <optional>
#include <string>

#include "directory/file_stamp.h"
#include "directory/shrink_guard.h"
#include "directory/tenants_settings.h"

namespace exota::app {

class TenantsWatch {
public:
    /// @param read  what was there when it was last read.
    TenantsWatch(const directory::TenantsSettings& config, const std::optional<directory::FileStamp>& read)
        : path_(config.file), state_directory_(config.state_directory), watch_({read, look().acceptance}) {}

    /// It was read otherwise (SIGHUP).
    void was_read(const std::optional<directory::FileStamp>& read) { watch_.loaded({read, look().acceptance}); }

    /// What to do about it now.
    directory::FileWatch::Action look_again() { return watch_.look(look()); }
    const std::string& path() const noexcept { return path_; }

private:
    directory::Watched look() const {
        directory::Watched seen;
        if (auto stamp = directory::stamp_of(path_)) seen.file = *stamp;
        if (!state_directory_.empty())
            if (auto stamp = directory::stamp_of(directory::ShrinkGuard(state_directory_).acceptance_path())) seen.acceptance = *stamp;
        return seen;
    }

    std::string path_;
    std::string state_directory_;  // of the shrink guard
    directory::FileWatch watch_;
};

}  // namespace exota::app
