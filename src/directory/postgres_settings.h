// What an operator sets of tenants in PostgreSQL: section [tenants.postgresql]. docs/reference/settings.md has each key.
#pragma once

#include <chrono>
#include <string>

namespace exota::directory {

struct PostgresSettings {
    std::string conninfo;                       // libpq's; without a password
    std::string password_file;                  // read for each connection; empty: none
    std::chrono::milliseconds timeout{5000};    // of connecting, and of each part of an answer
    std::chrono::seconds resync_interval{600};  // everything is read so often, besides what notifications ask for
};

}  // namespace exota::directory
