#include "app/https_once.h"

#include <algorithm>
#include <csignal>
#include <future>
#include <memory>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "net/host_addresses.h"
#include "net/https_get.h"
#include "net/loop.h"
#include "net/tls_context.h"

namespace exota::app {
namespace {

using base::Errc;
using base::Result;
using Clock = std::chrono::steady_clock;
using Addresses = std::vector<base::IpAddress>;

/// The system may take minutes: what comes late is waited for by nobody.
Result<Addresses> addresses_until(const std::string& host, Clock::time_point end) {
    const auto promised = std::make_shared<std::promise<Result<Addresses>>>();
    auto found = promised->get_future();
    try {
        std::thread([promised, host] { promised->set_value(net::look_up_addresses(host)); }).detach();
    } catch (const std::system_error& error) {
        return base::fail(Errc::unavailable, "there is no thread to look it up: " + error.code().message());
    }
    if (found.wait_until(end) != std::future_status::ready) return base::fail(Errc::timeout, "it has no address within the time allowed");
    return found.get();
}

}  // namespace

Result<net::HttpAnswer> get_once(const net::HttpsBase& base, const HttpsOnce& once) {
    const auto end = Clock::now() + once.deadline;
    const auto context =
        net::TlsContext::make(net::TlsRole::client, {.certificate_file = {}, .key_file = {}, .roots_file = once.roots_file});
    if (!context) return std::unexpected(context.error());
    auto addresses = addresses_until(base.host, end);
    if (!addresses) return std::unexpected(addresses.error());
    net::HttpsRequest request{.host = base.host, .target = once.target, .accept = "application/json", .addresses = *std::move(addresses)};
    request.port = base.port;
    request.deadline = std::max(std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()), std::chrono::milliseconds(1));
    request.limits.max_body_octets = once.most_octets;
    request.takes = once.takes;
    std::signal(SIGPIPE, SIG_IGN);  // a server that hangs up is an error of the write, not the end of the command
    net::Loop loop;
    net::HttpsGet getting(loop, *context);
    std::optional<Result<net::HttpAnswer>> answer;
    getting.start(std::move(request), [&answer](Result<net::HttpAnswer> came) { answer = std::move(came); });
    loop.run_until([&answer] { return answer.has_value(); });
    return *std::move(answer);
}

}  // namespace exota::app
