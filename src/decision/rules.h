// The operator's configuration as far as judging needs it: plain data, built by config/build.cc, checked there.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "authn/dmarc.h"
#include "base/ip.h"
#include "decision/inbound_rules.h"
#include "evidence/authres_trust.h"
#include "tenant/policy.h"

namespace exota::decision {

enum class PeerProof : std::uint8_t { client_cert, client_ip, either, both, none };
enum class DkimSource : std::uint8_t { authentication_results, verify, both };
enum class WhenMissing : std::uint8_t { unavailable, absent };
enum class HeaderFormat : std::uint8_t { exota, rfc8601 };

/// Texts of replies; placeholders {text} {reason} {domain} {queue_id}.
struct ReplyTemplates {
    std::string reject = "{text} (domain {domain}, id {queue_id})";
    std::string tempfail = "{text} (domain {domain}, id {queue_id})";
    int tempfail_code = 451;  // drop-in: 450
};

struct ResultHeader {
    bool add = true;
    std::string authserv_id;
    HeaderFormat format = HeaderFormat::exota;
    bool verification_results = false;  // also write Authentication-Results for what we verified
};

/// How DMARC finds out which domains belong together.
struct DmarcRules {
    authn::DmarcRfc rfc = authn::DmarcRfc::rfc9989;
    std::shared_ptr<const authn::PublicSuffixes> public_suffixes = authn::PublicSuffixes::built_in();  // of RFC 7489; never null
};

/// Drop-in mode: the predecessor's switches, which decide the order and the texts of its replies (docs/migration.md).
struct DropIn {
    bool x509 = false, tenant_id_required = false, dkim = false, dkim_alignment_required = false;
    std::string reject_message = "Security policy violation!";
    std::string tempfail_message = "Service temporarily not available! Please try again later.";
};

struct Rules {
    tenant::Mode mode = tenant::Mode::monitor;
    bool force_monitor = false;  // exota serve --monitor
    bool contradictions_refuse = true;
    PeerProof peer_proof = PeerProof::client_cert;
    bool resent_from = false;
    bool forwarding_always = false;  // drop-in

    std::vector<base::IpPrefix> bypass_clients;
    bool bypass_authenticated = false;

    std::vector<base::IpPrefix> exchange_online;  // endpoint list and own prefixes, united
    std::vector<base::IpPrefix> relay_pool;
    std::vector<std::string> certificate_names{"mail.protection.outlook.com"};
    std::vector<base::IpPrefix> certificate_exempt;
    std::vector<base::IpPrefix> trusted_relays;
    WhenMissing certificate_missing = WhenMissing::unavailable;

    DkimSource dkim_source = DkimSource::verify;
    evidence::AuthresTrust authres;
    WhenMissing authres_missing = WhenMissing::unavailable;

    std::vector<std::string> shared_suffixes{"onmicrosoft.com",      "mail.onmicrosoft.com",     "onmicrosoft.us",
                                             "mail.onmicrosoft.us",  "onmicrosoft.de",           "mail.onmicrosoft.de",
                                             "partner.onmschina.cn", "partner.mail.onmschina.cn"};
    std::vector<std::string> arc_trusted_sealers;
    DmarcRules dmarc;

    ReplyTemplates reply;
    ResultHeader header;
    bool header_firewall = false;
    std::optional<DropIn> drop_in;
    std::optional<InboundRules> inbound;  // section [inbound] is there
    bool discovery = false;               // sightings of authors whom no tenant covers are wanted (sighting.h)
};

}  // namespace exota::decision
