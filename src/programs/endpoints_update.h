// A new endpoint list for the place of the one that is there: judged, compared with that and with the one from which the row began
// (endpoints_base.h), written. Where it came from is not asked here.
//
// Tested by endpoints_update_test.cc and tests/cli_endpoints_test.py.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/endpoints_file.h"
#include "programs/command.h"

namespace exota::programs {

struct HowToUpdate {
    bool force = false;    // whatever the rules say (config/endpoint_rules.h); the file is written anew even if nothing differs
    bool dry_run = false;  // nothing is written
    /// What the daemon used last (app/kept_endpoints.h). It counts in place of a file that the daemon refuses: else a right list would be
    /// refused for being unlike a wrong one. It lies where the daemon's user may write: whoever is that user can have updates refused.
    std::optional<config::EndpointsFile> in_use = {};
    std::chrono::seconds now{};  // since 1970
};

struct EndpointsUpdated {
    Exit exit = Exit::ok;
    std::string said;                     // what became of it, or why nothing
    std::vector<std::string> objections;  // of the rules
    config::EndpointDifference difference;
    bool written = false;
    std::string content;  // of the file now (Fingerprint); empty: there is none that could be read
};

/// One at a time: two that run at once wait for each other (flock(2) on the folder).
/// @param path  of the file. Root follows no link, on the way to it and at its end, that somebody else made.
/// @return  ok; bad_data: no list, or one that the rules refuse; unavailable: the file, what the next list is compared with, or the note
///          for the daemon (config::endpoints_guard) cannot be written, or what is there not be read. A file that is there and is no list
///          is replaced.
EndpointsUpdated update_endpoints(const std::string& path, std::string_view list, const HowToUpdate& how);

/// Of the file that is there (Fingerprint); empty: none, or no list.
std::string endpoints_content(const std::string& path);

/// "1 prefix", "2 prefixes".
std::string prefixes_text(std::size_t number);

}  // namespace exota::programs
