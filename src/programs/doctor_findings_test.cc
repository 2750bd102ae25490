// A host on which all is well, and every way in which it can be otherwise: one line a case.
#include "programs/doctor_findings.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace exota::programs {
namespace {

constexpr const char* socket_path = "/var/spool/postfix/exota/milter.sock";

OpenDkimSettings opendkim(const std::string& more = {}) {
    const std::string text =
        "Mode v\nSocket inet:8891@127.0.0.1\nAuthservID mx.test\nAlwaysAddARHeader yes\nRemoveARAll yes\nRemoveARFrom "
        "mx.test\nAuthservIDWithJobID yes\nAutoRestart yes\nMaximumSignaturesToVerify 20\nMaximumHeaders 1000\n" +
        more;
    return *OpenDkimSettings::load("conf", [&](const std::string&) -> base::Result<std::string> { return text; });
}

MasterService service(const char* name, const char* chroot = "y", Settings overrides = {}, const char* program = "smtpd") {
    return {.name = name, .type = "inet", .chroot = chroot, .program = program, .overrides = std::move(overrides)};
}

Answer yes() { return {Answer::Is::yes, ""}; }
Answer no(std::string why) { return {Answer::Is::no, std::move(why)}; }

DoctorFacts well() {
    DoctorFacts out;
    out.ours.listen = {*net::Endpoint::parse(std::string("unix:") + socket_path)};
    out.ours.reads_results = true;
    out.ours.trusted_authserv_ids = {"mx.test"};
    out.ours.job_id = true;
    out.ours.header_octets = 1000;
    out.ours.exchange_online = {*base::IpPrefix::parse("40.92.0.0/15")};
    out.postfix = PostfixFacts{
        .main = {{"smtpd_tls_security_level", "may"},
                 {"smtpd_tls_ask_ccert", "yes"},
                 {"smtpd_tls_CAfile", "/ca"},
                 {"smtpd_tls_cert_file", "/pem"},
                 {"smtpd_tls_loglevel", "1"},
                 {"smtpd_milters", "inet:127.0.0.1:8891, unix:exota/milter.sock"},
                 {"milter_default_action", "tempfail"},
                 {"smtpd_forbid_bare_newline", "yes"},
                 {"smtpd_forbid_bare_newline_exclusions", ""},
                 {"non_smtpd_milters", ""},
                 {"smtpd_relay_restrictions", "permit_mynetworks, check_client_access cidr:/x, reject_unauth_destination"},
                 {"mynetworks", "127.0.0.0/8 [::1]/128"},
                 {"queue_directory", "/var/spool/postfix"},
                 {"compatibility_level", "3.7"},
                 {"myhostname", "mx.test"},
                 {"mail_owner", "postfix"}},
        .services = {service("smtp"), service("cleanup", "y", {}, "cleanup")},
        .authorities = {{"/ca", CertificateFile{.certificates = 140, .has_digicert = true}}},
    };
    out.opendkim = opendkim();
    out.sockets["inet:localhost:8891"] = {.connects = yes()};
    out.sockets[std::string("unix:") + socket_path] = {
        .is_socket = yes(), .connects = yes(), .lets_in = yes(), .lets_in_queue = yes(), .device = 1, .inode = 7};
    out.sockets["unix:/var/spool/postfix/var/spool/postfix/exota/milter.sock"] = {.is_socket = no("No such file"),
                                                                                  .connects = no("No such file")};
    out.resolver = {.answers = yes(), .validates = yes()};
    return out;
}

std::string listed(const std::vector<DoctorFinding>& findings) {
    std::string out;
    for (const DoctorFinding& f : findings)
        out += std::string(name_of(f.grade)) + ' ' + f.demand + " (" + f.where + ") " + f.is + " / " + f.should + '\n';
    return out;
}

TEST(Doctor, all_well) {
    const auto findings = examine(well());
    for (const DoctorFinding& finding : findings) {
        EXPECT_EQ(finding.grade, Grade::ok) << listed({finding});
        EXPECT_EQ(finding.should, "") << listed({finding});
    }
    EXPECT_GT(findings.size(), 20U);
}

struct Case {
    const char* name;
    void (*change)(DoctorFacts&);
    Grade want;
    const char* demand;
    const char* says = "";
};

void set(DoctorFacts& facts, const char* name, const char* value) { facts.postfix->main[name] = value; }
void dkim(DoctorFacts& facts, const char* more) { facts.opendkim = opendkim(more); }
SocketFacts& the_socket(DoctorFacts& facts) { return facts.sockets[std::string("unix:") + socket_path]; }

void with_inbound(DoctorFacts& facts) {
    const std::string path = "/var/spool/postfix/exota/in.sock";
    facts.ours.inbound_listen = {*net::Endpoint::parse("unix:" + path)};
    facts.sockets["unix:" + path] = the_socket(facts);
    facts.sockets["unix:" + path].inode = 8;
}

const Case cases[] = {
    {"no_postconf", [](auto& f) { f.postfix = base::fail(base::Errc::unavailable, "gone"); }, Grade::unknown, "postfix", "gone"},
    {"no_smtpd", [](auto& f) { f.postfix->services.clear(); }, Grade::wrong, "postfix"},
    {"no_tls", [](auto& f) { set(f, "smtpd_tls_security_level", ""); }, Grade::wrong, "tls-offered", "= (empty)"},
    {"tls_none", [](auto& f) { set(f, "smtpd_tls_security_level", "none"); }, Grade::wrong, "tls-offered"},
    {"tls_of_old", [](auto& f) { set(f, "smtpd_tls_security_level", ""), set(f, "smtpd_use_tls", "yes"); }, Grade::ok, "tls-offered"},
    {"not_asked", [](auto& f) { set(f, "smtpd_tls_ask_ccert", "no"); }, Grade::wrong, "tls-ask-ccert"},
    {"required", [](auto& f) { set(f, "smtpd_tls_ask_ccert", "no"), set(f, "smtpd_tls_req_ccert", "yes"); }, Grade::ok, "tls-ask-ccert"},
    {"not_asked_nor_needed", [](auto& f) { set(f, "smtpd_tls_ask_ccert", "no"), f.ours.needs_certificate = false; }, Grade::warning,
     "tls-ask-ccert"},
    {"no_certificate", [](auto& f) { set(f, "smtpd_tls_cert_file", ""); }, Grade::wrong, "tls-certificate", "= (empty)"},
    {"certificate_none", [](auto& f) { set(f, "smtpd_tls_cert_file", "none"); }, Grade::wrong, "tls-certificate"},
    {"certificate_in_a_chain", [](auto& f) { set(f, "smtpd_tls_cert_file", ""), set(f, "smtpd_tls_chain_files", "/chain"); }, Grade::ok,
     "tls-certificate", "/chain"},
    {"tls_not_logged", [](auto& f) { set(f, "smtpd_tls_loglevel", "0"); }, Grade::warning, "tls-loglevel"},
    {"tls_log_not_known", [](auto& f) { f.postfix->main.erase("smtpd_tls_loglevel"); }, Grade::warning, "tls-loglevel", "not known"},
    {"no_cafile", [](auto& f) { set(f, "smtpd_tls_CAfile", ""); }, Grade::wrong, "tls-cafile"},
    {"default_ca", [](auto& f) { set(f, "smtpd_tls_CAfile", ""), set(f, "tls_append_default_CA", "yes"); }, Grade::unknown, "tls-cafile"},
    {"capath", [](auto& f) { set(f, "smtpd_tls_CAfile", ""), set(f, "smtpd_tls_CApath", "/x"); }, Grade::unknown, "tls-cafile"},
    {"cafile_gone", [](auto& f) { f.postfix->authorities.insert_or_assign("/ca", base::fail(base::Errc::not_found, "no such")); },
     Grade::wrong, "tls-cafile"},
    {"cafile_hidden", [](auto& f) { f.postfix->authorities.insert_or_assign("/ca", base::fail(base::Errc::io, "permission")); },
     Grade::unknown, "tls-cafile"},
    {"cafile_not_looked_at", [](auto& f) { f.postfix->authorities.clear(); }, Grade::unknown, "tls-cafile"},
    {"cafile_empty", [](auto& f) { f.postfix->authorities.insert_or_assign("/ca", CertificateFile{}); }, Grade::wrong, "tls-cafile"},
    {"cafile_of_others", [](auto& f) { f.postfix->authorities.insert_or_assign("/ca", CertificateFile{.certificates = 1}); },
     Grade::warning, "tls-cafile", ": 1 certificate, none of DigiCert"},
    {"action_accept", [](auto& f) { set(f, "milter_default_action", "accept"); }, Grade::wrong, "milter-default-action"},
    {"action_reject", [](auto& f) { set(f, "milter_default_action", "reject"); }, Grade::warning, "milter-default-action"},
    {"action_of_the_entry",
     [](auto& f) { set(f, "smtpd_milters", "inet:127.0.0.1:8891, {unix:exota/milter.sock, default_action=accept}"); }, Grade::wrong,
     "milter-default-action", "default_action of unix:exota/milter.sock"},
    {"action_of_another_entry",
     [](auto& f) { set(f, "smtpd_milters", "{inet:127.0.0.1:8891, default_action=accept}, unix:exota/milter.sock"); }, Grade::ok,
     "milter-default-action"},
    {"action_of_the_service", [](auto& f) { f.postfix->services[0].overrides["milter_default_action"] = "accept"; }, Grade::wrong,
     "milter-default-action"},
    {"maps", [](auto& f) { set(f, "smtpd_milter_maps", "cidr:/x"); }, Grade::unknown, "milter-maps"},
    {"not_named", [](auto& f) { set(f, "smtpd_milters", "inet:127.0.0.1:8891"); }, Grade::wrong, "milter-named"},
    {"no_milters", [](auto& f) { set(f, "smtpd_milters", ""); }, Grade::wrong, "milter-named"},
    {"not_by_another_service", [](auto& f) { f.postfix->services.push_back(service("smtps", "y", {{"smtpd_milters", ""}})); },
     Grade::warning, "milter-named", "not judged"},
    {"switched_off", [](auto& f) { set(f, "receive_override_options", "no_header_body_checks, no_milters"); }, Grade::wrong, "milter-named",
     "no_milters"},
    {"other_override", [](auto& f) { set(f, "receive_override_options", "no_header_body_checks"); }, Grade::ok, "milter-named"},
    {"not_for_a_filter_behind", [](auto& f) { f.postfix->services.push_back(service("127.0.0.1:10025", "y", {{"smtpd_milters", ""}})); },
     Grade::ok, "milter-named", "this host"},
    {"only_for_this_host", [](auto& f) { f.postfix->services[0] = service("127.0.0.1:25", "y", {{"smtpd_milters", ""}}); }, Grade::wrong,
     "milter-named"},
    {"tls_of_others",
     [](auto& f) {
         f.postfix->services.push_back(
             service("127.0.0.1:10025", "y", {{"smtpd_milters", ""}, {"smtpd_tls_security_level", "none"}, {"smtpd_tls_ask_ccert", "no"}}));
     },
     Grade::ok, "tls-offered"},
    {"bare_newline_of_others",
     [](auto& f) { f.postfix->services.push_back(service("smtps", "y", {{"smtpd_milters", ""}, {"smtpd_forbid_bare_newline", "no"}})); },
     Grade::wrong, "bare-newline"},
    {"tls_from_the_start", [](auto& f) { set(f, "smtpd_tls_security_level", ""), set(f, "smtpd_tls_wrappermode", "yes"); }, Grade::ok,
     "tls-offered"},
    {"inbound_beside",
     [](auto& f) {
         with_inbound(f);
         f.postfix->services.push_back(
             service("192.0.2.25:25", "y", {{"smtpd_milters", "unix:exota/in.sock"}, {"smtpd_tls_ask_ccert", "no"}}));
     },
     Grade::ok, "milter-named", "an inbound door"},
    {"inbound_opens",
     [](auto& f) {
         with_inbound(f);
         f.postfix->services.push_back(
             service("192.0.2.25:25", "y", {{"smtpd_milters", "unix:exota/in.sock"}, {"milter_default_action", "accept"}}));
     },
     Grade::wrong, "milter-default-action"},
    {"inbound_behind_another",
     [](auto& f) {
         with_inbound(f);
         f.postfix->services.push_back(service("192.0.2.25:25", "y", {{"smtpd_milters", "inet:h:1, unix:exota/in.sock"}}));
     },
     Grade::unknown, "milter-before", "inet:h:1 before"},
    {"inbound_not_running",
     [](auto& f) {
         with_inbound(f);
         f.sockets["unix:/var/spool/postfix/exota/in.sock"].connects = no("Connection refused");
     },
     Grade::wrong, "listening", "in.sock"},
    {"inbound_alone", [](auto& f) { with_inbound(f), set(f, "smtpd_milters", "unix:exota/in.sock"); }, Grade::warning, "milter-named",
     "only inbound doors"},
    {"inbound_alone_as_meant", [](auto& f) { with_inbound(f), f.ours.listen.clear(), set(f, "smtpd_milters", "unix:exota/in.sock"); },
     Grade::ok, "milter-named", "an inbound door"},
    {"inbound_and_maps",
     [](auto& f) { with_inbound(f), set(f, "smtpd_milters", "unix:exota/in.sock"), set(f, "smtpd_milter_maps", "cidr:/x"); },
     Grade::unknown, "milter-maps"},
    {"inbound_and_maps_without_certificates",
     [](auto& f) {
         with_inbound(f), set(f, "smtpd_milters", "unix:exota/in.sock"), set(f, "smtpd_milter_maps", "cidr:/x");
         set(f, "smtpd_tls_ask_ccert", "no");
     },
     Grade::wrong, "tls-ask-ccert"},
    {"no_milter", [](auto& f) { f.ours.listen.clear(), f.postfix = base::fail(base::Errc::unavailable, "gone"); }, Grade::ok,
     "milter-named", "is no milter"},
    {"activated", [](auto& f) { f.ours.listen = {*net::Endpoint::parse("systemd")}; }, Grade::unknown, "milter-named"},
    {"activated_none", [](auto& f) { f.ours.listen = {*net::Endpoint::parse("systemd")}, set(f, "smtpd_milters", ""); }, Grade::wrong,
     "milter-named"},
    {"activated_as_packaged",
     [](auto& f) {
         f.ours.listen = {*net::Endpoint::parse("systemd")};
         f.postfix->services[0].chroot = "n", set(f, "smtpd_milters", "inet:127.0.0.1:8891, unix:/run/exota-milter.sock");
         f.sockets["unix:/run/exota-milter.sock"] = the_socket(f);
     },
     Grade::ok, "milter-named"},
    {"order_wrong", [](auto& f) { set(f, "smtpd_milters", "unix:exota/milter.sock, inet:127.0.0.1:8891"); }, Grade::wrong, "milter-order"},
    {"order_alone", [](auto& f) { set(f, "smtpd_milters", "unix:exota/milter.sock"); }, Grade::wrong, "milter-order",
     "nothing stands before"},
    {"order_behind_another", [](auto& f) { set(f, "smtpd_milters", "inet:h:1, unix:exota/milter.sock, inet:127.0.0.1:8891"); },
     Grade::wrong, "milter-order", "behind"},
    {"order_of_a_stranger", [](auto& f) { set(f, "smtpd_milters", "inet:127.0.0.1:1, unix:exota/milter.sock"); }, Grade::unknown,
     "milter-order"},
    {"order_without_opendkim", [](auto& f) { f.opendkim = base::fail(base::Errc::io, "x"); }, Grade::unknown, "milter-order"},
    {"order_by_name", [](auto& f) { set(f, "smtpd_milters", "inet:localhost:8891, unix:exota/milter.sock"); }, Grade::ok, "milter-order"},
    {"order_not_needed", [](auto& f) { f.ours.reads_results = false, set(f, "smtpd_milters", "unix:exota/milter.sock"); }, Grade::ok,
     "milter-order"},
    {"before_another_too", [](auto& f) { set(f, "smtpd_milters", "inet:h:1, inet:127.0.0.1:8891, unix:exota/milter.sock"); },
     Grade::unknown, "milter-before", "inet:h:1 before ExOTA"},
    {"between", [](auto& f) { set(f, "smtpd_milters", "inet:127.0.0.1:8891, unix:h.sock, unix:exota/milter.sock"); }, Grade::unknown,
     "milter-before", "unix:h.sock before ExOTA"},
    {"behind", [](auto& f) { set(f, "smtpd_milters", "inet:127.0.0.1:8891, unix:exota/milter.sock, inet:h:1"); }, Grade::ok,
     "milter-before"},
    {"before_who_verifies", [](auto& f) { f.ours.reads_results = false; }, Grade::unknown, "milter-before", "inet:127.0.0.1:8891 before"},
    {"bare_newline", [](auto& f) { set(f, "smtpd_forbid_bare_newline", "no"); }, Grade::wrong, "bare-newline"},
    {"bare_newline_note", [](auto& f) { set(f, "smtpd_forbid_bare_newline", "note"); }, Grade::wrong, "bare-newline"},
    {"bare_newline_of_3_9", [](auto& f) { set(f, "smtpd_forbid_bare_newline", "normalize"); }, Grade::ok, "bare-newline"},
    {"bare_newline_not_known", [](auto& f) { f.postfix->main.erase("smtpd_forbid_bare_newline"); }, Grade::wrong, "bare-newline",
     "not known to this Postfix"},
    {"bare_newline_exclusions", [](auto& f) { set(f, "smtpd_forbid_bare_newline_exclusions", "10.0.0.0/8"); }, Grade::warning,
     "bare-newline-exclusions"},
    {"absolute_in_chroot", [](auto& f) { set(f, "smtpd_milters", "inet:127.0.0.1:8891, unix:/var/spool/postfix/exota/milter.sock"); },
     Grade::wrong, "milter-path", "chrooted"},
    {"absolute_without_chroot",
     [](auto& f) {
         f.postfix->services[0].chroot = "n", set(f, "smtpd_milters", "inet:127.0.0.1:8891, unix:/var/spool/postfix/exota/milter.sock");
     },
     Grade::ok, "milter-path"},
    {"relative_without_chroot", [](auto& f) { f.postfix->services[0].chroot = "n"; }, Grade::ok, "milter-path"},
    {"not_running", [](auto& f) { the_socket(f) = {.is_socket = no("No such file"), .connects = no("No such file")}; }, Grade::wrong,
     "listening"},
    {"left_behind", [](auto& f) { the_socket(f).connects = no("Connection refused"); }, Grade::wrong, "listening", "refused"},
    {"not_looked_at", [](auto& f) { f.sockets.clear(); }, Grade::unknown, "listening"},
    {"path_not_known", [](auto& f) { the_socket(f).is_socket = {Answer::Is::unknown, "Permission denied"}; }, Grade::unknown,
     "milter-path"},
    {"mode", [](auto& f) { the_socket(f).lets_in_queue = no("mode 0600"); }, Grade::wrong, "milter-socket-mode"},
    {"mode_not_known", [](auto& f) { the_socket(f).lets_in_queue = {Answer::Is::unknown, "no user"}; }, Grade::unknown,
     "milter-socket-mode"},
    {"mode_of_the_way", [](auto& f) { the_socket(f).lets_in = no("folder"); }, Grade::ok, "milter-socket-mode"},
    {"local_mail", [](auto& f) { set(f, "non_smtpd_milters", "unix:exota/milter.sock"); }, Grade::wrong, "non-smtpd-milters"},
    {"local_mail_bypassed",
     [](auto& f) { set(f, "non_smtpd_milters", "unix:exota/milter.sock"), f.ours.bypass_clients = {*base::IpPrefix::parse("127.0.0.1")}; },
     Grade::warning, "non-smtpd-milters"},
    {"local_mail_signed", [](auto& f) { set(f, "non_smtpd_milters", "inet:127.0.0.1:8891"); }, Grade::ok, "non-smtpd-milters"},
    {"relay_perhaps", [](auto& f) { f.ours.mode = tenant::Mode::monitor; }, Grade::warning, "relay-permission", "check_client_access"},
    {"relay_by_certificate",
     [](auto& f) { f.ours.mode = tenant::Mode::monitor, set(f, "smtpd_relay_restrictions", "permit_tls_all_clientcerts, reject"); },
     Grade::wrong, "relay-permission"},
    {"relay_by_network", [](auto& f) { f.ours.mode = tenant::Mode::monitor, set(f, "mynetworks", "127.0.0.0/8, 40.92.0.0/16"); },
     Grade::wrong, "relay-permission", "40.92"},
    {"relay_by_recipients",
     [](auto& f) {
         f.ours.mode = tenant::Mode::monitor;
         set(f, "smtpd_relay_restrictions", ""), set(f, "smtpd_recipient_restrictions", "permit_tls_clientcerts, reject");
     },
     Grade::wrong, "relay-permission", "smtpd_recipient_restrictions"},
    {"relay_none", [](auto& f) { f.ours.mode = tenant::Mode::monitor, set(f, "smtpd_relay_restrictions", "permit_mynetworks, reject"); },
     Grade::ok, "relay-permission"},
    {"relay_enforced", [](auto& f) { set(f, "smtpd_relay_restrictions", "permit_tls_all_clientcerts, reject"); }, Grade::ok,
     "relay-permission"},
    {"no_opendkim", [](auto& f) { f.opendkim = base::fail(base::Errc::not_found, "no file"); }, Grade::unknown, "opendkim", "no file"},
    {"opendkim_not_needed", [](auto& f) { f.ours.reads_results = false, set(f, "smtpd_milters", "unix:exota/milter.sock"); }, Grade::ok,
     "opendkim"},
    {"opendkim_down", [](auto& f) { f.sockets["inet:localhost:8891"].connects = no("Connection refused"); }, Grade::wrong,
     "opendkim-listening"},
    {"signer", [](auto& f) { dkim(f, "Mode s\n"); }, Grade::wrong, "opendkim-mode"},
    {"signer_too", [](auto& f) { dkim(f, "Mode sv\n"); }, Grade::ok, "opendkim-mode"},
    {"internal_hosts", [](auto& f) { dkim(f, "Mode sv\nInternalHosts 10.0.0.0/8\n"); }, Grade::warning, "opendkim-internal-hosts"},
    {"other_id", [](auto& f) { dkim(f, "AuthservID other.test\n"); }, Grade::wrong, "opendkim-authserv-id"},
    {"host_id", [](auto& f) { dkim(f, "AuthservID HOSTNAME\n"), f.host_name = "MX.test"; }, Grade::ok, "opendkim-authserv-id"},
    {"mta_id", [](auto& f) { dkim(f, "AuthservID\n"); }, Grade::ok, "opendkim-authserv-id"},
    {"other_mta_id", [](auto& f) { dkim(f, "AuthservID\n"), set(f, "myhostname", "other.test"); }, Grade::wrong, "opendkim-authserv-id"},
    {"mta_not_known", [](auto& f) { dkim(f, "AuthservID\n"), f.postfix = base::fail(base::Errc::io, "x"); }, Grade::unknown,
     "opendkim-authserv-id"},
    {"job_id_not_here", [](auto& f) { f.ours.job_id = false; }, Grade::wrong, "opendkim-job-id"},
    {"job_id_not_there", [](auto& f) { dkim(f, "AuthservIDWithJobID no\n"); }, Grade::wrong, "opendkim-job-id"},
    {"job_id_nowhere", [](auto& f) { dkim(f, "AuthservIDWithJobID no\n"), f.ours.job_id = false; }, Grade::warning, "opendkim-job-id"},
    {"job_id_nowhere_by_default", [](auto& f) { dkim(f, "AuthservIDWithJobID no\n"), f.ours.job_id = OurFacts{}.job_id; }, Grade::warning,
     "opendkim-job-id"},
    {"not_always", [](auto& f) { dkim(f, "AlwaysAddARHeader no\n"); }, Grade::wrong, "opendkim-always-adds"},
    {"not_all", [](auto& f) { dkim(f, "RemoveARAll no\n"); }, Grade::wrong, "opendkim-removes-all"},
    {"from_nobody", [](auto& f) { dkim(f, "RemoveARFrom\n"); }, Grade::wrong, "opendkim-removes-from"},
    {"from_others", [](auto& f) { dkim(f, "RemoveARFrom a.test,b.test\n"); }, Grade::wrong, "opendkim-removes-from"},
    {"from_a_domain", [](auto& f) { dkim(f, "RemoveARFrom a.test, .test\n"); }, Grade::ok, "opendkim-removes-from"},
    {"from_a_file", [](auto& f) { dkim(f, "RemoveARFrom refile:/x\n"); }, Grade::unknown, "opendkim-removes-from"},
    {"peers", [](auto& f) { dkim(f, "PeerList 10.0.0.1\n"); }, Grade::warning, "opendkim-peer-list"},
    {"ignored", [](auto& f) { dkim(f, "ExternalIgnoreList /x\n"); }, Grade::warning, "opendkim-external-ignore-list"},
    {"refuses", [](auto& f) { dkim(f, "On-NoSignature reject\n"); }, Grade::warning, "opendkim-actions", "On-NoSignature"},
    {"discards", [](auto& f) { dkim(f, "On-BadSignature d\n"); }, Grade::wrong, "opendkim-actions", "loses mail"},
    {"waits", [](auto& f) { dkim(f, "On-DNSError t\nOn-NoSignature A\nOn-SignatureError d\n"); }, Grade::ok, "opendkim-actions"},
    {"waits_for_nothing", [](auto& f) { dkim(f, "On-NoSignature t\n"); }, Grade::warning, "opendkim-actions", "accept, the default"},
    {"by_default", [](auto& f) { dkim(f, "On-DNSError t\nOn-Default a\n"); }, Grade::warning, "opendkim-actions", "so On-Security"},
    {"no_restart", [](auto& f) { dkim(f, "AutoRestart no\n"); }, Grade::unknown, "opendkim-auto-restart"},
    {"few_signatures", [](auto& f) { dkim(f, "MaximumSignaturesToVerify 19\n"); }, Grade::warning, "opendkim-most-signatures",
     "20 or more"},
    {"many_signatures", [](auto& f) { dkim(f, "MaximumSignaturesToVerify 21\n"); }, Grade::ok, "opendkim-most-signatures"},
    {"no_signatures", [](auto& f) { dkim(f, "MaximumSignaturesToVerify 0\n"); }, Grade::unknown, "opendkim-most-signatures"},
    {"signatures_no_number", [](auto& f) { dkim(f, "MaximumSignaturesToVerify 20x\n"); }, Grade::unknown, "opendkim-most-signatures"},
    {"short_headers", [](auto& f) { dkim(f, "MaximumHeaders 999\n"); }, Grade::warning, "opendkim-most-headers", "1000 or more, or 0"},
    {"any_headers", [](auto& f) { dkim(f, "MaximumHeaders 0\n"); }, Grade::ok, "opendkim-most-headers"},
    {"defaults_of_opendkim",
     [](auto& f) {
         f.ours.header_octets = 65537;
         f.opendkim = OpenDkimSettings::load("conf", [](const std::string&) -> base::Result<std::string> { return "Mode v\n"; });
     },
     Grade::warning, "opendkim-most-headers", "not set (so it is 65536)"},
    {"dns_down", [](auto& f) { f.resolver.answers = no("timeout"); }, Grade::warning, "resolver", "name servers that answer: else"},
    {"dns_down_and_needed", [](auto& f) { f.resolver.answers = no("timeout"), f.ours.verifies = true; }, Grade::wrong, "resolver"},
    {"dns_not_asked", [](auto& f) { f.resolver = {}; }, Grade::unknown, "resolver"},
    {"dns_not_validated", [](auto& f) { f.resolver.validates = no("stripped"); }, Grade::warning, "resolver", "stripped"},
    {"dns_perhaps_validated", [](auto& f) { f.resolver.validates = {}; }, Grade::unknown, "resolver"},
};

class DoctorCases : public ::testing::TestWithParam<Case> {};

TEST_P(DoctorCases, are_found) {
    const Case& want = GetParam();
    DoctorFacts facts = well();
    want.change(facts);
    const auto findings = examine(facts);
    const auto found = std::ranges::find_if(findings, [&](const DoctorFinding& finding) {
        return finding.demand == want.demand && finding.grade == want.want &&
               (finding.is + finding.should).find(want.says) != std::string::npos;
    });
    ASSERT_NE(found, findings.end()) << listed(findings);
    if (want.want == Grade::warning || want.want == Grade::wrong) EXPECT_NE(found->should, "") << "what should be is missing";
    if (want.want == Grade::ok)
        EXPECT_EQ(std::ranges::count_if(findings, [](const auto& f) { return f.grade != Grade::ok; }), 0) << listed(findings);
}

INSTANTIATE_TEST_SUITE_P(Table, DoctorCases, ::testing::ValuesIn(cases), [](const auto& each) { return each.param.name; });

TEST(Doctor, what_is_not_known_is_never_ok) {
    DoctorFacts facts;
    facts.ours.listen = {*net::Endpoint::parse("unix:/x")};
    facts.ours.reads_results = true;
    for (const DoctorFinding& finding : examine(facts)) EXPECT_EQ(finding.grade, Grade::unknown) << listed({finding});
}

TEST(Doctor, services_that_are_alike_are_one_finding) {
    DoctorFacts facts = well();
    facts.postfix->services.push_back(service("smtps"));
    facts.postfix->services.push_back(service("submission", "y", {{"smtpd_tls_ask_ccert", "no"}}));
    std::vector<std::string> asks;
    for (const DoctorFinding& finding : examine(facts))
        if (finding.demand == "tls-ask-ccert") asks.push_back(std::string(name_of(finding.grade)) + ' ' + finding.where);
    EXPECT_EQ(asks, (std::vector<std::string>{"ok smtp/inet, smtps/inet", "wrong submission/inet"}));
}

TEST(Doctor, a_service_for_users_who_log_in_needs_no_judgement) {
    DoctorFacts facts = well();
    Settings overrides{
        {"smtpd_milters", ""}, {"smtpd_sasl_auth_enable", "yes"}, {"smtpd_client_restrictions", "permit_sasl_authenticated, reject"}};
    facts.postfix->services.push_back(service("submission", "y", overrides));
    EXPECT_EQ(listed(examine(facts)).find("warning"), std::string::npos);
    overrides["smtpd_client_restrictions"] = "permit_mynetworks, permit_sasl_authenticated, reject";
    facts.postfix->services.back() = service("submission", "y", overrides);
    EXPECT_NE(listed(examine(facts)).find("warning milter-named (submission/inet)"), std::string::npos);
}

TEST(Doctor, the_same_socket_by_another_path) {
    DoctorFacts facts = well();
    facts.postfix->main["smtpd_milters"] = "inet:127.0.0.1:8891, unix:other/way.sock";
    facts.sockets["unix:/var/spool/postfix/other/way.sock"] = the_socket(facts);
    EXPECT_EQ(listed(examine(facts)).find("wrong"), std::string::npos) << listed(examine(facts));
}

TEST(Doctor, paragraphs_are_headings_of_the_document) {
    std::ifstream file(EXOTA_SOURCE_DIR "/docs/postfix.md");
    std::stringstream text;
    text << file.rdbuf();
    std::vector<DoctorFacts> all{well(), DoctorFacts{}};
    for (const Case& each : cases) each.change(all.emplace_back(well()));
    for (const DoctorFacts& facts : all)
        for (const DoctorFinding& finding : examine(facts)) {
            const std::string heading = "# " + finding.paragraph + '\n';
            EXPECT_NE(text.str().find(heading), std::string::npos) << finding.paragraph;
        }
}

}  // namespace
}  // namespace exota::programs
