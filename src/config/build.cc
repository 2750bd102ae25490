#include "config/build.h"

#include <algorithm>

#include "config/reader.h"
#include "config/sections.h"

namespace exota::config {

LoadedConfig build(const Node& root, const std::string& path, Origin origin, Endpoints endpoints) {
    LoadedConfig loaded;
    Config config;
    config.path = path;
    Reader in(root, path, loaded.problems);
    read_milter(in, config);
    read_authorisation(in, config);
    read_client(in, config, origin, endpoints);
    read_authentication(in, config, origin);
    read_dmarc(in, config, origin);
    read_output(in, config, origin);
    read_http(in, config);
    read_dns(in, config, origin);
    read_limits(in, config);
    read_tenants(in, config, origin);
    read_discovery(in, config, origin);
    read_limits_store(in, config, origin);
    read_gateways(in, config, origin);
    read_inbound(in, config, origin);
    check_sockets(in, config);
    check_gateways(in, config);
    if (std::ranges::any_of(loaded.problems, [](const Problem& p) { return p.severity == Problem::Severity::error; })) return loaded;
    add_warnings(config, in);
    add_gateway_warnings(config, in);
    add_inbound_warnings(config, in);
    if (origin == Origin::file) config.start_values = in.start_values();
    loaded.config = std::move(config);
    return loaded;
}

}  // namespace exota::config
