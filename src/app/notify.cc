#include "app/notify.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <ctime>

namespace exota::app {

namespace {

std::optional<std::int64_t> number(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

/// A status is one line.
std::string one_line(std::string_view text) {
    std::string line(text);
    std::ranges::replace(line, '\n', ' ');
    return line;
}

}  // namespace

Notifier Notifier::from_environment() {
    Notifier notifier;
    if (const char* path = std::getenv("NOTIFY_SOCKET");
        path && (path[0] == '/' || path[0] == '@') && std::string_view(path).size() < sizeof(sockaddr_un::sun_path))
        notifier.path_ = path;
    const char* const interval = std::getenv("WATCHDOG_USEC");
    const char* const process = std::getenv("WATCHDOG_PID");
    if (interval && (!process || number(process) == getpid()))
        if (const auto microseconds = number(interval); microseconds && *microseconds > 0)
            notifier.watchdog_ = std::chrono::microseconds(*microseconds);
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) unsetenv(name);
    return notifier;
}

void Notifier::ready(std::string_view status) const { send("READY=1\nSTATUS=" + one_line(status)); }

void Notifier::reloading() const {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    send("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000));
}

void Notifier::stopping(std::string_view status) const { send("STOPPING=1\nSTATUS=" + one_line(status)); }
void Notifier::watchdog() const { send("WATCHDOG=1"); }

void Notifier::send(std::string_view text) const {
    if (path_.empty()) return;
    const net::Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    if (path_.front() == '@') address.sun_path[0] = '\0';
    const auto octets = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path_.size() + (path_.front() == '@' ? 0 : 1));
    // A supervisor that does not listen is no reason to stop; it acts on what it does not hear.
    static_cast<void>(::sendto(socket.get(), text.data(), text.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address), octets));
}

}  // namespace exota::app
