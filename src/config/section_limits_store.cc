// [limits_store]: where several nodes count limits together.
//
// Tested by limits_store_test.cc.
#include <algorithm>

#include "config/reader.h"
#include "config/sections.h"
#include "config/whole_file.h"
#include "directory/redis_route.h"

namespace exota::config {
namespace {

using directory::LimitsStoreSettings;

constexpr std::size_t max_prefix_octets = 64, max_master_name_octets = 255;

using Kind = LimitsStoreSettings::Kind;

bool is_here(const directory::RedisUrl& url) {
    static const auto loopback = *base::IpPrefix::parse("127.0.0.0/8"), loopback_6 = *base::IpPrefix::parse("::1");
    const auto address = url.address();
    return url.host == "localhost" || (address && (loopback.contains(*address->ip) || loopback_6.contains(*address->ip)));
}

void check_servers(Reader& in, const LimitsStoreSettings& settings) {
    bool good = true, clear = false;
    std::optional<directory::RedisUrl> first;
    for (std::size_t i = 0; i < settings.servers.size(); ++i) {
        const auto url = directory::RedisUrl::parse(settings.servers[i]);
        if (!url) in.error("limits_store.servers", i, url.error().detail);
        good = good && url;
        clear = clear || (url && !url->tls && !is_here(*url));
        if (!url) continue;
        if (!first) first = *url;
        if (first->tls != url->tls || first->user != url->user || first->database != url->database) {
            in.error("limits_store.servers", i, "differs from the first in more than host and port: all are logged in to alike");
            good = false;
        }
    }
    if (!good) return;
    if (settings.kind == Kind::cluster && first->database != 0)
        in.error("limits_store.servers", "names a database: a Cluster has none but the first");
    if (settings.kind == Kind::server && settings.servers.size() > 1)
        in.error("limits_store.servers", "several servers are Sentinels or a Cluster: limits_store.kind says which");
    if (const auto servers = directory::read_servers(settings); !servers)
        in.error(settings.certificate_file.empty() ? "limits_store.ca_file" : "limits_store.certificate_file", servers.error().detail);
    if (clear && (!settings.password.empty() || !settings.sentinel_password.empty()))
        in.warning("limits_store.servers", "without TLS (rediss://) whoever is between us and the server reads the password");
}

/// What only Sentinels need.
void check_sentinels(Reader& in, const LimitsStoreSettings& settings) {
    const auto is_visible = [](char c) { return c > ' ' && c <= '~'; };
    if (settings.kind != Kind::sentinel) {
        for (const std::string_view key : {"limits_store.master_name", "limits_store.sentinel_password_file"})
            if (!in.text(key).empty()) in.error(key, "is of no use without limits_store.kind = \"sentinel\"");
    } else if (settings.master_name.empty()) {
        in.error("limits_store.master_name", "is needed: the Sentinels are asked for the master of this name");
    } else if (settings.master_name.size() > max_master_name_octets || !std::ranges::all_of(settings.master_name, is_visible)) {
        in.error("limits_store.master_name",
                 "has more than " + std::to_string(max_master_name_octets) + " characters, or others than visible ones");
    }
}

/// Empty where none is named.
std::string password_in(Reader& in, std::string_view key, const Config& config) {
    if (in.text(key).empty()) return {};
    auto password = read_password_file(resolve_path(in.text(key), config.path));
    if (password) return *std::move(password);
    in.error(key, password.error().detail);
    return {};
}

}  // namespace

void read_limits_store(Reader& in, Config& out, Origin origin) {
    LimitsStoreSettings settings;
    settings.servers = in.texts("limits_store.servers");
    settings.kind = in.choice<LimitsStoreSettings::Kind>("limits_store.kind");
    settings.fallback = in.choice<LimitsStoreSettings::Fallback>("limits_store.fallback");
    settings.master_name = in.text("limits_store.master_name");
    settings.prefix = in.text("limits_store.prefix");
    settings.timeout = in.milliseconds("limits_store.timeout");
    if (settings.prefix.size() > max_prefix_octets ||
        std::ranges::any_of(settings.prefix, [](char c) { return c <= ' ' || c > '~' || c == '{' || c == '}'; }))
        in.error("limits_store.prefix",
                 "has more than " + std::to_string(max_prefix_octets) +
                     " characters, or others than visible ones without { and }, which say where a cluster keeps a key");
    if (settings.servers.empty()) return;  // this process counts alone
    if (origin == Origin::json) return;    // nothing is counted there
    for (const auto& [key, file] : {std::pair<std::string_view, std::string&>("limits_store.ca_file", settings.ca_file),
                                    {"limits_store.certificate_file", settings.certificate_file},
                                    {"limits_store.key_file", settings.key_file}})
        if (!in.text(key).empty()) file = resolve_path(in.text(key), out.path);
    settings.password = password_in(in, "limits_store.password_file", out);
    settings.sentinel_password = password_in(in, "limits_store.sentinel_password_file", out);
    check_sentinels(in, settings);
    check_servers(in, settings);
    out.limits_store = std::move(settings);
}

}  // namespace exota::config
