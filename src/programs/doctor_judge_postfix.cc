// TLS, bare newlines and relay permissions: what docs/postfix.md demands in "main.cf" and "The relay itself".
//
// Tested by doctor_findings_test.cc.
#include <algorithm>
#include <array>

#include "base/counted.h"
#include "base/text.h"
#include "programs/doctor_findings.h"

namespace exota::programs {
namespace {

constexpr const char* main_cf = "main.cf";
constexpr const char* relay = "The relay itself";

bool is_yes(const std::optional<std::string>& value) { return value && base::iequals(*value, "yes"); }

struct Look {
    const DoctorFacts& facts;
    const PostfixFacts& postfix;
    const MasterService& service;
    Findings& out;

    std::optional<std::string> get(std::string_view name) const { return setting(postfix, &service, name); }
    std::string shown(std::string_view name) const {
        const std::string value = get(name).value_or("(not known to this Postfix)");
        return std::string(name) + " = " + (value.empty() ? "(empty)" : value);
    }
    void add(Grade grade, const char* demand, std::string is, std::string should, const char* paragraph) const {
        out.add({grade, demand, service.label(), std::move(is), std::move(should), paragraph});
    }
};

void examine_tls(const Look& look) {
    const std::string level = look.get("smtpd_tls_security_level").value_or("");
    const bool offered = base::iequals(level, "may") || base::iequals(level, "encrypt") ||
                         (level.empty() && (is_yes(look.get("smtpd_use_tls")) || is_yes(look.get("smtpd_enforce_tls")) ||
                                            is_yes(look.get("smtpd_tls_wrappermode"))));
    look.add(offered ? Grade::ok : Grade::wrong, "tls-offered", look.shown("smtpd_tls_security_level"),
             offered ? "" : "may: without TLS nobody shows a certificate", main_cf);

    constexpr std::array of_this_host{"smtpd_tls_cert_file", "smtpd_tls_chain_files", "smtpd_tls_eccert_file", "smtpd_tls_dcert_file"};
    const auto shows_one = std::ranges::find_if(of_this_host, [&look](const char* name) {
        const std::string file = look.get(name).value_or("");
        return !file.empty() && !base::iequals(file, "none");
    });
    const bool has_one = shows_one != of_this_host.end();
    look.add(has_one ? Grade::ok : Grade::wrong, "tls-certificate", look.shown(has_one ? *shows_one : of_this_host.front()),
             has_one ? "" : "a certificate of this host: without one Postfix offers no TLS, and nobody shows his", main_cf);

    const bool asks = is_yes(look.get("smtpd_tls_ask_ccert")) || is_yes(look.get("smtpd_tls_req_ccert"));
    const Grade unasked = look.facts.ours.needs_certificate ? Grade::wrong : Grade::warning;
    look.add(asks ? Grade::ok : unasked, "tls-ask-ccert", look.shown("smtpd_tls_ask_ccert"),
             asks                                ? ""
             : look.facts.ours.needs_certificate ? "yes: else every message looks as if it came from nobody"
                                                 : "yes: else only addresses prove that the peer is Exchange Online",
             main_cf);

    const std::string log_level = look.get("smtpd_tls_loglevel").value_or("");
    const bool logs = !log_level.empty() && log_level != "0";
    look.add(logs ? Grade::ok : Grade::warning, "tls-loglevel", look.shown("smtpd_tls_loglevel"),
             logs ? "" : "1: else no line of the log says whether a client's certificate was Trusted", main_cf);
}

void examine_authorities(const Look& look) {
    const std::string file = look.get("smtpd_tls_CAfile").value_or(""), folder = look.get("smtpd_tls_CApath").value_or("");
    if (file.empty()) {
        if (is_yes(look.get("tls_append_default_CA")))
            return look.add(Grade::unknown, "tls-cafile",
                            "tls_append_default_CA = yes: which roots the system's default holds was not looked at", "", main_cf);
        if (!folder.empty())
            return look.add(Grade::unknown, "tls-cafile", look.shown("smtpd_tls_CApath") + ": which roots it holds was not looked at",
                            "smtpd_tls_CAfile: it is read before the chroot, a folder is not", main_cf);
        return look.add(Grade::wrong, "tls-cafile", "smtpd_tls_CAfile is empty",
                        "a file with the roots of Microsoft's certificate (DigiCert): else no certificate is ever verified", main_cf);
    }
    const auto found = look.postfix.authorities.find(file);
    if (found == look.postfix.authorities.end())
        return look.add(Grade::unknown, "tls-cafile", look.shown("smtpd_tls_CAfile") + ": not looked at", "", main_cf);
    if (!found->second) {
        const bool missing = found->second.error().code == base::Errc::not_found;
        return look.add(missing ? Grade::wrong : Grade::unknown, "tls-cafile",
                        look.shown("smtpd_tls_CAfile") + ": " + found->second.error().detail,
                        missing ? "a file with the roots of Microsoft's certificate (DigiCert)" : "", main_cf);
    }
    const std::string count = look.shown("smtpd_tls_CAfile") + ": " + base::counted(found->second->certificates, "certificate");
    if (found->second->certificates == 0)
        return look.add(Grade::wrong, "tls-cafile", count, "the roots of Microsoft's certificate (DigiCert)", main_cf);
    const bool there = found->second->has_digicert;
    look.add(there ? Grade::ok : Grade::warning, "tls-cafile", count + (there ? ", DigiCert's among them" : ", none of DigiCert"),
             there ? "" : "the roots that Microsoft's certificate chains to (DigiCert today): else it is never verified", main_cf);
}

void examine_bare_newline(const Look& look) {
    constexpr const char* name = "smtpd_forbid_bare_newline";
    const std::string value = base::lower(look.get(name).value_or(""));
    const bool stops = value == "yes" || value == "normalize" || value == "reject";
    look.add(stops ? Grade::ok : Grade::wrong, "bare-newline", look.shown(name),
             stops ? "" : "yes: else a second message, with any From, hides inside the first (SMTP smuggling)", main_cf);
    if (!stops) return;
    constexpr const char* except = "smtpd_forbid_bare_newline_exclusions";
    const bool none = look.get(except).value_or("").empty();
    look.add(none ? Grade::ok : Grade::warning, "bare-newline-exclusions", look.shown(except),
             none ? "" : "empty: these clients can still smuggle", main_cf);
}

/// A permission in smtpd_relay_restrictions (where that is empty, in smtpd_recipient_restrictions) by which Exchange Online could relay.
void examine_relay(const Look& look) {
    std::string name = "smtpd_relay_restrictions";
    if (look.get(name).value_or("").empty()) name = "smtpd_recipient_restrictions";
    const std::vector<std::string> words = postfix_words(look.get(name).value_or(""));
    constexpr std::array by_certificate{"permit_tls_all_clientcerts", "permit_tls_clientcerts", "check_ccert_access"};
    constexpr std::array by_client{"check_client_access", "check_client_a_access", "check_helo_access", "check_sender_access", "permit"};
    const auto named_in = [&](const auto& list) {
        return std::ranges::find_if(words, [&](const std::string& word) { return std::ranges::find(list, word) != list.end(); });
    };
    std::string sure, perhaps;
    if (const auto found = named_in(by_certificate); found != words.end()) sure = *found;
    if (const auto found = named_in(by_client); found != words.end()) (*found == "permit" ? sure : perhaps) = *found;
    if (std::ranges::find(words, "permit_mynetworks") != words.end())
        for (const std::string& network : postfix_words(look.get("mynetworks").value_or(""))) {
            std::string text = network;
            std::erase_if(text, [](char c) { return c == '[' || c == ']'; });
            const auto prefix = base::IpPrefix::parse(text);
            if (!prefix) {
                if (perhaps.empty()) perhaps = "permit_mynetworks with " + network;
            } else if (std::ranges::any_of(look.facts.ours.exchange_online, [&](const auto& known) { return known.overlaps(*prefix); })) {
                sure = "permit_mynetworks with " + network;
            }
        }
    const std::string mode = "mode = \"" + std::string(tenant::name_of(look.facts.ours.mode)) + '"';
    if (sure.empty() && perhaps.empty())
        return look.add(Grade::ok, "relay-permission", name + " gives no permission that Exchange Online could use", "", relay);
    const std::string is = name + " has " + (sure.empty() ? perhaps : sure) + ", " + mode;
    if (look.facts.ours.mode != tenant::Mode::monitor) return look.add(Grade::ok, "relay-permission", is, "", relay);
    look.add(sure.empty() ? Grade::warning : Grade::wrong, "relay-permission", is,
             sure.empty() ? "mode = \"enforce\", if this permits Exchange Online: till then everybody at Microsoft may relay here"
                          : "mode = \"enforce\": till then everybody at Microsoft may relay here",
             relay);
}

}  // namespace

void examine_postfix(const DoctorFacts& facts, Findings& out) {
    if (!facts.ours.is_milter()) return;  // examine_milters() says so
    if (!facts.postfix)
        return out.add({Grade::unknown, "postfix", "Postfix", "nothing is known of it: " + facts.postfix.error().detail, "", main_cf});
    const PostfixFacts& postfix = *facts.postfix;
    const std::vector<const MasterService*> services = smtp_services(postfix);
    if (services.empty())
        return out.add({Grade::wrong, "postfix", "Postfix", "no service of master.cf is smtpd", "one that takes mail by SMTP", main_cf});
    const auto chain_of = [&](const MasterService* service) { return milter_chain(facts, postfix, service, "smtpd_milters"); };
    const auto names_us = [&](const MasterService* service) { return chain_of(service).ours.has_value(); };
    const bool some_does = std::ranges::any_of(services, names_us);
    for (const MasterService* service : services) {
        const Look look{facts, postfix, *service, out};
        examine_bare_newline(look);  // of all: what hides inside a message is not asked which service it came by
        if (some_does && !names_us(service)) continue;
        if (chain_of(service).inbound && look.get("smtpd_milter_maps").value_or("").empty()) continue;  // it is not asked who the peer is
        examine_tls(look);
        examine_authorities(look);
        examine_relay(look);
    }
}

}  // namespace exota::programs
