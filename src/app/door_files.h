// The files of an inbound door, read whole: whom the perimeter lets in or keeps out, and which recipients there are.
//
// Tested by door_files_test.cc and daemon_door_test.cc.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "directory/file_stamp.h"
#include "gate/door_lists.h"

namespace exota::app {

struct DoorFile {
    std::string path;
    std::optional<directory::FileStamp> stamp;  // none: it could not be read
};

struct DoorFiles {
    std::shared_ptr<const gate::DoorLists> lists;  // set if the configuration asks for an inbound door's judgement, and by FileAtFault
    std::vector<config::Problem> problems;         // each an error with its file and line
    std::vector<DoorFile> files;                   // that were looked at
    bool try_again = false;                        // one of them changed while it was read
};

/// What a file at fault means: that there are no lists, or that its own stays as it was (there are lists unless every file is at fault).
enum class FileAtFault : std::uint8_t { refuses_all, keeps_its_last };

/// Blocks. A list of recipients is at fault, too, if it names nobody; and, where nobody asked for it (keeps_its_last), if a hundred or
/// more lost more than a fifth: whoever writes it may have died of it, and every recipient that is missing would be refused for good.
/// @param previous  in use now: how its DNS lists fare goes on. nullptr: there is none.
DoorFiles read_door_files(const config::Config& config, const gate::DoorLists* previous, FileAtFault at_fault = FileAtFault::refuses_all);

}  // namespace exota::app
