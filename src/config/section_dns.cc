// [dns]: where names are looked up.
//
// Tested by dns_test.cc and config_test.cc.
#include "base/text.h"
#include "config/reader.h"
#include "config/sections.h"
#include "directory/plain_file.h"
#include "net/resolver.h"

namespace exota::config {
namespace {

constexpr std::size_t max_trust_anchor_octets = 1'048'576;  // that of the root has a few hundred

base::Result<std::pair<std::string, std::string>> stub_zone(std::string_view text) {
    const std::size_t blank = text.find(' ');
    if (blank == std::string_view::npos || blank == 0 || base::trim(text.substr(blank)).empty())
        return base::fail(base::Errc::invalid_data,
                          '"' + std::string(text) + "\": a zone and a server are wanted, as in \"example.net 127.0.0.1@5353\"");
    return std::pair(std::string(text.substr(0, blank)), std::string(base::trim(text.substr(blank))));
}

/// Of a file in the form of zone files: some line has a DNSKEY or DS record.
bool holds_a_key(std::string_view text) {
    while (!text.empty()) {
        std::string_view line = base::take_until(text, '\n');
        line = base::take_until(line, ';');  // what is behind it is a comment
        for (std::size_t i = 0; i < line.size(); ++i) {
            const std::size_t begin = i;
            while (i < line.size() && !base::is_fws(line[i])) ++i;
            const std::string_view word = line.substr(begin, i - begin);
            if (base::iequals(word, "DNSKEY") || base::iequals(word, "DS")) return true;
        }
    }
    return false;
}

/// libunbound opens these files itself, with its first question: where it cannot read one, that question and every other fails, and in a
/// folder it reads for ever.
/// @return  whether it may be given them.
bool can_be_read(Reader& in, const std::vector<std::string>& files, net::Dnssec dnssec) {
    const std::string key = "dns.trust_anchor_files";
    bool all = true, any_key = false;
    for (const std::string& file : files) {
        const auto anchors = directory::read_plain_file(file, max_trust_anchor_octets, directory::Links::followed);
        if (!anchors) in.error(key, anchors.error().detail);
        all &= anchors.has_value();
        any_key |= anchors && holds_a_key(anchors->text);
    }
    if (all && !any_key && dnssec == net::Dnssec::on)
        in.error(key, "no DNSKEY or DS record is there: nothing would be validated, in spite of dnssec = \"on\"");
    return all;
}

}  // namespace

void read_dns(Reader& in, Config& out) {
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
}

void check_dns(Reader& in, const Config& config, Origin origin) {
    const bool asks =
        config.rules.dkim_source != decision::DkimSource::authentication_results || !config.gateways.empty() || config.rules.inbound;
    if (origin == Origin::json || !asks) return;
    const net::ResolverSettings& resolver = config.dns.resolver;
    if (resolver.dnssec != net::Dnssec::off && !can_be_read(in, resolver.trust_anchor_files, resolver.dnssec)) return;
    if (const auto problem = net::problem_of(resolver)) in.error("dns.servers", *problem);
}

}  // namespace exota::config
