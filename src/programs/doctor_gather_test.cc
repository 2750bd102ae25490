#include "programs/doctor_gather.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <fstream>

#include "base/encode.h"
#include "config/config.h"
#include "net/descriptor.h"
#include "net/testing.h"

namespace exota::programs {
namespace {

using net::testing::TemporaryDirectory;

net::Descriptor listening(const std::string& path) {
    net::Descriptor out(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::bind(out.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(out.get(), 1), 0);
    return out;
}

SocketFacts look(const std::string& path, const std::string& below = "/nowhere") { return look_at_socket({.path = path}, "nobody", below); }

TEST(OutputOf, a_program) {
    EXPECT_EQ(output_of({"/bin/echo", "a b", "$c"}), "a b $c\n") << "no shell reads it";
    EXPECT_EQ(output_of({"echo", "x"}), "x\n") << "found in PATH";
    EXPECT_EQ(output_of({"cat"}), "") << "standard input is empty";
}

TEST(OutputOf, a_program_that_fails) {
    const auto failed = output_of({"/bin/sh", "-c", "echo warning >&2; echo why >&2; exit 1"});
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error(), (base::Error{base::Errc::unavailable, "why"}));
    EXPECT_EQ(output_of({"/bin/false"}).error().detail, "/bin/false failed");
    EXPECT_EQ(output_of({"/nowhere/postconf"}).error().detail, "/nowhere/postconf: No such file or directory");
    EXPECT_FALSE(output_of({"/bin/sh", "-c", "kill -9 $$"}));
}

TEST(OutputOf, a_program_that_does_not_end_or_says_too_much) {
    EXPECT_EQ(output_of({"tail", "-f", "/dev/null"}, std::chrono::milliseconds{50}).error().code, base::Errc::timeout);
    EXPECT_EQ(output_of({"cat", "/dev/zero"}).error().code, base::Errc::too_long);
}

TEST(Certificates, are_counted) {
    const auto pem = [](std::string_view octets) {
        return "text\n-----BEGIN CERTIFICATE-----\n" + base::base64_encode(octets) + "\n-----END CERTIFICATE-----\n";
    };
    const CertificateFile both = count_certificates(pem("\x30\x82 Other Inc") + pem("\x30\x82 DigiCert Inc"));
    EXPECT_EQ(both.certificates, 2U);
    EXPECT_TRUE(both.has_digicert);
    EXPECT_FALSE(count_certificates(pem("Other")).has_digicert);
    for (const char* none : {"", "DigiCert", "-----BEGIN CERTIFICATE-----", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----"})
        EXPECT_EQ(count_certificates(none).certificates, 0U) << none;
}

TEST(NamedFiles, of_opendkim_are_read_to_a_limit) {
    const TemporaryDirectory folder;
    const struct {
        const char *name, *text;
        base::Errc want;
    } cases[] = {
        {"zeros", "Include /dev/zero\n", base::Errc::too_long},
        {"folder", "Include /\n", base::Errc::io},
        {"gone", "Include /nowhere/more.conf\n", base::Errc::not_found},
    };
    for (const auto& c : cases) {
        std::ofstream(folder.path(c.name)) << c.text;
        const auto read = read_opendkim(folder.path(c.name));
        ASSERT_FALSE(read) << c.name;
        EXPECT_EQ(read.error().code, c.want) << read.error().detail;
    }
    std::ofstream(folder.path("more")) << "Mode v\n";
    std::ofstream(folder.path("whole")) << "Include " << folder.path("more") << '\n';
    const auto whole = read_opendkim(folder.path("whole"));
    ASSERT_TRUE(whole) << whole.error().detail;
    EXPECT_EQ(whole->find("Mode"), "v");
}

TEST(NamedFiles, of_postfix_are_read_to_a_limit) {
    const TemporaryDirectory folder;
    const std::string postconf = folder.path("postconf");
    std::ofstream(postconf) << "#!/bin/sh\ncase $* in\n*-M*) echo smtp inet n - y - - smtpd;;\n*-P*) ;;\n"
                               "*) echo smtpd_tls_CAfile = /dev/zero;;\nesac\n";
    ASSERT_EQ(::chmod(postconf.c_str(), 0755), 0);
    const auto facts = ask_postfix(postconf);
    ASSERT_TRUE(facts) << facts.error().detail;
    ASSERT_TRUE(facts->authorities.contains("/dev/zero"));
    EXPECT_EQ(facts->authorities.at("/dev/zero").error().code, base::Errc::too_long);
}

TEST(SocketLook, what_is_there) {
    const TemporaryDirectory folder;
    EXPECT_EQ(look(folder.path("gone")).is_socket.is, Answer::Is::no);
    EXPECT_EQ(look(folder.path("gone")).connects.is, Answer::Is::no);
    std::ofstream(folder.path("file"));
    EXPECT_EQ(look(folder.path("file")).is_socket.is, Answer::Is::no);
    auto open = listening(folder.path("socket"));
    EXPECT_EQ(look(folder.path("socket")).is_socket.is, Answer::Is::yes);
    EXPECT_EQ(look(folder.path("socket")).connects.is, Answer::Is::yes);
    EXPECT_NE(look(folder.path("socket")).inode, 0U);
    open.reset();
    EXPECT_EQ(look(folder.path("socket")).connects.is, Answer::Is::no) << "left behind by a process that ended";
}

TEST(SocketLook, who_may_open_it) {
    const TemporaryDirectory folder;
    const std::string inner = folder.path("inner"), path = inner + "/socket";
    ASSERT_EQ(::mkdir(inner.c_str(), 0755), 0);
    ASSERT_EQ(::chmod(folder.path("").c_str(), 0755), 0);
    const auto open = listening(path);
    struct Case {
        mode_t outer, folder, socket;
        Answer::Is from_root, from_queue;
    };
    for (const Case& want :
         {Case{0755, 0755, 0666, Answer::Is::yes, Answer::Is::yes}, Case{0755, 0755, 0660, Answer::Is::no, Answer::Is::no},
          Case{0755, 0755, 0664, Answer::Is::no, Answer::Is::no}, Case{0755, 0750, 0666, Answer::Is::no, Answer::Is::no},
          Case{0755, 0711, 0662, Answer::Is::yes, Answer::Is::yes}, Case{0700, 0755, 0666, Answer::Is::no, Answer::Is::yes}}) {
        ASSERT_EQ(::chmod(folder.path("").c_str(), want.outer), 0);
        ASSERT_EQ(::chmod(inner.c_str(), want.folder), 0);
        ASSERT_EQ(::chmod(path.c_str(), want.socket), 0);
        std::string queue = folder.path("");
        while (queue.ends_with('/')) queue.pop_back();
        const SocketFacts seen = look(path, queue);
        EXPECT_EQ(seen.lets_in.is, want.from_root)
            << std::oct << want.outer << ' ' << want.folder << ' ' << want.socket << ' ' << seen.lets_in.why;
        EXPECT_EQ(seen.lets_in_queue.is, want.from_queue) << std::oct << want.folder << ' ' << want.socket << ' ' << seen.lets_in_queue.why;
    }
    EXPECT_EQ(look_at_socket({.path = path}, "no-such-user", "/").lets_in.is, Answer::Is::unknown);
    EXPECT_EQ(look_at_socket({.path = path}, "root", "/").lets_in.is, Answer::Is::yes);
}

TEST(OurFactsOf, a_configuration) {
    const auto facts = [](const std::string& more) {
        const auto loaded = config::from_json("{\"authorisation\": {\"mode\": \"defer\"" + more + '}');
        std::string problems;
        for (const auto& problem : loaded.problems) problems += config::to_text(problem) + '\n';
        EXPECT_TRUE(loaded.config) << problems;
        return loaded.config ? our_facts(*loaded.config, tenant::Index()) : OurFacts{};
    };
    const std::string results =
        R"(}, "dkim": {"source": "authentication-results"}, "authentication_results": {"trusted_authserv_ids": ["mx.test"]})";
    EXPECT_EQ(facts(results).mode, tenant::Mode::defer);
    EXPECT_TRUE(facts(results).reads_results);
    EXPECT_FALSE(facts(results).verifies);
    EXPECT_TRUE(facts(results).needs_certificate);
    EXPECT_EQ(facts(results).trusted_authserv_ids, std::vector<std::string>{"mx.test"});
    EXPECT_FALSE(facts(results).job_id);
    EXPECT_EQ(facts(results).header_octets, 1024U * 1024);
    EXPECT_EQ(facts(results + R"(, "limits": {"header_octets": 65536})").header_octets, 65536U);
    EXPECT_TRUE(facts(results.substr(0, results.size() - 1) + R"(, "job_id": true})").job_id);
    EXPECT_EQ(facts(results).listen.size(), 1U);
    EXPECT_TRUE(facts(results).inbound_listen.empty());
    EXPECT_EQ(facts(R"(}, "inbound": {"mode": "monitor", "listen": ["inet:127.0.0.1:8895"]})").inbound_listen.size(), 1U);
    const OurFacts verifies = facts(
        R"(, "proofs": ["client-ip + dkim"], "peer_proof": "client-ip"}, "client_ip": {"prefixes": ["192.0.2.0/24"]}, "dkim": {"source": "verify"})");
    EXPECT_FALSE(verifies.reads_results);
    EXPECT_TRUE(verifies.verifies);
    EXPECT_FALSE(verifies.needs_certificate);
    EXPECT_EQ(verifies.exchange_online.size(), 1U);
    EXPECT_TRUE(
        facts(R"(, "peer_proof": "both"}, "client_ip": {"prefixes": ["192.0.2.0/24"]}, "dkim": {"source": "verify"})").needs_certificate);
}

}  // namespace
}  // namespace exota::programs
