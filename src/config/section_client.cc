// [bypass], [client_ip], [client_cert]: which clients are not judged, and which are Exchange Online.
//
// Tested by config_test.cc.
#include "base/text.h"
#include "config/endpoints_file.h"
#include "config/reader.h"
#include "config/sections.h"
#include "config/values.h"
#include "config/whole_file.h"
#include "net/https_base.h"

namespace exota::config {
namespace {

base::Result<std::string> nonempty_name(std::string_view text) {
    const std::string_view trimmed = base::trim(text);
    if (trimmed.empty()) return base::fail(base::Errc::invalid_data, "an empty name");
    return base::lower(trimmed);
}

}  // namespace

void read_client(Reader& in, Config& out, Origin origin, Endpoints endpoints) {
    decision::Rules& rules = out.rules;
    rules.bypass_clients = in.list("bypass.clients", prefix);
    rules.bypass_authenticated = in.boolean("bypass.authenticated");
    out.own_prefixes = in.list("client_ip.prefixes", prefix);
    rules.exchange_online = out.own_prefixes;
    rules.relay_pool = in.list("client_ip.relay_pool", prefix);
    rules.certificate_names = in.list("client_cert.names", nonempty_name);
    rules.certificate_exempt = in.list("client_cert.exempt", prefix);
    rules.trusted_relays = in.list("client_cert.trusted_relays", prefix);
    rules.certificate_missing = in.choice<decision::WhenMissing>("client_cert.missing");

    if (auto base = net::parse_https_base(in.text("client_ip.endpoints_base")))
        out.endpoints_service.base = *std::move(base);
    else
        in.error("client_ip.endpoints_base", base.error().detail);
    out.endpoints_service.instance = in.text("client_ip.endpoints_instance");

    constexpr std::string_view key = "client_ip.endpoints_file";
    if (in.text(key).empty()) return;
    if (origin == Origin::json && !in.text(key).starts_with('/')) {
        in.error(key, "must be an absolute path here");
        return;
    }
    out.endpoints.path = resolve_path(in.text(key), out.path);
    if (endpoints == Endpoints::named) return;
    auto file = read_endpoints_file(out.endpoints.path);
    if (!file) return in.error(key, file.error().detail);
    if (std::string why = why_not_used(*file, nullptr); !why.empty()) return in.error(key, out.endpoints.path + ": " + why);
    use_endpoints(out, *std::move(file));
}

}  // namespace exota::config
