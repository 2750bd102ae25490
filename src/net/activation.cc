#include "net/activation.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <charconv>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string_view>

#include "base/system_error.h"
#include "base/text.h"

namespace exota::net {

namespace {

using base::Errc;
using base::fail;

constexpr int first_descriptor = 3;  // SD_LISTEN_FDS_START
constexpr int max_descriptors = 1024;

std::optional<long> number(const char* text) {
    long value = 0;
    const char* const end = text + std::strlen(text);
    const auto [stopped, error] = std::from_chars(text, end, value);
    if (error != std::errc{} || stopped != end) return std::nullopt;
    return value;
}

base::Result<void> check(int descriptor) {
    const std::string which = "activated descriptor " + std::to_string(descriptor);
    int value = 0;
    socklen_t size = sizeof value;
    if (getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &value, &size) != 0) return base::system_error(which);
    if (value == 0) return fail(Errc::invalid_data, which + " does not listen (the socket unit needs Accept=no)");
    size = sizeof value;
    if (getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &value, &size) != 0) return base::system_error(which);
    if (value != SOCK_STREAM) return fail(Errc::invalid_data, which + " is no stream socket (the socket unit needs ListenStream=)");
    const int flags = fcntl(descriptor, F_GETFL);
    if (flags < 0 || fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) != 0 || fcntl(descriptor, F_SETFD, FD_CLOEXEC) != 0)
        return base::system_error(which);
    return {};
}

}  // namespace

base::Result<std::vector<ActivatedSocket>> take_activated_sockets() {
    const char* const pid_text = std::getenv("LISTEN_PID");
    const char* const count_text = std::getenv("LISTEN_FDS");
    const char* const names_text = std::getenv("LISTEN_FDNAMES");
    if (!pid_text || !count_text) return std::vector<ActivatedSocket>{};
    const std::optional<long> pid = number(pid_text);
    const std::optional<long> count = number(count_text);
    std::string names = names_text ? names_text : "";
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
    if (!pid || !count || *count < 0 || *count > max_descriptors)
        return fail(Errc::invalid_data, "LISTEN_PID or LISTEN_FDS is no usable number");
    if (*pid != getpid()) return std::vector<ActivatedSocket>{};

    std::vector<ActivatedSocket> sockets;
    std::string_view rest = names;
    for (int i = 0; i < *count; ++i) {
        const int descriptor = first_descriptor + i;
        if (const base::Result<void> checked = check(descriptor); !checked) return std::unexpected(checked.error());
        const std::string_view name = base::take_until(rest, ':');
        sockets.push_back({Descriptor(descriptor), std::string(name.empty() ? "unknown" : name)});
    }
    return sockets;
}

}  // namespace exota::net
