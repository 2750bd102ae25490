// The configuration as the program uses it: checked, with defaults filled in. Each room below says itself what can be set of it. Built
// from TOML (toml.cc), from JSON (`eval`), or from the predecessor's environment (drop_in.cc). docs/reference/settings.md documents
// every key.
//
// Tested by config_test.cc and fuzz/config_fuzz.cc.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/endpoints_file.h"
#include "config/gateway.h"
#include "config/start_values.h"
#include "decision/rules.h"
#include "directory/limits_store_settings.h"
#include "directory/recipient_settings.h"
#include "directory/tenants_settings.h"
#include "evidence/collector.h"
#include "gate/door_lists.h"
#include "gate/judge.h"
#include "gate/milter_settings.h"
#include "net/https_base.h"
#include "net/resolver.h"
#include "telemetry/log_config.h"
#include "tenant/tenants_file.h"

namespace exota::config {

struct HttpConfig {
    std::string listen;             // empty: none
    std::size_t tenants_apart = 0;  // in metrics
};

/// Section [dns]: of the resolver, and of the look-ups for one message.
struct DnsConfig {
    net::ResolverSettings resolver;
    gate::LookupLimits lookups;
};

/// Where `exota endpoints update` asks for the list.
struct EndpointsService {
    net::HttpsBase base;
    std::string instance;  // of Microsoft's clouds: "Worldwide"
};

/// Section [discovery]. Whether it is on is rules.discovery.
struct DiscoveryConfig {
    std::string file;
    std::size_t max_candidates = 0;
};

struct Config {
    std::string path;  // where it came from, for messages; "" for the environment
    gate::MilterSettings milter;
    std::vector<GatewayConfig> gateways;      // by name
    std::vector<std::string> inbound_listen;  // of the milter that is an inbound door; access is as of milter.listen
    gate::PerimeterSettings perimeter;        // of inbound doors, as the next
    gate::RecipientSettings recipients;
    directory::RecipientSourceSettings recipient_source;  // of those that a server is asked for
    EndpointsFile endpoints;                              // united with the next in rules.exchange_online
    std::vector<base::IpPrefix> own_prefixes;             // client_ip.prefixes
    EndpointsService endpoints_service;
    decision::Rules rules;
    evidence::MessageLimits limits;
    tenant::Defaults tenant_defaults;
    directory::TenantsSettings tenants;
    DiscoveryConfig discovery;
    std::optional<directory::LimitsStoreSettings> limits_store;  // nullopt: limits are counted by this process alone
    telemetry::LogConfig log;
    HttpConfig http;
    DnsConfig dns;
    std::size_t threads = 0;                 // 0: one a core
    std::chrono::seconds drain_timeout{30};  // after SIGTERM
    std::vector<StartValue> start_values;    // of a file: what a reload cannot change
};

struct Problem {
    enum class Severity : std::uint8_t { error, warning } severity = Severity::error;
    std::string file;
    std::size_t line = 0, column = 0;  // from 1; 0 unknown
    std::string key;                   // "authorisation.mode"
    std::string text;
    std::string shown = {};  // of an error of syntax: the line with a mark below, for a terminal
};

/// The tenants file that a configuration with errors names. Only what is wrong in it is of use: nobody is judged by it.
struct TenantsToCheck {
    std::string file;
    tenant::Defaults defaults;
    bool errors_only = false;  // what its entries take from the configuration has an error too, so warnings may be false
};

struct LoadedConfig {
    std::optional<Config> config;  // set exactly if no problem is an error
    std::vector<Problem> problems;
    std::optional<TenantsToCheck> tenants_to_check = {};  // at most if there is no configuration
};

/// Whether the endpoint list is read, or only named, as for the command that mends it.
enum class Endpoints : std::uint8_t { read, named };

/// Reads and checks a configuration file, and the files that it names (endpoint list, password files), but not the tenants.
LoadedConfig load(const std::string& path, Endpoints endpoints = Endpoints::read);
/// The same from a JSON object (`eval`); relative file names are errors there.
LoadedConfig from_json(std::string_view json);

/// Any of the predecessor's MILTER_* variables is set.
bool drop_in_requested(const char* const* environment);
LoadedConfig from_environment(const char* const* environment);
/// What stays open in drop-in mode until the operator acts, and how to close it (docs/migration.md); empty for other configurations.
std::vector<std::string> drop_in_warnings(const Config& config);

inline constexpr std::string_view default_config_path = "/etc/exota/exota.toml";
/// What every command without -c uses: the file that was named; else the environment if any MILTER_* is set (an error that names both
/// if the default file exists as well); else the default file.
LoadedConfig choose(const std::optional<std::string>& named, const char* const* environment,
                    const std::string& default_path = std::string(default_config_path), Endpoints endpoints = Endpoints::read);

/// "FILE:LINE:COLUMN: error: KEY: TEXT", as compilers write it; parts that are unknown are left out.
std::string to_text(const Problem& problem);

}  // namespace exota::config
