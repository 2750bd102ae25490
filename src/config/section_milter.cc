// [milter] and [http]: the sockets, and what a session may take.
//
// Tested by config_test.cc.
#include "config/reader.h"
#include "config/sections.h"
#include "net/endpoint.h"

namespace exota::config {
namespace {

base::Result<std::string> socket_text(std::string_view text) {
    const auto endpoint = net::Endpoint::parse(text);
    if (!endpoint) return std::unexpected(endpoint.error());
    return std::string(text);
}

}  // namespace

void read_milter(Reader& in, Config& out) {
    out.milter.listen = in.list("milter.listen", socket_text);
    if (in.texts("milter.listen").empty() && in.names_in("gateway").empty() && in.texts("inbound.listen").empty())
        in.error("milter.listen", "names no socket");
    const std::int64_t mode = in.integer("milter.socket_mode");
    out.milter.socket_mode = mode < 0 ? std::nullopt : std::optional(static_cast<unsigned>(mode));
    out.milter.socket_group = in.text("milter.socket_group");
    out.milter.max_frame_octets = in.size("milter.max_frame_octets");
    out.milter.max_macro_octets = in.size("milter.max_macro_octets");
    out.milter.max_partial_octets = in.size("milter.max_partial_octets");
    out.milter.max_sessions = in.size("milter.max_sessions");
    out.milter.idle_timeout = in.duration("milter.idle_timeout");
}

void read_http(Reader& in, Config& out) {
    out.http.listen = in.text("http.listen");
    out.http.tenants_apart = in.size("http.tenants");
    if (!out.http.listen.empty())
        if (const auto endpoint = net::Endpoint::parse_http(out.http.listen); !endpoint) in.error("http.listen", endpoint.error().detail);
}

/// The start opens http.listen first, then milter.listen in its order, that of the inbound door, then those of the gateways.
void check_sockets(Reader& in, const Config& config) {
    std::vector<std::pair<std::string, net::Endpoint>> taken;
    if (const auto http = net::Endpoint::parse_http(config.http.listen)) taken.emplace_back("http.listen", *http);
    std::vector<std::string> keys{"milter.listen", "inbound.listen"};
    for (const GatewayConfig& gateway : config.gateways) keys.push_back("gateway." + gateway.session.name + ".listen");
    for (const std::string& key : keys) {
        const std::vector<std::string> texts = in.texts(key);
        for (std::size_t i = 0; i < texts.size(); ++i) {
            auto endpoint = net::Endpoint::parse(texts[i]);
            if (!endpoint) continue;  // said already
            for (const auto& [name, earlier] : taken)
                if (earlier.excludes(*endpoint)) {
                    in.error(key, i,
                             '"' + texts[i] + "\" cannot be opened: " + (name == key ? "the list" : name) + " has " + earlier.text() +
                                 " already");
                    break;
                }
            taken.emplace_back(key, *std::move(endpoint));
        }
    }
}

}  // namespace exota::config
