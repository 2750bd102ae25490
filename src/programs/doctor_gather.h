// What `exota doctor` finds out: runs postconf, reads files, looks at sockets and connects to them, asks DNS. It writes nothing, and runs
// no other program.
//
// Tested by doctor_gather_test.cc and tests/system/test_doctor.py.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "config/config.h"
#include "programs/doctor_findings.h"
#include "tenant/index.h"

namespace exota::programs {

OurFacts our_facts(const config::Config& config, const tenant::Index& tenants);

/// @param postconf  the program, or the configuration directory of a Postfix (then `postconf -c` it); empty: the program in PATH.
base::Result<PostfixFacts> ask_postfix(const std::string& postconf);

/// Octets on standard output of a program. unavailable: it cannot be started, ends with another status than 0 (with what it complained
/// of), too_long or timeout.
base::Result<std::string> output_of(const std::vector<std::string>& command, std::chrono::milliseconds deadline = std::chrono::seconds{30});

/// @param path  of opendkim.conf.
base::Result<OpenDkimSettings> read_opendkim(const std::string& path);

/// How many certificates a PEM file holds, and whether one of DigiCert is among them.
CertificateFile count_certificates(std::string_view pem);

/// @param user   Postfix's (mail_owner).
/// @param below  Postfix's queue directory.
SocketFacts look_at_socket(const net::Endpoint& endpoint, const std::string& user, const std::string& below);

ResolverFacts ask_resolver(const net::ResolverSettings& settings);

/// All of it.
DoctorFacts gather(const config::Config& config, const tenant::Index& tenants, const std::string& postconf,
                   const std::string& opendkim_conf);

}  // namespace exota::programs
