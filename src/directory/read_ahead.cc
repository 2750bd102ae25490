#include "directory/read_ahead.h"

#include <unistd.h>

#include <cerrno>
#include <utility>

namespace exota::directory {

ReadAhead::ReadAhead(int descriptor, std::size_t piece_octets) : descriptor_(descriptor), piece_octets_(piece_octets) {
    for (Buffer& buffer : buffers_) buffer.octets = std::make_unique_for_overwrite<char[]>(piece_octets);
    thread_ = std::thread([this] { read_all(); });
}

ReadAhead::~ReadAhead() {
    {
        const std::lock_guard lock(mutex_);
        given_up_ = true;
    }
    changed_.notify_one();
    thread_.join();
}

std::string_view ReadAhead::next() {
    std::unique_lock lock(mutex_);
    if (std::exchange(one_is_used_, true)) {
        ++used_up_;
        changed_.notify_one();
    }
    changed_.wait(lock, [this] { return filled_ > used_up_; });
    const Buffer& buffer = buffers_[used_up_ % buffers_.size()];
    return {buffer.octets.get(), buffer.filled};
}

void ReadAhead::read_all() noexcept {
    for (std::size_t piece = 0;; ++piece) {
        {
            std::unique_lock lock(mutex_);
            changed_.wait(lock, [&] { return given_up_ || piece < used_up_ + buffers_.size(); });
            if (given_up_) return;
        }
        Buffer& buffer = buffers_[piece % buffers_.size()];
        ssize_t got = 0;
        do got = ::read(descriptor_, buffer.octets.get(), piece_octets_);
        while (got < 0 && errno == EINTR);
        if (got < 0) error_ = errno;
        buffer.filled = got > 0 ? static_cast<std::size_t>(got) : 0;
        fingerprint_.feed({buffer.octets.get(), buffer.filled});
        {
            const std::lock_guard lock(mutex_);
            ++filled_;
        }
        changed_.notify_one();
        if (got <= 0) return;
    }
}

}  // namespace exota::directory
