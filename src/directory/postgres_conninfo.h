// What a connection string of libpq says, before anybody connects.
//
// Tested by postgres_conninfo_test.cc.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "directory/postgres_hosts.h"
#include "directory/postgres_settings.h"

namespace exota::directory {

/// What is wrong with a conninfo; nullopt: nothing. Says nothing of its values.
std::optional<std::string> problem_of_conninfo(const std::string& conninfo);
/// It names a server over a network whose certificate is not asked to be its own: whoever is on the way may answer in its place. What it
/// leaves to the environment (PGHOST …) counts; a service file is not read, and so not believed.
bool is_open_to_others(const std::string& conninfo);
/// For messages, and as the place of problems: "postgresql host=db.example dbname=exota".
std::string name_of(const PostgresSettings& settings);
/// Which database it means, for people: host, port, dbname, as far as it says so.
std::string database_of(const std::string& conninfo);
/// The same, to tell one database from another: with what it leaves to the environment and to the name of the user.
std::string identity_of(const std::string& conninfo);

/// A server to connect to: libpq's parameters, and what messages call it.
struct PostgresTarget {
    std::vector<std::pair<std::string, std::string>> parameters;
    std::string name;     // "db1.example, 192.0.2.1"; empty: there is only one
    std::string problem;  // why it cannot be connected to; empty: it can be tried
    bool whole = false;   // the parameter dbname is a whole conninfo, and libpq looks names up that it knows from elsewhere
};
/// More than these are not tried.
inline constexpr std::size_t most_targets = 32;
/// What a conninfo names, one server each, in order: each of its hosts, and each address of a host. libpq itself would give all of them
/// one time, and a server that swallows packets would use that up before another one is asked. Never empty.
/// @param look_up  called for each host that has to be.
std::vector<PostgresTarget> targets_of(const std::string& conninfo, const LookUpHost& look_up);

}  // namespace exota::directory
