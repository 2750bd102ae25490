// The configuration file, taken up without a signal where nobody can send one (exota serve --watch: a mounted file that is replaced).
//
// Tested by daemon_reload_test.cc and tests/packages/test_image.py.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "directory/file_stamp.h"

namespace exota::app {

class ConfigWatch {
public:
    /// To be made before the file is read for the first time: what changes while it is read is a change.
    /// @param path  empty: nothing is watched.
    explicit ConfigWatch(std::string path) : path_(std::move(path)), watch_(seen()) {}

    /// Once for each change that has settled. A file that is gone is none: what was read stays in use.
    bool has_changed() { return !path_.empty() && watch_.look(seen()) == directory::FileWatch::Action::load; }

private:
    directory::Watched seen() const {
        const auto stamp = directory::stamp_of(path_);
        return {stamp ? std::optional(*stamp) : std::nullopt, {}};
    }

    std::string path_;
    directory::FileWatch watch_;
};

}  // namespace exota::app
