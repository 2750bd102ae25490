#include "directory/read_ahead.h"

#include <unistd.h>

#include <cerrno>

namespace exota::directory {

ReadAhead::ReadAhead(int descriptor, std::size_t piece_octets) : descriptor_(descriptor), piece_octets_(piece_octets) {
    for (Buffer& buffer : buffers_) buffer.octets = std::make_unique_for_overwrite<char[]>(piece_octets);
    thread_ = std::thread([this] { read_all(); });
}

ReadAhead::~ReadAhead() {
    given_up_.store(true);
    free_.release();
    thread_.join();
}

std::string_view ReadAhead::next() {
    if (used_ > 0) free_.release();
    filled_.acquire();
    const Buffer& buffer = buffers_[used_++ % buffers_.size()];
    return {buffer.octets.get(), buffer.filled};
}

void ReadAhead::read_all() noexcept {
    for (std::size_t piece = 0;; ++piece) {
        free_.acquire();
        if (given_up_.load()) return;
        Buffer& buffer = buffers_[piece % buffers_.size()];
        ssize_t got = 0;
        do got = ::read(descriptor_, buffer.octets.get(), piece_octets_);
        while (got < 0 && errno == EINTR);
        if (got < 0) error_ = errno;
        buffer.filled = got > 0 ? static_cast<std::size_t>(got) : 0;
        fingerprint_.feed({buffer.octets.get(), buffer.filled});
        filled_.release();
        if (got <= 0) return;
    }
}

}  // namespace exota::directory
