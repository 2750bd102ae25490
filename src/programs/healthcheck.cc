// exota healthcheck: asks the daemon's own /readyz, for a container's health check and for scripts that wait until it judges.
//
// Tested by tests/cli_healthcheck_test.py.
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <memory>
#include <system_error>

#include "config/config.h"
#include "config/tree.h"
#include "config/whole_file.h"
#include "net/descriptor.h"
#include "net/endpoint.h"
#include "programs/json_output.h"
#include "programs/options.h"
#include "programs/problems.h"

extern "C" char** environ;

namespace exota::programs {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::int64_t default_seconds = 3, most_seconds = 60;
constexpr std::size_t most_octets = 16384;  // of an answer; ours has some 150

struct Options {
    std::optional<std::string> config, http;
    std::optional<std::int64_t> seconds;
    bool json = false;
};

/// What a look at /readyz gave: a status, or why there is none.
struct Answer {
    int status = 0;
    std::string trouble;
};

Answer trouble(const std::string& what) { return {0, what}; }
Answer trouble_of_system(const std::string& what) { return trouble(what + ": " + std::generic_category().message(errno)); }

/// @return  false: the deadline passed.
bool wait_for(const net::Descriptor& socket, short events, Clock::time_point until) {
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
        if (left <= 0) return false;
        pollfd watched{socket.get(), events, 0};
        const int ready = ::poll(&watched, 1, static_cast<int>(left));
        if (ready > 0) return true;
        if (ready < 0 && errno != EINTR) return false;
    }
}

/// "HTTP/1.1 200 OK": 200.
int status_of(std::string_view answer) {
    const std::size_t blank = answer.find(' ');
    if (!answer.starts_with("HTTP/1.") || blank == answer.npos || answer.size() < blank + 4) return 0;
    int status = 0;
    for (const char c : answer.substr(blank + 1, 3)) {
        if (c < '0' || c > '9') return 0;
        status = status * 10 + (c - '0');
    }
    return status;
}

Answer ask_one(const addrinfo& to, Clock::time_point until) {
    constexpr std::string_view question = "GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    const net::Descriptor socket(::socket(to.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket) return trouble_of_system("no socket");
    if (::connect(socket.get(), to.ai_addr, to.ai_addrlen) != 0) {
        if (errno != EINPROGRESS) return trouble_of_system("cannot connect");
        if (!wait_for(socket, POLLOUT, until)) return trouble("does not take the connection in time");
        int error = 0;
        socklen_t size = sizeof error;
        if (::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
        if (error != 0) return trouble("cannot connect: " + std::generic_category().message(error));
    }
    // A fresh socket takes so little at once.
    if (::send(socket.get(), question.data(), question.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(question.size()))
        return trouble_of_system("cannot ask");
    std::string answer;
    char octets[1024];
    while (answer.size() < most_octets) {
        if (!wait_for(socket, POLLIN, until)) return trouble("does not answer in time");
        const ssize_t got = ::recv(socket.get(), octets, sizeof octets, 0);
        if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (got < 0) return trouble_of_system("cannot read the answer");
        if (got == 0) break;
        answer.append(octets, static_cast<std::size_t>(got));
        if (const int status = status_of(answer); status != 0) return {status, {}};
    }
    return trouble("answers something that is not HTTP");
}

/// One address after the other; every one of them means this host where the daemon listens on all.
Answer ask(const net::Endpoint& endpoint, Clock::time_point until) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_family = endpoint.kind == net::Endpoint::Kind::inet6 ? AF_INET6 : AF_UNSPEC;
    const std::string port = std::to_string(endpoint.port);
    const std::string host = !endpoint.is_every_address() ? endpoint.host : hints.ai_family == AF_INET6 ? "::1" : "localhost";
    addrinfo* found = nullptr;
    if (const int error = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &found); error != 0)
        return trouble(host + ": " + ::gai_strerror(error));
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> addresses(found, &::freeaddrinfo);
    Answer last = trouble("no address");
    for (const addrinfo* to = found; to != nullptr; to = to->ai_next)
        if (last = ask_one(*to, until); last.status != 0) break;
    return last;
}

Exit say(const Options& options, Exit exit, const std::string& text) {
    if (options.json) {
        print(json_output([&](base::JsonObject& members) {
            members.add("ready", exit == Exit::ok);
            members.add("text", text);
        }));
    } else if (exit == Exit::ok) {
        print(text + '\n');
    } else {
        complain("exota healthcheck: " + text + '\n');
    }
    return exit;
}

const config::Node* member(const config::Node* node, std::string_view key) {
    const config::Node::Table* table = node != nullptr ? node->table() : nullptr;
    if (table == nullptr) return nullptr;
    const auto found = std::ranges::find(*table, key, &config::Member::key);
    return found == table->end() ? nullptr : &found->value;
}

/// http.listen of the configuration file, whatever else is wrong in it: a daemon whose file was replaced by a wrong one goes on with what
/// it read before, and a container that is called unhealthy for it would be restarted into the error.
/// @return  "": there is no such file, or none that says so; the configuration is then read whole, and complained of.
std::string listen_in_file(const Options& options) {
    if (!options.config && config::drop_in_requested(environ)) return {};
    const auto text = config::read_whole_file(options.config.value_or(std::string(config::default_config_path)), config::max_octets);
    if (!text) return {};
    const auto tree = config::parse_toml(*text);
    const config::Node* listen = tree ? member(member(&*tree, "http"), "listen") : nullptr;
    const std::string* said = listen != nullptr ? std::get_if<std::string>(&listen->value) : nullptr;
    if (said == nullptr) return {};
    const auto endpoint = net::Endpoint::parse_http(*said);
    return endpoint && endpoint->is_tcp() ? *said : std::string();
}

Exit run(const Options& options) {
    std::string listen = options.http ? *options.http : listen_in_file(options);
    if (!options.http && listen.empty()) {
        const auto config = chosen_config(options.config, environ, config::Endpoints::named);
        if (!config) return config.error();
        listen = config->http.listen;
        if (listen.empty()) return say(options, Exit::bad_config, "http.listen is not set, so there is no /readyz to ask");
    }
    const base::Result<net::Endpoint> endpoint = net::Endpoint::parse_http(listen);
    if (!endpoint || !endpoint->is_tcp()) return say(options, Exit::usage, listen + " is not HOST:PORT");
    const Answer answer = ask(*endpoint, Clock::now() + std::chrono::seconds(options.seconds.value_or(default_seconds)));
    if (answer.status == 200) return say(options, Exit::ok, "ready");
    if (answer.status == 503)
        return say(options, Exit::unavailable, "not ready: it starts, ends, or has nothing to judge by (see its log)");
    return say(options, Exit::unavailable,
               listen + ": " + (answer.status != 0 ? "status " + std::to_string(answer.status) : answer.trouble));
}

}  // namespace

void add_healthcheck(CommandLine& program) {
    auto options = std::make_shared<Options>();
    Command command = program.command("healthcheck", "Ask the running daemon whether it is ready (exit 0 or 69)");
    command.option({.names = "-c,--config", .about = "Configuration file, for http.listen (default: as serve)", .type = "FILE"},
                   options->config);
    command.option({.names = "--http", .about = "Where to ask instead", .type = "HOST:PORT"}, options->http);
    command.number({.names = "--timeout", .about = "Seconds to wait in all (default: 3)", .type = "SECONDS"}, options->seconds, 1,
                   most_seconds);
    command.flag("--json", options->json, "Print JSON");
    command.excludes("--http", "--config");
    command.action([options] { return run(*options); });
}

}  // namespace exota::programs
