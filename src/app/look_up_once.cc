#include "app/look_up_once.h"

#include <csignal>

#include "app/loop_tenants.h"

namespace exota::app {

LookedUp look_up_once(const config::Config& config, const tenant::Keys& keys) {
    LookedUp result;
    const auto options = lookup_options(config);
    if (!options) {
        result.trouble = options.error().detail;
        return result;
    }
    std::signal(SIGPIPE, SIG_IGN);  // a server that hangs up is an error of the write, not the end of the command
    net::Loop loop;
    LoopTenants tenants(loop, **options, [&](const std::string& problem) { result.problems.push_back(problem); });
    bool done = false;
    loop.post([&] {
        tenants.start();
        tenants.find(keys, [&](directory::LdapLookup::Found found) {
            result.found = std::move(found);
            done = true;
        });
    });
    loop.run_until([&] { return done; });
    result.trouble = tenants.status()->why();
    return result;
}

}  // namespace exota::app
