#include "config/config.h"

#include <gtest/gtest.h>

#include "config/build.h"
#include "config/testing.h"

namespace exota::config {
namespace {

using testing::all_of;
using testing::from_toml;
using testing::minimal;

TEST(Config, ModeIsRequired) {
    const LoadedConfig loaded = from_toml("");
    EXPECT_FALSE(loaded.config);
    ASSERT_EQ(loaded.problems.size(), 1U) << all_of(loaded);
    EXPECT_EQ(loaded.problems[0].key, "authorisation.mode");
}

TEST(Config, DefaultsOfTableAndStructuresAgree) {
    const LoadedConfig loaded = from_toml(minimal);
    ASSERT_TRUE(loaded.config) << all_of(loaded);
    const Config& c = *loaded.config;
    const Config fresh;
    EXPECT_EQ(c.milter.socket_mode, fresh.milter.socket_mode);
    EXPECT_EQ(c.milter.max_frame_octets, fresh.milter.max_frame_octets);
    EXPECT_EQ(c.milter.max_macro_octets, fresh.milter.max_macro_octets);
    EXPECT_EQ(c.milter.max_sessions, fresh.milter.max_sessions);
    EXPECT_EQ(c.milter.idle_timeout, fresh.milter.idle_timeout);
    EXPECT_EQ(c.limits.field_octets, fresh.limits.field_octets);
    EXPECT_EQ(c.limits.header_octets, fresh.limits.header_octets);
    EXPECT_EQ(c.limits.header_fields, fresh.limits.header_fields);
    EXPECT_EQ(c.limits.kept_fields, fresh.limits.kept_fields);
    EXPECT_EQ(c.rules.mode, tenant::Mode::monitor);
    EXPECT_EQ(c.rules.contradictions_refuse, fresh.rules.contradictions_refuse);
    EXPECT_EQ(c.rules.peer_proof, fresh.rules.peer_proof);
    EXPECT_EQ(c.rules.resent_from, fresh.rules.resent_from);
    EXPECT_EQ(c.rules.certificate_names, fresh.rules.certificate_names);
    EXPECT_EQ(c.rules.certificate_missing, fresh.rules.certificate_missing);
    EXPECT_EQ(c.rules.dkim_source, fresh.rules.dkim_source);
    EXPECT_EQ(c.rules.authres.methods, fresh.rules.authres.methods);
    EXPECT_EQ(c.rules.authres.own_hops, fresh.rules.authres.own_hops);
    EXPECT_EQ(c.rules.authres.position, fresh.rules.authres.position);
    EXPECT_EQ(c.rules.authres_missing, fresh.rules.authres_missing);
    EXPECT_EQ(c.rules.shared_suffixes, fresh.rules.shared_suffixes);
    EXPECT_EQ(c.rules.dmarc.rfc, fresh.rules.dmarc.rfc);
    EXPECT_NE(c.rules.dmarc.public_suffixes, nullptr);
    EXPECT_NE(fresh.rules.dmarc.public_suffixes, nullptr);
    EXPECT_EQ(c.rules.reply.reject, fresh.rules.reply.reject);
    EXPECT_EQ(c.rules.reply.tempfail, fresh.rules.reply.tempfail);
    EXPECT_EQ(c.rules.reply.tempfail_code, fresh.rules.reply.tempfail_code);
    EXPECT_EQ(c.rules.header.add, fresh.rules.header.add);
    EXPECT_EQ(c.rules.header.format, fresh.rules.header.format);
    EXPECT_EQ(c.rules.header.authserv_id, host_name());
    EXPECT_EQ(c.rules.header_firewall, fresh.rules.header_firewall);
    EXPECT_EQ(c.tenants.source, fresh.tenants.source);
    EXPECT_EQ(c.tenants.watch_interval, fresh.tenants.watch_interval);
    EXPECT_EQ(c.log.format, fresh.log.format);
    EXPECT_EQ(c.log.target, fresh.log.target);
    EXPECT_EQ(c.log.evidence, fresh.log.evidence);
    EXPECT_EQ(c.log.level, fresh.log.level);
    EXPECT_EQ(c.log.name, fresh.log.name);
    EXPECT_EQ(c.http.listen, fresh.http.listen);
    EXPECT_EQ(c.threads, fresh.threads);
    EXPECT_EQ(c.drain_timeout, fresh.drain_timeout);
    ASSERT_EQ(c.rules.relay_pool.size(), 1U);
    EXPECT_EQ(c.rules.relay_pool[0].text(), "40.95.0.0/16");
    ASSERT_EQ(c.tenant_defaults.proofs.size(), 1U);
    EXPECT_EQ(c.tenant_defaults.proofs[0].text, "client-cert + dkim");
    EXPECT_EQ(c.tenant_defaults.mode, tenant::Mode::monitor);
    EXPECT_FALSE(c.rules.drop_in);
}

TEST(Config, ReadsTheSampleOfTheContract) {
    const LoadedConfig loaded = from_toml(R"toml(
[milter]
listen = ["unix:/run/exota/milter.sock", "inet:127.0.0.1:8893"]
[authorisation]
mode = "enforce"
proofs = ["client-cert + dkim", "client-cert + tenant-id"]
contradictions = "refuse"
peer_proof = "either"
resent_from = true
[bypass]
clients = ["192.0.2.0/24"]
authenticated = true
[client_ip]
prefixes = ["40.92.0.0/15"]
[client_cert]
names = ["Mail.Protection.Outlook.com"]
exempt = ["127.0.0.1"]
trusted_relays = ["192.0.2.9"]
[dkim]
source = "authentication-results"
[authentication_results]
trusted_authserv_ids = ["mx.example.net"]
own_hops = 1
[tenants]
source = "file"
file = "tenants.json"
watch_interval = "1 min"
[reply]
reject = "{text} (domain {domain}, id {queue_id})"
[header]
add = true
authserv_id = "mx.example.net"
[log]
format = "json"
[http]
listen = "127.0.0.1:8894"
)toml");
    ASSERT_TRUE(loaded.config) << all_of(loaded);
    const Config& c = *loaded.config;
    EXPECT_EQ(c.milter.listen.size(), 2U);
    EXPECT_EQ(c.tenant_defaults.proofs.size(), 2U);
    EXPECT_EQ(c.rules.peer_proof, decision::PeerProof::either);
    EXPECT_TRUE(c.rules.resent_from);
    EXPECT_TRUE(c.rules.bypass_authenticated);
    EXPECT_EQ(c.rules.exchange_online.size(), 1U);
    EXPECT_EQ(c.rules.certificate_names, std::vector<std::string>{"mail.protection.outlook.com"});
    EXPECT_EQ(c.rules.authres.own_hops, 1U);
    EXPECT_EQ(c.tenants.file, "/nowhere/tenants.json");
    EXPECT_EQ(c.tenants.watch_interval, std::chrono::seconds(60));
    EXPECT_EQ(c.log.format, telemetry::LogFormat::json);
}

struct BadCase {
    std::string_view text;  // behind the minimal configuration
    std::size_t line;       // counted in the whole
    std::string_view key;
    std::string_view says;
};

TEST(Config, ReportsWithPlace) {
    const BadCase cases[] = {
        {"[authorisaton]\n", 3, "authorisaton", "authorisation"},
        {"[milter]\nlisten_on = []\n", 4, "milter.listen_on", "milter.listen"},
        {"[log]\nfromat = \"json\"\n", 4, "log.fromat", "log.format"},
        {"[milter]\nlisten = \"x\"\n", 4, "milter.listen", "list"},
        {"[milter]\nlisten = [1]\n", 4, "milter.listen", "string"},
        {"[milter]\nlisten = [\"smtp:1\"]\n", 4, "milter.listen", "smtp:1"},
        {"[http]\nlisten = \"nowhere\"\n", 4, "http.listen", "port"},
        {"[milter]\nlisten = []\n", 4, "milter.listen", "no socket"},
        {"[milter]\nsocket_mode = \"0888\"\n", 4, "milter.socket_mode", "octal"},
        {"[milter]\nmax_sessions = 0\n", 4, "milter.max_sessions", "1 to 1000000"},
        {"[milter]\nmax_sessions = 1000001\n", 4, "milter.max_sessions", "1 to 1000000"},
        {"[milter]\nidle_timeout = \"2 weeks\"\n", 4, "milter.idle_timeout", "known are"},
        {"[milter]\nidle_timeout = -1\n", 4, "milter.idle_timeout", "10 to"},
        {"[bypass]\nclients = [\"192.0.2.1/24\"]\n", 4, "bypass.clients", "192.0.2.1/24"},
        {"[bypass]\nauthenticated = 1\n", 4, "bypass.authenticated", "true or false"},
        {"[bypass]\nauthenticated = 2024-01-01\n", 4, "bypass.authenticated", "date"},
        {"[client_ip]\nendpoints_file = \"/does/not/exist.json\"\n", 4, "client_ip.endpoints_file", "/does/not/exist.json"},
        {"[dkim]\nsource = \"guess\"\n", 4, "dkim.source", "authentication-results"},
        {"[authentication_results]\ntrusted_authserv_ids = [\"mx; dkim=pass\"]\n", 4, "authentication_results.trusted_authserv_ids",
         "authserv-id"},
        {"[header]\nauthserv_id = \"mx 1\"\n", 4, "header.authserv_id", "authserv-id"},
        {"[header]\nauthserv_id = \"m\xc3\xbcnchen.example\"\n", 4, "header.authserv_id", "in ASCII"},
        {"[header]\nauthserv_id = \"mx\\u007f\"\n", 4, "header.authserv_id", "authserv-id"},
        {"[dmarc]\nrfc = 7208\n", 4, "dmarc.rfc", "9989"},
        {"[dmarc]\nrfc = \"rfc7489\"\n", 4, "dmarc.rfc", "7489"},
        {"[dmarc]\nrfc = true\n", 4, "dmarc.rfc", "7489"},
        {"[reply]\nreject = \"{who}\"\n", 4, "reply.reject", "{who}"},
        {"[reply]\nreject = \"{text\"\n", 4, "reply.reject", "{text"},
        {"[reply]\nreject = \"a\\nb\"\n", 4, "reply.reject", "one line"},
        {"[gateway]\nlisten = []\n", 4, "gateway.listen", "stands in no section of its own"},
        {"[postgresql]\nurl = \"\"\n", 3, "postgresql", "unknown"},
        {"[milter]\nlisten = [\"unix:/s\", \"/s\"]\n", 4, "milter.listen", "the list has unix:/s already"},
        {"[http]\nlisten = \"127.0.0.1:8\"\n[milter]\nlisten = [\n\"inet:8\"]\n", 7, "milter.listen", "http.listen has inet:127.0.0.1:8"},
        {"milter = 1\n", 3, "authorisation.milter", "unknown"},
    };
    for (const BadCase& c : cases) {
        const LoadedConfig loaded = from_toml(std::string(minimal) + std::string(c.text));
        EXPECT_FALSE(loaded.config) << c.text;
        ASSERT_EQ(loaded.problems.size(), 1U) << c.text << all_of(loaded);
        const Problem& problem = loaded.problems[0];
        EXPECT_EQ(problem.line, c.line) << all_of(loaded);
        EXPECT_GE(problem.column, 1U);
        EXPECT_EQ(problem.key, c.key);
        EXPECT_NE(problem.text.find(c.says), std::string::npos) << all_of(loaded);
    }
}

TEST(Config, ReportsEveryProblemNotJustTheFirst) {
    const LoadedConfig loaded =
        from_toml("[authorisation]\nmode = \"off\"\nproofs = [\"client-cert + dkmi\", \"nonsense\"]\n[log]\nlevle = 1\n");
    EXPECT_FALSE(loaded.config);
    EXPECT_EQ(loaded.problems.size(), 4U) << all_of(loaded);
}

TEST(Config, FromJson) {
    EXPECT_TRUE(from_json(R"({"authorisation": {"mode": "enforce"}})").config);
    EXPECT_EQ(from_json(R"({"authorisation": {"mode": "enforce"}})").config->rules.header.authserv_id, "localhost");
    EXPECT_FALSE(from_json(R"({"authorisation": {"mode": "enforce"}, "tenants": {"file": "t.json"}})").config);
    EXPECT_FALSE(from_json(R"({"authorisation": {"mode": "enforce"}, "client_ip": {"endpoints_file": "e.json"}})").config);
    EXPECT_FALSE(from_json("nonsense").config);
    EXPECT_FALSE(from_json("{}").config);
}

TEST(Config, ProblemsAreOneLineEach) {
    const LoadedConfig loaded = from_toml("[authorisation]\nmode = \"monitor\\nx.toml:1:1: error: y \\u001b[31m\"\n");
    ASSERT_EQ(loaded.problems.size(), 1U) << all_of(loaded);
    EXPECT_TRUE(to_text(loaded.problems[0]).ends_with(R"(, not "monitor\nx.toml:1:1: error: y \u001b[31m")")) << all_of(loaded);
}

TEST(Config, MissingFileIsOneError) {
    const LoadedConfig loaded = load("/does/not/exist.toml");
    EXPECT_FALSE(loaded.config);
    ASSERT_EQ(loaded.problems.size(), 1U);
    EXPECT_EQ(loaded.problems[0].file, "/does/not/exist.toml");
    EXPECT_EQ(to_text(loaded.problems[0]), "/does/not/exist.toml: error: cannot be read: No such file or directory");
}

}  // namespace
}  // namespace exota::config
