#include "directory/interrupt.h"

#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

namespace exota::directory {

Interrupt::Interrupt() : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), poked_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (!event_ || !poked_) throw std::system_error(errno, std::generic_category(), "eventfd");
}

void Interrupt::set() noexcept { static_cast<void>(::eventfd_write(event_.get(), 1)); }  // fails only where it is full, and so set
void Interrupt::poke() noexcept { static_cast<void>(::eventfd_write(poked_.get(), 1)); }

bool Interrupt::is_set() const noexcept {
    pollfd one{.fd = event_.get(), .events = POLLIN, .revents = 0};
    return ::poll(&one, 1, 0) > 0;
}

bool Interrupt::take_poke() const noexcept {
    eventfd_t count = 0;
    return ::eventfd_read(poked_.get(), &count) == 0;
}

Interrupt::Woken Interrupt::wait_for(std::chrono::milliseconds time) const {
    const auto until = std::chrono::steady_clock::now() + time;
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
        std::array<pollfd, 2> watched{
            {{.fd = event_.get(), .events = POLLIN, .revents = 0}, {.fd = poked_.get(), .events = POLLIN, .revents = 0}}};
        static_cast<void>(::poll(watched.data(), watched.size(), static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000))));
        if (watched[0].revents != 0) return Woken::for_good;
        if (watched[1].revents != 0 && take_poke()) return Woken::by_poke;
        if (left.count() <= 0) return Woken::by_time;
    }
}

}  // namespace exota::directory
