#include "app/descriptor_limit.h"

#include <sys/resource.h>

#include <algorithm>

#include "config/config.h"

namespace exota::app {

std::optional<std::string> raise_descriptor_limit(const config::Config& config) {
    rlim_t wanted = config.milter.max_sessions * (config.inbound_listen.empty() ? 1 : 2) + 256;
    for (const config::GatewayConfig& gateway : config.gateways) wanted += 3 * gateway.session.max_sessions;
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return std::nullopt;
    limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, wanted);
    if (setrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= wanted) return std::nullopt;
    return std::string(config.gateways.empty() ? "milter.max_sessions needs " : "max_sessions of milter and gateways needs ") +
           std::to_string(wanted) + " file descriptors, the system allows " + std::to_string(limit.rlim_max) + " (LimitNOFILE=)";
}

}  // namespace exota::app
