// [dns]: where names are looked up.
//
// Tested by config_test.cc.
#include "base/text.h"
#include "config/reader.h"
#include "config/sections.h"
#include "net/resolver.h"

namespace exota::config {
namespace {

base::Result<std::pair<std::string, std::string>> stub_zone(std::string_view text) {
    const std::size_t blank = text.find(' ');
    if (blank == std::string_view::npos || blank == 0 || base::trim(text.substr(blank)).empty())
        return base::fail(base::Errc::invalid_data,
                          '"' + std::string(text) + "\": a zone and a server are wanted, as in \"example.net 127.0.0.1@5353\"");
    return std::pair(std::string(text.substr(0, blank)), std::string(base::trim(text.substr(blank))));
}

}  // namespace

void read_dns(Reader& in, Config& out, Origin origin) {
    net::ResolverSettings& resolver = out.dns.resolver;
    resolver.servers = in.texts("dns.servers");
    resolver.dnssec = in.choice<net::Dnssec>("dns.dnssec");
    resolver.trust_anchor_files = in.texts("dns.trust_anchor_files");
    resolver.stub_zones = in.list("dns.stub_zones", stub_zone);
    resolver.open_zones = in.texts("dns.open_zones");
    resolver.timeout = in.duration("dns.timeout");
    resolver.max_in_flight = in.size("dns.max_in_flight");
    out.dns.lookups.deadline = in.duration("dns.message_timeout");
    out.dns.lookups.questions = in.size("dns.max_questions");
    const bool verifies = out.rules.dkim_source != decision::DkimSource::authentication_results;
    if (origin != Origin::json && verifies)
        if (const auto problem = net::problem_of(resolver)) in.error("dns.servers", *problem);
}

}  // namespace exota::config
