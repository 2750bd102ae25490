// What an operator sets of where tenants are kept: section [tenants] of the configuration. docs/reference/settings.md has each key.
#pragma once

#include <chrono>
#include <string>

namespace exota::directory {

struct TenantsSettings {
    std::string source = "file";
    std::string file;
    std::chrono::seconds watch_interval{2};      // besides SIGHUP; 0: never look by itself
    std::string state_directory = "/run/exota";  // see shrink_guard.h; empty: no guard against a file that shrank
};

}  // namespace exota::directory
