// Configuration tree → Config: what each key does. The only place that knows both the keys and the structures.
//
// Tested by config_test.cc, config_authentication_test.cc and fuzz/config_fuzz.cc.
#pragma once

#include <string>

#include "app/config.h"
#include "app/config_tree.h"

namespace exota::app {

enum class ConfigOrigin : std::uint8_t { file, json };

/// @param path  of the file, for messages and for relative file names; "" for JSON, where relative file names are errors.
LoadedConfig build_config(const ConfigNode& root, const std::string& path, ConfigOrigin origin);

class ConfigReader;

/// What an operator should know though it is no error: proofs that cannot hold as configured, beliefs that anybody can forge.
/// @param config  read from `in` without an error.
/// @param in      gets the warnings, each with the place of its key where that was given.
void add_config_warnings(const Config& config, ConfigReader& in);

/// What holds for every configuration of this kind and is not wrong ("your validator must remove forged fields itself").
std::vector<std::string> config_notes(const Config& config);

/// The authserv-id of a host that is told none: its name.
std::string host_name();

/// True for a public suffix (the list of the system, else the one built into libpsl).
bool is_public_suffix(std::string_view domain);

}  // namespace exota::app
