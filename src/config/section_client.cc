// [bypass], [client_ip], [client_cert]: which clients are not judged, and which are Exchange Online.
//
// Tested by config_test.cc.
#include "base/text.h"
#include "config/endpoints.h"
#include "config/reader.h"
#include "config/sections.h"
#include "config/values.h"
#include "config/whole_file.h"

namespace exota::config {
namespace {

base::Result<std::string> nonempty_name(std::string_view text) {
    const std::string_view trimmed = base::trim(text);
    if (trimmed.empty()) return base::fail(base::Errc::invalid_data, "an empty name");
    return base::lower(trimmed);
}

}  // namespace

void read_client(Reader& in, Config& out, Origin origin) {
    decision::Rules& rules = out.rules;
    rules.bypass_clients = in.list("bypass.clients", prefix);
    rules.bypass_authenticated = in.boolean("bypass.authenticated");
    rules.exchange_online = in.list("client_ip.prefixes", prefix);
    rules.relay_pool = in.list("client_ip.relay_pool", prefix);
    rules.certificate_names = in.list("client_cert.names", nonempty_name);
    rules.certificate_exempt = in.list("client_cert.exempt", prefix);
    rules.trusted_relays = in.list("client_cert.trusted_relays", prefix);
    rules.certificate_missing = in.choice<decision::WhenMissing>("client_cert.missing");

    constexpr std::string_view key = "client_ip.endpoints_file";
    if (in.text(key).empty()) return;
    if (origin == Origin::json && !in.text(key).starts_with('/')) {
        in.error(key, "must be an absolute path here");
        return;
    }
    out.endpoints_file = resolve_path(in.text(key), out.path);
    const auto text = read_whole_file(out.endpoints_file, max_endpoint_octets);
    if (!text) {
        in.error(key, text.error().detail);
        return;
    }
    const auto endpoints = parse_endpoints(*text);
    if (!endpoints) {
        in.error(key, out.endpoints_file + ": " + endpoints.error().detail);
        return;
    }
    rules.exchange_online.insert(rules.exchange_online.end(), endpoints->prefixes.begin(), endpoints->prefixes.end());
}

}  // namespace exota::config
