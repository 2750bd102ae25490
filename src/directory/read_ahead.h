// Reads a file piece by piece on a thread of its own, one piece ahead of whoever uses them: copying octets out of the kernel and taking
// their fingerprint costs a tenth of a load, and happens beside the parsing.
//
//   reading thread   │ read 1 │ read 2 │  wait  │ read 3 │ …
//   using thread              │ use 1           │ use 2      │ …
//
// The thread inherits the priority of the one that makes the ReadAhead (on Linux), so a reload's is as low as the reload's.
//
// Tested by read_ahead_test.cc.
#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string_view>
#include <thread>

#include "directory/shrink_guard.h"

namespace exota::directory {

class ReadAhead {
public:
    /// @param descriptor  is read from where it stands; stays open until this is destroyed.
    /// @throw std::system_error  there can be no other thread.
    ReadAhead(int descriptor, std::size_t piece_octets);
    /// Waits for a read() that has begun, and for nothing more.
    ~ReadAhead();
    ReadAhead(const ReadAhead&) = delete;
    ReadAhead& operator=(const ReadAhead&) = delete;

    /// @return  good until the next call; empty at the end, and then no more must be asked for.
    std::string_view next();
    /// Of what ended the reading, as errno has it; 0 at the end of the file. Once next() has returned nothing.
    int error() const noexcept { return error_; }
    /// Of all pieces. Once next() has returned nothing.
    const Fingerprint& fingerprint() const noexcept { return fingerprint_; }

private:
    struct Buffer {
        std::unique_ptr<char[]> octets;
        std::size_t filled = 0;
    };

    void read_all() noexcept;

    const int descriptor_;
    const std::size_t piece_octets_;
    std::array<Buffer, 2> buffers_;
    std::mutex mutex_;  // of the three below; they say whose turn each buffer, the error and the fingerprint are
    std::condition_variable changed_;
    std::size_t filled_ = 0, used_up_ = 0;  // pieces
    bool given_up_ = false;
    bool one_is_used_ = false;  // next() gave a piece out
    int error_ = 0;
    Fingerprint fingerprint_;
    std::thread thread_;
};

}  // namespace exota::directory
