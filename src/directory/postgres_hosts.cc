#include "directory/postgres_hosts.h"

#include <netdb.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "directory/hanging_calls.h"

namespace exota::directory {
namespace {

using base::Errc;
using base::fail;
using Calls = HangingCalls<std::vector<std::string>>;

/// @param flags  of getaddrinfo().
HostAddresses ask_system(const std::string& host, int flags) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = flags;
    addrinfo* found = nullptr;
    if (const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &found); error != 0)
        return fail(error == EAI_AGAIN ? Errc::unavailable : Errc::not_found, host + ": " + ::gai_strerror(error));
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> all(found, &::freeaddrinfo);
    std::vector<std::string> out;
    for (const addrinfo* one = all.get(); one != nullptr; one = one->ai_next) {
        char text[NI_MAXHOST];
        if (::getnameinfo(one->ai_addr, one->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) == 0 &&
            std::ranges::find(out, text) == out.end())
            out.emplace_back(text);
    }
    if (out.empty()) return fail(Errc::not_found, host + ": has no address");
    return out;
}

struct Told final : Calls::Waiter {
    void tell(const HostAddresses& addresses) override {
        {
            const std::lock_guard lock(mutex);
            answer = addresses;
        }
        done.set();
    }
    HostAddresses take() {
        const std::lock_guard lock(mutex);
        return *std::move(answer);
    }

    Interrupt done;

private:
    std::mutex mutex;  // of the next
    std::optional<HostAddresses> answer;
};

}  // namespace

HostAddresses addresses_of_host(const std::string& host) { return ask_system(host, 0); }

HostAddresses addresses_in_time(const std::string& host, std::chrono::milliseconds time, const Interrupt* interrupt,
                                const LookUpHost& look_up) {
    if (auto literal = ask_system(host, AI_NUMERICHOST)) return literal;  // nobody has to be asked
    if (interrupt != nullptr && interrupt->is_set()) return fail(Errc::closed, "interrupted");
    const auto told = std::make_shared<Told>();
    if (!Calls::all()->ask(host, told, [look_up, host] { return look_up(host); }))
        return fail(Errc::unavailable, host + ": there is no thread to look it up: too many hang");
    const auto until = std::chrono::steady_clock::now() + time;
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
        std::array<pollfd, 2> watched{{{.fd = told->done.descriptor(), .events = POLLIN, .revents = 0},
                                       {.fd = interrupt != nullptr ? interrupt->descriptor() : -1, .events = POLLIN, .revents = 0}}};
        static_cast<void>(::poll(watched.data(), watched.size(), static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000))));
        if (watched[1].revents != 0) return fail(Errc::closed, "interrupted");
        if (watched[0].revents != 0) return told->take();
        if (left.count() <= 0) return fail(Errc::timeout, host + ": its name is not looked up in time");
    }
}

}  // namespace exota::directory
