// What docs/postfix.md demands, held against what was found out: facts in, findings out. doctor_gather.cc finds out.
//
// A demand whose facts could not be found out is `unknown`, never `ok`.
// Tested by doctor_findings_test.cc and tests/system/test_doctor.py.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "base/result.h"
#include "net/endpoint.h"
#include "programs/doctor_opendkim.h"
#include "programs/doctor_postfix.h"
#include "tenant/policy.h"

namespace exota::programs {

enum class Grade : std::uint8_t { ok, unknown, warning, wrong };
std::string_view name_of(Grade grade) noexcept;

struct DoctorFinding {
    Grade grade;
    std::string demand;     // a stable name: "milter-default-action"
    std::string where;      // "smtp/inet", "OpenDKIM" …; may be empty
    std::string is;         // what is so
    std::string should;     // what should be, and why; empty if it is ok
    std::string paragraph;  // heading in docs/postfix.md
};

// --- facts --------------------------------------------------------------------------------------------------------------------------

/// Of the configuration and the tenants.
struct OurFacts {
    std::vector<net::Endpoint> listen;          // milter.listen: what is relayed for tenants
    std::vector<net::Endpoint> inbound_listen;  // inbound.listen: what comes in for the operator's own domains
    bool is_milter() const { return !listen.empty() || !inbound_listen.empty(); }
    tenant::Mode mode = tenant::Mode::enforce;
    bool needs_certificate = true;
    bool reads_results = false;  // of a validator before us
    bool verifies = false;       // so it asks DNS itself
    std::vector<std::string> trusted_authserv_ids;
    bool job_id = false;            // authentication_results.job_id
    std::size_t header_octets = 0;  // limits.header_octets
    std::vector<base::IpPrefix> exchange_online, bypass_clients;
};

struct CertificateFile {
    std::size_t certificates = 0;
    bool has_digicert = false;
};

struct PostfixFacts {
    Settings main;  // what this Postfix does not know is not in it
    std::vector<MasterService> services;
    std::map<std::string, base::Result<CertificateFile>> authorities;  // by path, of every smtpd_tls_CAfile
};

/// Yes, no, or could not be found out; and why.
struct Answer {
    enum class Is : std::uint8_t { yes, no, unknown } is = Is::unknown;
    std::string why;
};

struct SocketFacts {
    Answer is_socket;      // Unix only
    Answer connects;       // as the user who asks
    Answer lets_in;        // Unix only: whether mode and group let Postfix's user in, from the root directory on
    Answer lets_in_queue;  // the same from Postfix's queue directory on
    dev_t device = 0;
    ino_t inode = 0;  // 0: not known
};

struct ResolverFacts {
    Answer answers, validates;
};

struct DoctorFacts {
    OurFacts ours;
    base::Result<PostfixFacts> postfix = base::fail(base::Errc::unavailable, "not asked");
    base::Result<OpenDkimSettings> opendkim = base::fail(base::Errc::unavailable, "not read");
    std::string host_name;
    std::map<std::string, SocketFacts> sockets;  // by socket_key
    ResolverFacts resolver;
};

/// Where packaging/exota.socket listens: with `listen = ["systemd"]` the only socket of ours that can be known.
inline constexpr std::string_view packaged_activated_path = "/run/exota-milter.sock";

/// "unix:/path" or "inet:host:port": one name for one place.
std::string socket_key(const net::Endpoint& endpoint);
/// The place that Postfix means: a relative path lies in the queue directory, and so does every path of a service that is chrooted.
/// nullopt: it is neither.
std::optional<net::Endpoint> place_of(const PostfixMilter& milter, bool chrooted, std::string_view queue_directory);

/// What one service of master.cf has: its own `-o`, else main.cf.
std::optional<std::string> setting(const PostfixFacts& postfix, const MasterService* service, std::string_view name);

/// The milters of a service, and which of them is ours.
struct MilterChain {
    std::vector<PostfixMilter> milters;
    std::optional<std::size_t> ours;  // of several the first door for what is relayed
    bool inbound = false;             // ours is an inbound door
    bool chrooted = false;
    bool switched_off = false;  // no_milters in receive_override_options: the list is not used
    std::string queue_directory;
    const PostfixMilter& our_entry() const { return milters[*ours]; }
};
/// @param list  smtpd_milters or non_smtpd_milters
MilterChain milter_chain(const DoctorFacts& facts, const PostfixFacts& postfix, const MasterService* service, std::string_view list);

/// Services that take mail by SMTP.
std::vector<const MasterService*> smtp_services(const PostfixFacts& postfix);

// --- findings -----------------------------------------------------------------------------------------------------------------------

/// In the order of the document. What several services have alike is one finding.
std::vector<DoctorFinding> examine(const DoctorFacts& facts);

/// Parts of examine(), a file each.
class Findings {
public:
    void add(DoctorFinding finding);
    std::vector<DoctorFinding> take() && { return std::move(list_); }

private:
    std::vector<DoctorFinding> list_;
};
void examine_postfix(const DoctorFacts& facts, Findings& out);
void examine_milters(const DoctorFacts& facts, Findings& out);
void examine_opendkim(const DoctorFacts& facts, Findings& out);
/// Whether an entry of smtpd_milters is one of `sockets`, and which.
const net::Endpoint* our_socket(const DoctorFacts& facts, const std::vector<net::Endpoint>& sockets, const PostfixMilter& milter,
                                bool chrooted, std::string_view queue_directory);

}  // namespace exota::programs
