// Ends, or interrupts, what waits on another thread.
//
// Tested by interrupt_test.cc.
#pragma once

#include <chrono>
#include <cstdint>

#include "net/descriptor.h"

namespace exota::directory {

class Interrupt {
public:
    Interrupt();  // throws std::system_error where the system gives no descriptor
    /// From any thread, and for good: whatever waits ends.
    void set() noexcept;
    bool is_set() const noexcept;
    /// From any thread: who waits for nothing but time or news shall look round, once. Kept until somebody waits so.
    void poke() noexcept;
    /// Somebody poked since it was last asked.
    bool take_poke() const noexcept;

    enum class Woken : std::uint8_t { by_time, by_poke, for_good };
    Woken wait_for(std::chrono::milliseconds time) const;

    /// Readable once set() was called, or while there is a poke; for poll(2).
    int descriptor() const noexcept { return event_.get(); }
    int poke_descriptor() const noexcept { return poked_.get(); }

private:
    net::Descriptor event_, poked_;
};

}  // namespace exota::directory
