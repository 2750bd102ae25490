#include "snapshot_of.h"

#include <algorithm>

namespace exota::conversations {
namespace {

config::LoadedConfig load(std::vector<std::string>& environment, std::string_view config) {
    if (environment.empty()) return config::from_json(config);
    environment.emplace_back("MILTER_POLICY_FILE=given-in-the-case");
    std::vector<const char*> entries;
    for (const std::string& entry : environment) entries.push_back(entry.c_str());
    entries.push_back(nullptr);
    return config::from_environment(entries.data());
}

}  // namespace

Built snapshot_of(std::vector<std::string> environment, std::string_view config, std::string_view tenants, bool tenants_unavailable) {
    Built built;
    config::LoadedConfig loaded = load(environment, config);
    for (const config::Problem& problem : loaded.problems)
        if (problem.severity == config::Problem::Severity::error) built.problems.push_back(problem.key + ": " + problem.text);
    if (!loaded.config) return built;

    auto snapshot = std::make_shared<gate::Snapshot>();
    snapshot->rules = loaded.config->rules;
    snapshot->limits = loaded.config->limits;
    snapshot->milter = {loaded.config->milter.max_frame_octets, loaded.config->milter.max_macro_octets};
    if (!tenants_unavailable) {
        tenant::LoadedTenants read = tenant::read_tenants(tenants, loaded.config->tenant_defaults);
        for (const tenant::Problem& problem : read.problems)
            if (problem.severity == tenant::Problem::Severity::error) built.problems.push_back(problem.path + ": " + problem.text);
        if (!read.index) return built;
        snapshot->tenants = std::make_shared<const tenant::Index>(*std::move(read.index));
        snapshot->tenant_limits = std::make_shared<gate::TenantLimits>(*snapshot->tenants, nullptr);
    }
    built.snapshot = std::move(snapshot);
    return built;
}

}  // namespace exota::conversations
