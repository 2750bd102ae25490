#include "config/build.h"

#include <algorithm>

#include "config/reader.h"
#include "config/sections.h"

namespace exota::config {
namespace {

bool is_error(const Problem& problem) noexcept { return problem.severity == Problem::Severity::error; }

}  // namespace

std::optional<TenantsToCheck> tenants_to_check(const Config& config, const std::vector<Problem>& problems, std::string_view naming,
                                               std::string_view defaulting) {
    const auto wrong = [&problems](std::string_view keys) {
        return std::ranges::any_of(problems, [keys](const Problem& p) { return is_error(p) && p.key.starts_with(keys); });
    };
    if (config.tenants.source != "file" || config.tenants.file.empty() || wrong(naming) || wrong("tenants.source")) return std::nullopt;
    return TenantsToCheck{config.tenants.file, config.tenant_defaults, wrong(defaulting)};
}

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
    read_dns(in, config);
    read_limits(in, config);
    read_tenants(in, config, origin);
    read_discovery(in, config, origin);
    read_limits_store(in, config, origin);
    read_gateways(in, config, origin);
    read_inbound(in, config, origin);
    check_sockets(in, config);
    check_gateways(in, config);
    check_dns(in, config, origin);
    if (std::ranges::any_of(loaded.problems, is_error)) {
        if (origin == Origin::file && in.given("tenants.file"))  // without a name, a misspelt one may be meant ("[tennants]")
            loaded.tenants_to_check = tenants_to_check(config, loaded.problems, "tenants.file", "authorisation");
        return loaded;
    }
    add_warnings(config, in);
    add_gateway_warnings(config, in);
    add_inbound_warnings(config, in);
    config.tenant_defaults.advise_on_own_proofs =
        [peer_proof = config.rules.peer_proof, known = !config.rules.exchange_online.empty()](const std::vector<tenant::Proof>& proofs) {
            return advise_on_own_proofs(proofs, peer_proof, known);
        };
    if (origin == Origin::file) config.start_values = in.start_values();
    loaded.config = std::move(config);
    return loaded;
}

}  // namespace exota::config
