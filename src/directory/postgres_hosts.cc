#include "directory/postgres_hosts.h"

#include <netdb.h>

#include <algorithm>
#include <memory>

#include "directory/look_up_in_time.h"

namespace exota::directory {
namespace {

using base::Errc;
using base::fail;

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

}  // namespace

HostAddresses addresses_of_host(const std::string& host) { return ask_system(host, 0); }

HostAddresses addresses_in_time(const std::string& host, std::chrono::milliseconds time, const Interrupt* interrupt,
                                const LookUpHost& look_up) {
    if (auto literal = ask_system(host, AI_NUMERICHOST)) return literal;  // nobody has to be asked
    if (interrupt != nullptr && interrupt->is_set()) return fail(Errc::closed, "interrupted");
    return look_up_in_time<std::vector<std::string>>(host, [look_up, host] { return look_up(host); }, time, interrupt);
}

}  // namespace exota::directory
