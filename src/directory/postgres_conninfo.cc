#include "directory/postgres_conninfo.h"

#include <libpq-fe.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "base/ip.h"
#include "base/text.h"

namespace exota::directory {
namespace {

using Options = std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)>;

/// Null where it is none.
Options options_of(const std::string& conninfo) {
    char* why = nullptr;
    Options options(PQconninfoParse(conninfo.c_str(), &why), &PQconninfoFree);
    PQfreemem(why);  // it quotes what it does not understand, which may be a password
    return options;
}

/// Empty where it is not said.
std::string value_of(const Options& options, std::string_view keyword) {
    for (const PQconninfoOption* option = options.get(); option != nullptr && option->keyword != nullptr; ++option)
        if (keyword == option->keyword && option->val != nullptr) return option->val;
    return {};
}

/// The same, or what the environment says.
std::string value_or_environment(const Options& options, std::string_view keyword, const char* variable) {
    std::string out = value_of(options, keyword);
    if (const char* const set = out.empty() ? std::getenv(variable) : nullptr) out = set;
    return out;
}

std::vector<std::string> list_of(std::string_view text) {
    std::vector<std::string> out;
    for (bool more = !text.empty(); more;) {
        more = text.contains(',');
        out.emplace_back(base::take_until(text, ','));
    }
    return out;
}

/// A socket of this machine, or the machine itself.
bool is_local(std::string_view host) {
    if (host.empty() || host.starts_with('/') || host.starts_with('@') || host == "localhost") return true;
    static const auto v4 = base::IpPrefix::parse("127.0.0.0/8"), v6 = base::IpPrefix::parse("::1");
    const auto address = base::IpAddress::parse(host);
    return address && (v4->contains(*address) || v6->contains(*address));
}

}  // namespace

std::optional<std::string> problem_of_conninfo(const std::string& conninfo) {
    const Options options = options_of(conninfo);
    if (!options) return "is no connection string of libpq (\"host=db.example dbname=exota user=exota\", or a postgresql: URI)";
    for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
        const std::string_view keyword = option->keyword;
        if (option->val == nullptr) continue;
        if (keyword == "password") return "has a password: write it into a file, and its path into password_file";
        if (keyword == "sslpassword") return "has the password of a key: use a key without one that only the service's user can read";
        if (keyword == "client_encoding" || keyword == "replication" || keyword == "options")
            return '"' + std::string(keyword) + "\" cannot be set here";
    }
    return std::nullopt;
}

std::string database_of(const std::string& conninfo) {
    const Options options = options_of(conninfo);
    std::string out;
    for (const std::string_view wanted : {"service", "host", "hostaddr", "port", "dbname"})
        if (const std::string value = value_of(options, wanted); !value.empty())
            out += (out.empty() ? "" : " ") + std::string(wanted) + '=' + value;
    return out;
}

std::string identity_of(const std::string& conninfo) {
    const Options options = options_of(conninfo);
    std::string out = database_of(conninfo);
    const auto add = [&](std::string_view keyword, const std::string& value) {
        if (!value.empty()) out += (out.empty() ? "" : " ") + std::string(keyword) + '=' + value;
    };
    const auto add_environment = [&](std::string_view keyword, const char* variable) {
        if (value_of(options, keyword).empty()) add(keyword, value_or_environment(options, keyword, variable));
    };
    add_environment("service", "PGSERVICE");
    add_environment("host", "PGHOST");
    add_environment("hostaddr", "PGHOSTADDR");
    add_environment("port", "PGPORT");
    add_environment("dbname", "PGDATABASE");
    // Whose name is the database's where nobody says another one.
    if (value_or_environment(options, "dbname", "PGDATABASE").empty()) add("user", value_or_environment(options, "user", "PGUSER"));
    return out;
}

bool is_open_to_others(const std::string& conninfo) {
    const Options options = options_of(conninfo);
    if (!options) return false;
    if (value_or_environment(options, "sslmode", "PGSSLMODE") == "verify-full") return false;
    if (value_or_environment(options, "gssencmode", "PGGSSENCMODE") == "require") return false;
    const std::string hosts = value_or_environment(options, "host", "PGHOST"),
                      addresses = value_or_environment(options, "hostaddr", "PGHOSTADDR");
    if (hosts.empty() && addresses.empty() && !value_or_environment(options, "service", "PGSERVICE").empty()) return true;
    const auto is_remote = [](const std::string& host) { return !is_local(host); };
    return std::ranges::any_of(list_of(hosts), is_remote) || std::ranges::any_of(list_of(addresses), is_remote);
}

std::string name_of(const PostgresSettings& settings) { return "postgresql " + database_of(settings.conninfo); }

std::vector<PostgresTarget> targets_of(const std::string& conninfo, const LookUpHost& look_up) {
    const Options options = options_of(conninfo);
    const std::vector<PostgresTarget> as_it_is{{.parameters = {{"dbname", conninfo}}, .name = {}, .problem = {}, .whole = true}};
    if (!options) return as_it_is;
    const std::vector<std::string> hosts = list_of(value_of(options, "host")), addresses = list_of(value_of(options, "hostaddr")),
                                   ports = list_of(value_of(options, "port"));
    const std::size_t count = std::max(hosts.size(), addresses.size());
    // What libpq would refuse, or finds elsewhere, it shall see as it is.
    if (count == 0 || (!hosts.empty() && hosts.size() != count) || (!addresses.empty() && addresses.size() != count) ||
        (ports.size() > 1 && ports.size() != count))
        return as_it_is;

    std::vector<PostgresTarget> out;
    for (std::size_t i = 0; i < count && out.size() < most_targets; ++i) {
        const std::string host = hosts.empty() ? "" : hosts[i];
        std::vector<std::string> each;
        std::string problem;
        if (!addresses.empty())
            each.push_back(addresses[i]);
        else if (!host.empty() && !host.starts_with('/') && !host.starts_with('@')) {
            if (auto found = look_up(host))
                each = *std::move(found);
            else
                problem = "cannot be looked up: " + found.error().detail;
        }
        if (each.empty()) each.emplace_back();
        for (const std::string& address : each) {
            if (out.size() == most_targets) break;
            PostgresTarget& target = out.emplace_back();
            for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
                const std::string_view keyword = option->keyword;
                if (option->val != nullptr && keyword != "host" && keyword != "hostaddr" && keyword != "port")
                    target.parameters.emplace_back(keyword, option->val);
            }
            const std::string port = ports.empty() ? "" : ports.size() == 1 ? ports[0] : ports[i];
            if (!host.empty()) target.parameters.emplace_back("host", host);
            if (!address.empty()) target.parameters.emplace_back("hostaddr", address);
            if (!port.empty()) target.parameters.emplace_back("port", port);
            target.problem = problem;
            target.name = host.empty() ? address : address.empty() || address == host ? host : host + ", " + address;
            if (ports.size() > 1) target.name += " port " + port;
        }
    }
    if (out.size() == 1) out[0].name.clear();
    return out;
}

}  // namespace exota::directory
