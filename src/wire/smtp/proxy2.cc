// Layout: 12 octets of signature, version and command, family and transport, the length of what follows (16 bits, network order), then
// source address, destination address, source port, destination port. No TLVs.
#include "wire/smtp/proxy2.h"

#include <cstddef>
#include <span>

namespace exota::smtp {
namespace {

constexpr std::string_view signature("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::size_t unix_path_octets = 108;

enum class ProxyCommand : char { local = 0x20, proxy = 0x21 };  // with the version
enum class Family : char { unspecified = 0x00, tcp4 = 0x11, tcp6 = 0x21, unix_stream = 0x31 };

void append_word(std::string& out, std::size_t word) {
    out += static_cast<char>(word >> 8 & 0xff);
    out += static_cast<char>(word & 0xff);
}

void append_start(std::string& out, ProxyCommand command, Family family, std::size_t length) {
    out += signature;
    out += static_cast<char>(command);
    out += static_cast<char>(family);
    append_word(out, length);
}

void append_address(std::string& out, const base::IpAddress& address, std::size_t octets) {
    for (const std::uint8_t octet : std::span(address.octets()).last(octets)) out += static_cast<char>(octet);
}

void append_path(std::string& out, std::string_view path) {
    path = path.substr(0, unix_path_octets);
    out += path;
    out.append(unix_path_octets - path.size(), '\0');
}

struct Append {
    std::string& out;
    void operator()(const ProxyInet& facts) const {
        const bool v4 = facts.source.is_v4() && facts.destination.is_v4();
        const std::size_t octets = v4 ? 4 : 16;
        append_start(out, ProxyCommand::proxy, v4 ? Family::tcp4 : Family::tcp6, 2 * octets + 4);
        append_address(out, facts.source, octets);
        append_address(out, facts.destination, octets);
        append_word(out, facts.source_port);
        append_word(out, facts.destination_port);
    }
    void operator()(const ProxyUnix& facts) const {
        append_start(out, ProxyCommand::proxy, Family::unix_stream, 2 * unix_path_octets);
        append_path(out, facts.source);
        append_path(out, facts.destination);
    }
    void operator()(const ProxyLocal&) const { append_start(out, ProxyCommand::local, Family::unspecified, 0); }
};

}  // namespace

void append_proxy2_header(std::string& out, const ProxyFacts& facts) { std::visit(Append{out}, facts); }

}  // namespace exota::smtp
