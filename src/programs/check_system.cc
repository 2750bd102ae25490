#include "programs/check_system.h"

#include <grp.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <system_error>

#include "base/text.h"
#include "directory/read_file.h"
#include "net/endpoint.h"

namespace exota::programs {
namespace {

std::string directory_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? "." : path.substr(0, slash == 0 ? 1 : slash);
}

/// Why there can be no socket in it; empty if nothing speaks against it.
std::string problem_of_directory(const std::string& directory) {
    struct ::stat about{};
    if (::stat(directory.c_str(), &about) != 0) {
        if (errno == ENOENT)
            return "the directory " + directory +
                   " does not exist: it is made by the unit at its start, by systemd-tmpfiles --create, or by you, for the user that runs "
                   "exota";
        return directory + ": " + std::generic_category().message(errno);
    }
    return S_ISDIR(about.st_mode) ? std::string() : directory + " is no directory";
}

bool is_number(const std::string& text) { return std::ranges::all_of(text, base::is_digit); }

}  // namespace

std::vector<config::Problem> problems_of_system(const config::Config& config) {
    std::vector<config::Problem> out;
    const auto warn = [&](std::string key, std::string text) {
        out.push_back({config::Problem::Severity::warning, config.path, 0, 0, std::move(key), std::move(text)});
    };
    bool any_socket = false;
    const auto look_at_sockets = [&](const std::string& key, const std::vector<std::string>& listens) {
        for (const std::string& listen : listens) {
            const auto endpoint = net::Endpoint::parse(listen);
            if (!endpoint || endpoint->kind != net::Endpoint::Kind::unix_socket) continue;
            any_socket = true;
            if (std::string problem = problem_of_directory(directory_of(endpoint->path)); !problem.empty())
                warn(key, '"' + listen + "\": " + std::move(problem));
        }
    };
    look_at_sockets("milter.listen", config.milter.listen);
    look_at_sockets("inbound.listen", config.inbound_listen);
    const std::string& group = config.milter.socket_group;
    if (any_socket && !group.empty() && !is_number(group)) {
        errno = 0;
        if (::getgrnam(group.c_str()) == nullptr)
            warn("milter.socket_group", errno == 0 || errno == ENOENT || errno == ESRCH
                                            ? "this host has no group \"" + group + "\": the socket cannot be opened"
                                            : "group \"" + group + "\": " + std::generic_category().message(errno));
    }
    for (const config::GatewayConfig& gateway : config.gateways) {
        if (std::string problem = problem_of_directory(gateway.session.spool_directory); !problem.empty())
            warn("gateway." + gateway.session.name + ".spool_directory", std::move(problem));
        if (gateway.direction != config::Direction::to_exchange || !gateway.relay.mta_sts) continue;
        // It is made by the daemon, if only it is missing.
        const std::string& policies = gateway.relay.mta_sts_directory;
        if (problem_of_directory(policies).empty()) continue;
        if (std::string problem = problem_of_directory(directory_of(policies)); !problem.empty())
            warn("gateway." + gateway.session.name + ".mta_sts_directory", std::move(problem));
    }
    // Unlike a directory's, it is read with each connection only.
    const auto look_at_password = [&](const std::string& key, const std::string& file) {
        if (file.empty()) return;
        if (const auto opened = directory::open_regular_file(file, directory::Links::followed); !opened)
            warn(key, file + ": " + opened.error().detail);
    };
    if (config.tenants.postgresql) look_at_password("tenants.postgresql.password_file", config.tenants.postgresql->password_file);
    if (const auto& database = config.recipient_source.postgresql)
        look_at_password("recipients.postgresql.password_file", database->password_file);
    return out;
}

}  // namespace exota::programs
