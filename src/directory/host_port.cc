#include "directory/host_port.h"

#include <algorithm>
#include <charconv>

#include "base/ip.h"

namespace exota::directory {

using base::Errc;
using base::fail;

base::Result<HostPort> parse_host_port(std::string_view text, std::uint16_t port) {
    constexpr std::size_t longest_name = 253;
    HostPort out{.host = {}, .port = port};
    std::string_view behind;
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        if (end == std::string_view::npos) return fail(Errc::invalid_data, "lacks the ] of its address");
        out.host = text.substr(1, end - 1);
        behind = text.substr(end + 1);
        if (!base::IpAddress::parse(out.host) || out.host.find(':') == std::string::npos)
            return fail(Errc::invalid_data, "has no IPv6 address in its brackets");
    } else {
        const std::size_t end = std::min(text.find(':'), text.size());
        out.host = text.substr(0, end);
        behind = text.substr(end);
        if (behind.find(':', 1) != std::string_view::npos) return fail(Errc::invalid_data, "an IPv6 address stands in brackets");
    }
    if (out.host.empty()) return fail(Errc::invalid_data, "names no host");
    if (out.host.size() > longest_name) return fail(Errc::too_long, "its host is longer than a name can be");
    if (behind.empty()) return out;
    unsigned number = 0;
    const auto [end, error] = std::from_chars(behind.data() + 1, behind.data() + behind.size(), number);
    if (!behind.starts_with(':') || error != std::errc() || end != behind.data() + behind.size() || number == 0 || number > 65535)
        return fail(Errc::invalid_data, "has no port of 1 to 65535 behind its host");
    out.port = static_cast<std::uint16_t>(number);
    return out;
}

}  // namespace exota::directory
