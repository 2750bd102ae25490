// Signals that wait while a daemon starts.
//
// Tested by daemon_test.cc and tests/system.
#pragma once

#include <csignal>
#include <initializer_list>

namespace exota::app {

/// Signals wait until somebody listens to them: a SIGHUP during a long first load must not kill the daemon. Threads that are made
/// meanwhile inherit the mask, so that only the control loop's thread is interrupted later.
class SignalsHeld {
public:
    SignalsHeld() {
        sigemptyset(&held_);
        for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&held_, signal);
        pthread_sigmask(SIG_BLOCK, &held_, nullptr);
    }
    ~SignalsHeld() { release(); }
    SignalsHeld(const SignalsHeld&) = delete;
    SignalsHeld& operator=(const SignalsHeld&) = delete;
    void release() const { pthread_sigmask(SIG_UNBLOCK, &held_, nullptr); }

private:
    sigset_t held_{};
};

}  // namespace exota::app
