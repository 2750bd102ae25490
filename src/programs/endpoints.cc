// exota endpoints: the list of addresses from which Exchange Online sends, shown, and brought up to date from Microsoft's service or a
// file.
//
// Tested by tests/cli_endpoints_test.py.
#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include "app/https_once.h"
#include "app/kept_endpoints.h"
#include "base/joined.h"
#include "config/config.h"
#include "config/whole_file.h"
#include "programs/endpoints_fetched.h"
#include "programs/endpoints_service.h"
#include "programs/endpoints_update.h"
#include "programs/json_output.h"
#include "programs/options.h"
#include "programs/problems.h"

extern "C" char** environ;

namespace exota::programs {
namespace {

using base::IpPrefix;

constexpr std::int64_t default_seconds = 30, most_seconds = 600;

struct Options {
    std::optional<std::string> config, from;
    std::optional<std::int64_t> seconds;
    bool json = false, force = false, dry_run = false;
};

void complain_of(std::string_view what) { complain("exota endpoints: " + std::string(what) + '\n'); }

Seconds now() { return std::chrono::floor<Seconds>(std::chrono::system_clock::now().time_since_epoch()); }

/// The configuration, which names a list that may be missing or wrong; else the exit code, and why was said.
struct Place {
    std::optional<config::Config> config;
    Exit exit = Exit::ok;
};

Place place_of(const Options& options) {
    auto config = chosen_config(options.config, environ, config::Endpoints::named);
    if (!config) return {.config = {}, .exit = config.error()};
    if (config->endpoints.path.empty()) {
        complain_of("client_ip.endpoints_file names no file");
        return {.config = {}, .exit = Exit::bad_config};
    }
    return {.config = *std::move(config)};
}

std::vector<std::string> texts_of(const std::vector<IpPrefix>& prefixes) {
    std::vector<std::string> out;
    for (const IpPrefix& prefix : prefixes) out.push_back(prefix.text());
    return out;
}

// --- show ---------------------------------------------------------------------------------------------------------------------------

std::string lines(const std::vector<std::string>& texts, std::string_view before) {
    return texts.empty() ? std::string() : std::string(before) + base::joined(texts, '\n' + std::string(before)) + '\n';
}

Exit show(const Options& options) {
    const Place place = place_of(options);
    if (!place.config) return place.exit;
    const config::Config& config = *place.config;
    const auto file = config::read_endpoints_file(config.endpoints.path);
    if (!file) {
        complain_of(file.error().detail);
        return file.error().code == base::Errc::not_found ? Exit::no_input
               : file.error().code == base::Errc::io      ? Exit::unavailable
                                                          : Exit::bad_data;
    }
    const EndpointsState state = config::read_endpoints_state(config.tenants.state_directory, file->path);
    const bool known = state.content == file->content.text();
    const std::string version = known ? state.version : std::string();
    const auto kept = app::read_kept_endpoints(config);
    const std::string refused = config::why_not_used(*file, kept ? &kept->list : nullptr);
    const std::vector<std::string> listed = texts_of(file->list.prefixes), own = texts_of(config.own_prefixes),
                                   pool = texts_of(config.rules.relay_pool);
    if (options.json) {
        print(json_output([&](base::JsonObject& members) {
            members.add("place", file->path);
            members.add("version", base::null_if_empty(version));
            members.add("confirmed", known && state.confirmed.count() > 0 ? std::optional(state.confirmed.count()) : std::nullopt);
            members.add("prefixes", listed);
            members.add("own_prefixes", own);
            members.add("relay_pool", pool);
            members.add("refused", base::null_if_empty(refused));
        }));
        return Exit::ok;
    }
    std::string out = file->path + ": " + prefixes_text(listed.size());
    if (!version.empty()) out += ", version " + version;
    if (known && state.confirmed.count() > 0)
        out += ", current " + std::to_string(std::chrono::floor<std::chrono::days>(now() - state.confirmed).count()) + " days ago";
    print(out + '\n' + lines(listed, ""));
    print(lines(own, "client_ip.prefixes: ") + lines(pool, "never (client_ip.relay_pool): "));
    if (!refused.empty()) complain_of(refused);
    return Exit::ok;
}

// --- update -------------------------------------------------------------------------------------------------------------------------

struct Outcome {
    EndpointsUpdated updated;
    std::string source, version;
};

void say(const Options& options, const std::string& place, const Outcome& outcome) {
    const EndpointsUpdated& updated = outcome.updated;
    const std::vector<std::string> added = texts_of(updated.difference.added), removed = texts_of(updated.difference.removed);
    if (options.json) {
        print(json_output([&](base::JsonObject& members) {
            members.add("place", place);
            members.add("source", outcome.source);
            members.add("version", base::null_if_empty(outcome.version));
            members.add("added", added);
            members.add("removed", removed);
            members.add("objections", updated.objections);
            members.add("dry_run", options.dry_run);
            members.add("written", updated.written);
            members.add("text", updated.said);
        }));
    } else {
        print(lines(removed, "- ") + lines(added, "+ "));
        const std::string version = outcome.version.empty() || !updated.written ? "" : ", version " + outcome.version;
        if (updated.exit == Exit::ok) print(place + ": " + updated.said + version + '\n');
    }
    if (updated.exit != Exit::ok) complain_of(outcome.source + ": " + updated.said);
}

EndpointsUpdated failed(Exit exit, std::string said) {
    EndpointsUpdated out;
    out.exit = exit;
    out.said = std::move(said);
    return out;
}

/// Where the list lies, and where what is to be remembered.
struct EndpointsPlace {
    std::string path, state_directory;
    std::optional<config::EndpointsFile> in_use;  // by the daemon, as far as it is known

    HowToUpdate how(const Options& options) const {
        return {.force = options.force, .dry_run = options.dry_run, .in_use = in_use, .now = now()};
    }
};

Outcome from_file(const Options& options, const EndpointsPlace& place) {
    Outcome out{.updated = {}, .source = *options.from, .version = {}};
    const auto list = config::read_whole_file(out.source, config::max_endpoint_octets);
    if (list) {
        out.updated = update_endpoints(place.path, *list, place.how(options));
    } else {
        const base::Errc code = list.error().code;
        out.updated = failed(code == base::Errc::not_found  ? Exit::no_input
                             : code == base::Errc::too_long ? Exit::bad_data
                                                            : Exit::unavailable,
                             list.error().detail);
    }
    if (!out.updated.written) return out;
    EndpointsState state = config::read_endpoints_state(place.state_directory, place.path);
    state.version.clear();
    state.content.clear();
    state.confirmed = {};
    state.fetched.clear();  // of a dry run before this: whoever brought a file does not want that
    state.fetched_version.clear();
    forget_fetched(place.state_directory);
    if (const auto kept = config::write_endpoints_state(place.state_directory, state); !kept) complain_of(kept.error().detail);
    return out;
}

Outcome from_service(const Options& options, const EndpointsPlace& place, const config::EndpointsService& service) {
    using Clock = std::chrono::steady_clock;
    const Clock::time_point ends = Clock::now() + std::chrono::seconds(options.seconds.value_or(default_seconds));
    const auto get = [&](const std::string& target, std::size_t most_octets) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(ends - Clock::now());
        return app::get_once(service.base, {.target = service.base.path + target,
                                            .most_octets = most_octets,
                                            .deadline = std::max(left, std::chrono::milliseconds(1)),
                                            .takes = net::HttpTakes::any_status});
    };
    Outcome out;
    out.source = "https://" + service.base.host + (service.base.port == 443 ? "" : ':' + std::to_string(service.base.port)) +
                 service.base.path + '/' + service.instance;
    EndpointsState state = config::read_endpoints_state(place.state_directory, place.path);
    if (state.service != out.source) state = {.place = place.path, .service = out.source};
    const ServiceQuestion question{.instance = service.instance,
                                   .request_id = random_uuid(),
                                   .here = endpoints_content(place.path),
                                   .now = now(),
                                   .fetched = fetched_list(place.state_directory, state.fetched),
                                   .force = options.force};
    const ServiceAnswer answer = ask_service(get, question, state);
    out.version = answer.version;
    out.updated = answer.list ? update_endpoints(place.path, *answer.list, place.how(options)) : failed(answer.exit, answer.said);
    if (!answer.asked) return out;
    state.not_before = answer.not_before;
    state.exit = static_cast<int>(out.updated.exit);
    state.outcome = out.updated.said;
    forget_fetched(place.state_directory);
    state.fetched.clear();
    state.fetched_version.clear();
    const std::string came = answer.list ? fingerprint_of(*answer.list) : std::string();
    // A dry run, or a disk that was full, of what is not here yet: the next run within the hour writes it, and asks nobody.
    const bool is_to_be_written = out.updated.exit == Exit::ok || out.updated.exit == Exit::unavailable;
    if (is_to_be_written && answer.list && came != out.updated.content) {
        state.fetched = came;
        state.fetched_version = answer.version;
        if (const auto kept = keep_fetched(place.state_directory, *answer.list); !kept)
            complain_of("cannot keep what was fetched: " + kept.error().detail);
        else if (out.updated.exit != Exit::ok && !place.state_directory.empty())
            out.updated.said += "; what was fetched is kept, and within the hour written without another question";
    } else if (out.updated.exit == Exit::ok) {  // what is here has this version
        const std::string content = answer.list ? out.updated.content : question.here;
        // Two documents of a service in many places: a new version whose list is that of before is asked for again the next time.
        if (state.version.empty() || state.content != content) state.version = answer.version;
        state.content = content;
        state.confirmed = question.now;
    }
    if (const auto kept = config::write_endpoints_state(place.state_directory, state); !kept)
        complain_of("cannot note when the service was asked: " + kept.error().detail);
    return out;
}

Exit update(const Options& options) {
    const Place found = place_of(options);
    if (!found.config) return found.exit;
    EndpointsPlace place{.path = found.config->endpoints.path, .state_directory = found.config->tenants.state_directory, .in_use = {}};
    if (auto kept = app::read_kept_endpoints(*found.config))
        place.in_use = *std::move(kept);
    else if (kept.error().code != base::Errc::not_found)
        complain_of("not compared with what the daemon uses: " + kept.error().detail);
    config::EndpointsService service = found.config->endpoints_service;
    const bool is_file = options.from && options.from->find("://") == std::string::npos;
    if (options.from && !is_file) {
        auto base = net::parse_https_base(*options.from);
        if (!base) {
            complain_of("--from: " + base.error().detail + ", and no file");
            return Exit::usage;
        }
        service.base = *std::move(base);
    }
    while (service.base.path.ends_with('/')) service.base.path.pop_back();
    const Outcome outcome = is_file ? from_file(options, place) : from_service(options, place, service);
    say(options, place.path, outcome);
    return outcome.updated.exit;
}

}  // namespace

void add_endpoints(CommandLine& program) {
    auto options = std::make_shared<Options>();
    Command endpoints = program.command("endpoints", "Show and update the list of addresses from which Exchange Online sends");
    const auto action = [&](const char* name, const char* about, Exit (*run)(const Options&)) {
        Command command = endpoints.command(name, about);
        command.option({.names = "-c,--config", .about = "Configuration file (default: /etc/exota/exota.toml)", .type = "FILE"},
                       options->config);
        command.flag("--json", options->json, "Print JSON");
        command.action([options, run] { return run(*options); });
        return command;
    };
    action("show", "Print the prefixes, and how old the list is", &show);
    Command updating = action("update", "Fetch the list if there is another one, print what differs, and write it", &update);
    updating.option(
        {.names = "--from", .about = "https address of the service (default: client_ip.endpoints_base), or a file", .type = "URL-or-FILE"},
        options->from);
    updating.flag("--force", options->force, "Ask although it is less than an hour ago; take a list that the rules refuse");
    updating.flag("--dry-run", options->dry_run, "Print what would change, and write no list");
    updating.number({.names = "--timeout", .about = "Seconds to wait for the service in all (default: 30)", .type = "SECONDS"},
                    options->seconds, 1, most_seconds);
}

}  // namespace exota::programs
