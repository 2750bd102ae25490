// Telling systemd how we are (sd_notify(3)): READY, RELOADING, STOPPING, STATUS and the watchdog, over the datagram socket that
// NOTIFY_SOCKET names. Without that variable nothing is sent.
//
// Tested by notify_test.cc.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "net/descriptor.h"

namespace exota::app {

class Notifier {
public:
    /// Silent.
    Notifier() = default;
    /// Reads and removes NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID, so that no child speaks for us. While there is one thread.
    static Notifier from_environment();

    void ready(std::string_view status) const;
    void reloading() const;
    void stopping(std::string_view status) const;
    void watchdog() const;
    /// WATCHDOG_USEC, if it is meant for this process: how often the supervisor wants to hear of us at least.
    std::optional<std::chrono::microseconds> watchdog_interval() const noexcept { return watchdog_; }

private:
    void send(std::string_view text) const;

    std::string path_;  // '@' first: abstract
    std::optional<std::chrono::microseconds> watchdog_;
};

}  // namespace exota::app
