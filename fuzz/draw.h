// Values drawn from a fuzzer's input: octet by octet, so that a small change of the input is a small change of what it means.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace exota::fuzz {

/// Draws from the input; zeros when it is used up.
class Draw {
public:
    Draw(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
    std::uint8_t octet() { return position_ < size_ ? data_[position_++] : std::uint8_t{0}; }
    std::size_t below(std::size_t limit) { return octet() % limit; }
    bool one_in(std::size_t n) { return below(n) == n - 1; }
    bool coin() { return (octet() & 1) != 0; }
    template <class T, std::size_t N>
    const T& of(const T (&values)[N]) {
        return values[below(N)];
    }
    /// Fewer octets than `limit`, of any kind.
    std::string text(std::size_t limit = 12) {
        std::string out;
        for (std::size_t left = below(limit); left > 0; --left) out += static_cast<char>(octet());
        return out;
    }

private:
    const std::uint8_t* data_;
    std::size_t size_, position_ = 0;
};

}  // namespace exota::fuzz
