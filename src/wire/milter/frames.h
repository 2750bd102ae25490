// Milter framing: a length of four octets, big-endian, then that many octets, of which the first is the command.
//
// Both directions use the same frames. Tested by frames_test.cc and fuzz/milter_fuzz.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "wire/milter/protocol.h"

namespace exota::milter {

struct Frame {
    char command;
    std::string_view payload;
    std::size_t consumed;  // octets of the input that the frame took
};

/// The 32 bits that the first four octets of `bytes` say, big-endian. `bytes` has at least four.
constexpr std::uint32_t read_word(std::string_view bytes) noexcept {
    const auto octet = [bytes](std::size_t at) { return std::uint32_t{static_cast<unsigned char>(bytes.data()[at])}; };
    return octet(0) << 24 | octet(1) << 16 | octet(2) << 8 | octet(3);  // one load, where written so
}
inline void append_word(std::string& out, std::uint32_t word) {
    const auto octet = [word](int shift) { return static_cast<char>(word >> shift & 0xff); };
    const char octets[] = {octet(24), octet(16), octet(8), octet(0)};
    out.append(octets, sizeof octets);
}

/// @param bytes  all unread input; the Frame returned views into it.
/// @return       nullopt: read more first. An error: hang up (length 0, or above `max_octets`).
constexpr std::expected<std::optional<Frame>, ProtocolError> next_frame(std::string_view bytes, std::size_t max_octets) noexcept {
    if (bytes.size() < 4) return std::nullopt;
    const std::size_t length = read_word(bytes);
    if (length == 0) return std::unexpected(ProtocolError::empty_frame);
    if (length > max_octets) return std::unexpected(ProtocolError::frame_too_long);
    if (bytes.size() - 4 < length) return std::nullopt;
    return Frame{bytes[4], bytes.substr(5, length - 1), 4 + length};
}

/// Writes one frame: construct, append the payload, and the destructor fills in the length.
class FrameWriter {
public:
    FrameWriter(std::string& out, char command) : out_(out), start_(out.size()) {
        out_.append(4, '\0');
        out_.push_back(command);
    }
    ~FrameWriter() {
        const std::size_t length = out_.size() - start_ - 4;
        for (unsigned i = 0; i < 4; ++i) out_[start_ + i] = static_cast<char>(length >> (24 - 8 * i) & 0xff);
    }
    FrameWriter(const FrameWriter&) = delete;
    FrameWriter& operator=(const FrameWriter&) = delete;

    FrameWriter& word(std::uint32_t value) {
        append_word(out_, value);
        return *this;
    }
    FrameWriter& octets(std::string_view bytes) {
        out_.append(bytes);
        return *this;
    }
    /// A string with its final NUL. A NUL within would end it early and make the rest another field: it becomes '?'.
    /// @param before  a blank that stands before the text, or nothing.
    FrameWriter& string(std::string_view text, std::string_view before = {}) {
        out_.append(before);
        const std::size_t start = out_.size();
        out_.append(text);
        for (std::size_t nul = out_.find('\0', start); nul != std::string::npos; nul = out_.find('\0', nul)) out_[nul] = '?';
        out_.push_back('\0');
        return *this;
    }

private:
    std::string& out_;
    std::size_t start_;
};

}  // namespace exota::milter
