// What is no error and is warned of.
#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "config/config.h"
#include "config/testing.h"

namespace exota::config {
namespace {

using testing::all_of;
using testing::from_toml;
using testing::minimal;

TEST(ConfigWarnings, WarningsNameWhatProvesNothing) {
    const struct {
        std::string_view text, key;
    } cases[] = {
        {"peer_proof = \"client-ip\"\n", "client_ip.endpoints_file"},
        {"peer_proof = \"none\"\n", "authorisation.peer_proof"},
        {"contradictions = \"ignore\"\n", "authorisation.contradictions"},
        {"[bypass]\nclients = [\"0.0.0.0/0\"]\n", "bypass.clients"},
        {"[client_cert]\nnames = []\n", "client_cert.names"},
        {"[dkim]\nsource = \"authentication-results\"\n[authentication_results]\nmethods = [\"spf\"]\n", "authentication_results.methods"},
        {"[dkim]\nsource = \"authentication-results\"\n[authentication_results]\ntrusted_authserv_ids = [\"mx.example\"]\n",
         "authentication_results.job_id"},
        {"[authentication_results]\njob_id = true\n", "authentication_results.job_id"},
        {"peer_proof = \"both\"\n", "authorisation.peer_proof"},
        {"[authentication_results]\nposition = \"any\"\n", "authentication_results.position"},
    };
    for (const auto& c : cases) {
        const LoadedConfig loaded = from_toml(std::string(minimal) + std::string(c.text));
        ASSERT_TRUE(loaded.config) << all_of(loaded);
        EXPECT_TRUE(std::ranges::any_of(loaded.problems, [&](const Problem& p) { return p.key == c.key; })) << c.text << all_of(loaded);
    }
}

TEST(ConfigWarnings, WarningsSayWhichLineAndOnlyWhereTheyApply) {
    const struct {
        std::string_view text, key;
        std::size_t line;       // counted in the whole, which begins with the minimal configuration; 0: the key is not in the file
        std::string_view says;  // empty: no warning of that key
    } cases[] = {
        {"peer_proof = \"none\"\n", "authorisation.peer_proof", 3, "from anybody"},
        {"peer_proof = \"client-ip\"\n", "client_ip.endpoints_file", 0, "client-ip never holds"},
        {"[client_cert]\nexempt = [\n\"0.0.0.0/0\"]\n", "client_cert.exempt", 4, "every client"},

        {"[client_ip]\nprefixes = [\"40.92.0.0/15\"]\n[bypass]\nclients = [\"192.0.2.1\",\n\"40.93.1.0/24\"]\n", "bypass.clients", 7,
         "40.93.1.0/24 overlaps Exchange Online's 40.92.0.0/15"},
        {"[client_ip]\nprefixes = [\"40.92.0.0/15\"]\n[bypass]\nclients = [\"40.0.0.0/8\"]\n", "bypass.clients", 6, "overlaps"},
        {"[client_ip]\nprefixes = [\"40.92.0.0/15\"]\n[bypass]\nclients = [\"192.0.2.0/24\", \"40.94.0.0/16\"]\n", "bypass.clients", 0, ""},
        {"[bypass]\nclients = [\"40.95.7.7\"]\n", "bypass.clients", 4, "overlaps Exchange Online's 40.95.0.0/16"},
        {"[bypass]\nclients = [\"40.92.0.0/15\"]\n", "bypass.clients", 0, ""},  // nobody said that it is Microsoft's

        {"", "client_cert.missing", 0, "refused for good"},
        {"[client_cert]\nmissing = \"unavailable\"\n", "client_cert.missing", 4, "refused for good"},
        {"[client_cert]\nmissing = \"absent\"\n", "client_cert.missing", 0, ""},
        {"[client_ip]\nprefixes = [\"40.92.0.0/15\"]\n", "client_cert.missing", 0, ""},
        {"proofs = [\"tenant-id\"]\npeer_proof = \"client-ip\"\n", "client_cert.missing", 0, ""},
        {"proofs = [\"tenant-id\"]\npeer_proof = \"both\"\n", "client_cert.missing", 0, "refused for good"},

        {"proofs = [\"client-ip + tenant-id\"]\n", "authorisation.peer_proof", 0, "\"client-cert\" is stricter than every proof"},
        {"proofs = [\"client-ip + dkim\", \"tenant-id\"]\n", "authorisation.peer_proof", 0, "\"either\" if it is to pass"},
        {"proofs = [\"client-ip + dkim\", \"client-ip + xoorg\"]\npeer_proof = \"client-cert\"\n", "authorisation.peer_proof", 4,
         "stricter"},
        {"proofs = [\"client-cert + originator-org\"]\npeer_proof = \"client-ip\"\n", "authorisation.peer_proof", 4,
         "by client-cert alone"},
        {"proofs = [\"client-cert + hosted + dkim\"]\npeer_proof = \"client-ip\"\n", "authorisation.peer_proof", 4, "stricter"},
        {"proofs = [\"client-ip + tenant-id\"]\npeer_proof = \"client-ip\"\n", "authorisation.peer_proof", 0, ""},
        {"proofs = [\"client-ip + tenant-id\"]\npeer_proof = \"either\"\n", "authorisation.peer_proof", 0, ""},
        {"proofs = [\"client-ip + tenant-id\", \"client-cert + tenant-id\"]\n", "authorisation.peer_proof", 0, ""},
        {"proofs = [\"client-ip + dkim\", \"peer + tenant-id + system-mail\"]\n", "authorisation.peer_proof", 0, ""},
        {"proofs = [\"client-ip + dkim\"]\n", "authorisation.peer_proof", 0, ""},  // rests on nothing that Microsoft wrote
        {"proofs = [\"tenant-id\"]\n", "authorisation.peer_proof", 0, ""},         // asks nothing of the peer itself
        {"proofs = [\"client-cert + dkim\", \"client-cert + tenant-id + system-mail\"]\n", "authorisation.peer_proof", 0, ""},
        {"proofs = [\"client-cert + tenant-id\"]\npeer_proof = \"both\"\n", "authorisation.peer_proof", 4, "\"both\" is stricter"},
        {"proofs = [\"peer + tenant-id\"]\npeer_proof = \"both\"\n", "authorisation.peer_proof", 0, ""},

        {"[client_cert]\nnames = [\"mail.protection.outlook.com\",\n\"*.Protection.outlook.com\"]\n", "client_cert.names", 5,
         "\"*.protection.outlook.com\": names are compared as they stand"},
        {"[client_cert]\nnames = [\"mail.protection.outlook.com\"]\n", "client_cert.names", 0, ""},

        {"[authentication_results]\nposition = \"any\"\n", "authentication_results.position", 4, "where none at the top names the method"},

        {"[milter]\nlisten = [\"/s\", \"inet:8893\"]\n", "milter.listen", 4, "every address"},
        {"[milter]\nlisten = [\"inet:127.0.0.1:8893\", \"inet6:[::]:8893\"]\n", "milter.listen", 4, "every address"},
        {"[milter]\nlisten = [\"inet:127.0.0.1:8893\", \"inet6:[::1]:8893\", \"systemd\"]\n", "milter.listen", 0, ""},
        {"[http]\nlisten = \"0.0.0.0:8894\"\n", "http.listen", 4, "read the metrics"},
        {"[http]\nlisten = \"[::]:8894\"\n", "http.listen", 4, "read the metrics"},
        {"[http]\nlisten = \"127.0.0.1:8894\"\n", "http.listen", 0, ""},
        {"[milter]\nlisten = [\"inet:127.0.0.1:8893\", \"inet:127.0.0.1:8894\", \"inet:0@127.0.0.1\", \"inet:0@127.0.0.1\"]\n",
         "milter.listen", 0, ""},
    };
    for (const auto& c : cases) {
        const LoadedConfig loaded = from_toml(std::string(minimal) + std::string(c.text));
        ASSERT_TRUE(loaded.config) << c.text << all_of(loaded);
        const auto found = std::ranges::find(loaded.problems, c.key, &Problem::key);
        ASSERT_EQ(found == loaded.problems.end(), c.says.empty()) << c.text << all_of(loaded);
        if (c.says.empty()) continue;
        EXPECT_EQ(found->line, c.line) << c.text << all_of(loaded);
        EXPECT_EQ(found->column == 0, c.line == 0);
        EXPECT_NE(found->text.find(c.says), std::string::npos) << c.text << all_of(loaded);
    }
}

TEST(ConfigWarnings, ATenantsOwnProofsAreHeldAgainstTheConfiguration) {
    const struct {
        std::string_view text, proofs, says;  // says empty: nothing
    } cases[] = {
        {"", "client-ip + dkim", "no prefix of Exchange Online is known"},
        {"[client_ip]\nprefixes = [\"40.92.0.0/15\"]\n", "client-ip + dkim", ""},
        {"[client_ip]\nprefixes = [\"40.92.0.0/15\"]\n", "client-ip + tenant-id", "\"client-cert\" is stricter"},
        {"peer_proof = \"client-ip\"\n[client_ip]\nprefixes = [\"40.92.0.0/15\"]\n", "client-ip + tenant-id", ""},
        {"peer_proof = \"both\"\n[client_ip]\nprefixes = [\"40.92.0.0/15\"]\n", "client-ip + tenant-id", "\"both\" is stricter"},
        {"peer_proof = \"both\"\n", "client-cert + dkim", ""},  // rests on nothing that Microsoft wrote
        {"[client_ip]\nprefixes = [\"40.92.0.0/15\"]\n", "client-ip + eop", "\"client-cert\" is stricter"},
        {"", "client-cert + tenant-id", ""},
        {"", "client-cert + dkim", ""},
    };
    for (const auto& c : cases) {
        const LoadedConfig loaded = from_toml(std::string(minimal) + std::string(c.text));
        ASSERT_TRUE(loaded.config) << c.text << all_of(loaded);
        std::string said;
        for (const std::string& warning : loaded.config->tenant_defaults.advise_on_own_proofs({*tenant::Proof::parse(c.proofs)}))
            said += warning + '\n';
        EXPECT_EQ(said.empty(), c.says.empty()) << c.text << said;
        EXPECT_NE(said.find(c.says), std::string::npos) << said;
    }
}

TEST(ConfigWarnings, AFieldThatNoFrameLetsThroughIsWarnedOf) {
    // A header frame is as long as its field: command and two NULs there, colon and line end here.
    for (const auto& [field, warned] : {std::pair(65535, false), std::pair(65536, false), std::pair(65537, true)}) {
        const LoadedConfig loaded = from_toml("[milter]\nmax_frame_octets = 65536\n" + std::string(minimal) +
                                              "[limits]\nfield_octets = " + std::to_string(field) + "\n");
        ASSERT_TRUE(loaded.config) << all_of(loaded);
        EXPECT_EQ(all_of(loaded).find("limits.field_octets: is above milter.max_frame_octets (65536)") != std::string::npos, warned)
            << field << all_of(loaded);
    }
}

TEST(ConfigWarnings, RoomForLessThanALongFrameIsWarnedOf) {
    // Memory for a frame that comes in pieces grows by doubling.
    for (const auto& [octets, warned] : {std::pair(131072, false), std::pair(131071, true)}) {
        const LoadedConfig loaded = from_toml("[milter]\nmax_frame_octets = 65536\nmax_partial_octets = " + std::to_string(octets) + "\n" +
                                              std::string(minimal) + "[limits]\nfield_octets = 65536\n");
        ASSERT_TRUE(loaded.config) << all_of(loaded);
        EXPECT_EQ(loaded.config->milter.max_partial_octets, octets);
        EXPECT_EQ(all_of(loaded).find("milter.max_partial_octets: is below twice") != std::string::npos, warned) << all_of(loaded);
    }
}

}  // namespace
}  // namespace exota::config
