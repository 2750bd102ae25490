#include "base/ip.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "base/text.h"

namespace exota::base {
namespace {

constexpr std::size_t v4_offset = 12;
constexpr std::array<std::uint8_t, v4_offset> v4_mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

}  // namespace

IpAddress IpAddress::from_octets(const std::array<std::uint8_t, 16>& octets) noexcept {
    IpAddress address;
    address.octets_ = octets;
    return address;
}

Result<IpAddress> IpAddress::parse(std::string_view text) {
    if (istarts_with(text, "IPv6:")) text.remove_prefix(5);
    char copy[INET6_ADDRSTRLEN + 1] = {};
    if (text.empty() || text.size() > INET6_ADDRSTRLEN || text.find('\0') != std::string_view::npos)
        return fail(Errc::invalid_data, "no IP address");
    text.copy(copy, text.size());
    IpAddress address;
    if (inet_pton(AF_INET, copy, address.octets_.data() + v4_offset) == 1) {
        std::ranges::copy(v4_mapped, address.octets_.begin());
        return address;
    }
    if (inet_pton(AF_INET6, copy, address.octets_.data()) == 1) return address;
    return fail(Errc::invalid_data, "no IP address");
}

bool IpAddress::is_v4() const noexcept { return std::equal(v4_mapped.begin(), v4_mapped.end(), octets_.begin()); }

std::string IpAddress::text() const {
    char out[INET6_ADDRSTRLEN] = {};
    if (is_v4()) {  // in every log line: without the C library's formatted output
        char* end = out;
        for (std::size_t i = v4_offset; i < octets_.size(); ++i) {
            if (i > v4_offset) *end++ = '.';
            end = std::to_chars(end, std::end(out), octets_[i]).ptr;
        }
        return {out, end};
    }
    inet_ntop(AF_INET6, octets_.data(), out, sizeof out);
    return out;
}

Result<IpPrefix> IpPrefix::parse(std::string_view text) {
    std::string_view length = text;
    const std::string_view address = take_until(length, '/');
    Result<IpAddress> network = IpAddress::parse(address);
    if (!network) return fail(Errc::invalid_data, "no IP address in prefix");
    const int most = network->is_v4() && address.find(':') == std::string_view::npos ? 32 : 128;
    int bits = most;
    if (address.size() != text.size()) {
        const auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), bits);
        if (error != std::errc{} || end != length.data() + length.size() || bits < 0 || bits > most || length.front() == '-')
            return fail(Errc::invalid_data, most == 32 ? "prefix length is not 0 to 32" : "prefix length is not 0 to 128");
    }
    IpPrefix prefix;
    prefix.network_ = *network;
    prefix.bits_ = most == 32 ? bits + 96 : bits;
    for (int bit = prefix.bits_; bit < 128; ++bit)
        if (network->octets()[static_cast<std::size_t>(bit / 8)] & (0x80 >> (bit % 8)))
            return fail(Errc::invalid_data, "host bits are set behind the prefix length");
    return prefix;
}

bool IpPrefix::contains(const IpAddress& address) const noexcept {
    const auto whole = static_cast<std::size_t>(bits_ / 8);
    if (std::memcmp(network_.octets().data(), address.octets().data(), whole) != 0) return false;
    const int rest = bits_ % 8;
    if (rest == 0) return true;
    const auto mask = static_cast<std::uint8_t>(0xff << (8 - rest));
    return (network_.octets()[whole] & mask) == (address.octets()[whole] & mask);
}

IpAddress IpPrefix::last() const noexcept {
    std::array<std::uint8_t, 16> octets = network_.octets();
    for (std::size_t i = 0; i < octets.size(); ++i) {
        const int free = std::clamp(8 * static_cast<int>(i + 1) - bits_, 0, 8);  // bits of this octet that the prefix leaves open
        octets[i] = static_cast<std::uint8_t>(octets[i] | ((1 << free) - 1));
    }
    return IpAddress::from_octets(octets);
}

std::string IpPrefix::text() const { return network_.text() + '/' + std::to_string(network_.is_v4() && bits_ >= 96 ? bits_ - 96 : bits_); }

bool any_contains(const std::vector<IpPrefix>& prefixes, const IpAddress& address) noexcept {
    return std::ranges::any_of(prefixes, [&](const IpPrefix& prefix) { return prefix.contains(address); });
}

}  // namespace exota::base
