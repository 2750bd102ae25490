// Whether a file of the inbound door changed, by looking now and then; half-written files are waited for.
//
// Tested by daemon_door_test.cc; the rule itself by directory/file_stamp_test.cc.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "app/door_files.h"
#include "directory/file_stamp.h"

namespace exota::app {

class DoorWatch {
public:
    /// They were read: now, or otherwise than by us (SIGHUP).
    void was_read(const std::vector<DoorFile>& files) {
        files_.clear();
        for (const DoorFile& file : files) files_.push_back({file.path, directory::FileWatch({file.stamp, {}})});
    }

    struct Seen {
        bool load = false;                  // one of them changed and has settled
        std::vector<std::string> vanished;  // what became of those that cannot be looked at any more; told once
    };
    Seen look_again() {
        using Action = directory::FileWatch::Action;
        Seen seen;
        for (File& file : files_) {
            const auto stamp = directory::stamp_of(file.path);
            const Action action = file.watch.look({stamp ? std::optional(*stamp) : std::nullopt, {}});
            seen.load |= action == Action::load;
            if (action == Action::vanished) seen.vanished.push_back(stamp ? file.path : stamp.error().detail);
        }
        return seen;
    }

private:
    struct File {
        std::string path;
        directory::FileWatch watch;
    };
    std::vector<File> files_;
};

}  // namespace exota::app
