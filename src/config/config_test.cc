#include "config/config.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <fstream>

#include "config/build.h"
#include "config/keys.h"
#include "config/reader.h"
#include "config/testing.h"
#include "config/tree.h"
#include "net/testing.h"

namespace exota::config {
namespace {

using testing::all_of;
using testing::from_toml;
using testing::minimal;

void write(const std::string& path, std::string_view text) { std::ofstream(path) << text; }

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
    EXPECT_EQ(c.rules.dmarc.public_suffixes, nullptr);
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
        {"[dmarc]\nrfc = 7208\n", 4, "dmarc.rfc", "9989"},
        {"[dmarc]\nrfc = \"rfc7489\"\n", 4, "dmarc.rfc", "7489"},
        {"[dmarc]\nrfc = true\n", 4, "dmarc.rfc", "7489"},
        {"[reply]\nreject = \"{who}\"\n", 4, "reply.reject", "{who}"},
        {"[reply]\nreject = \"{text\"\n", 4, "reply.reject", "{text"},
        {"[reply]\nreject = \"a\\nb\"\n", 4, "reply.reject", "one line"},
        {"[tenants]\nsource = \"ldap\"\n", 4, "tenants.source", "not built yet"},
        {"[gateway]\nlisten = []\n", 3, "gateway", "not built yet"},
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

TEST(Config, FactorsThatRestOnOwnVerificationNeedIt) {
    const struct {
        std::string_view source, factor;
        bool good;
    } cases[] = {
        {"authentication-results", "dmarc", false},
        {"authentication-results", "arc", false},
        {"authentication-results", "spf", true},
        {"authentication-results", "dkim", true},
        {"verify", "dmarc", true},
        {"verify", "arc", true},
        {"verify", "spf", true},
        {"both", "dmarc", true},
        {"both", "arc", true},
        {"both", "spf", true},
    };
    for (const auto& c : cases) {
        const std::string proof = "client-cert + " + std::string(c.factor);
        const std::string source = "[dkim]\nsource = \"" + std::string(c.source) + "\"\n";
        const LoadedConfig of_all = from_toml(std::string(minimal) + "proofs = [\"" + proof + "\"]\n" + source);
        EXPECT_EQ(of_all.config.has_value(), c.good) << c.source << proof << all_of(of_all);
        if (!c.good) EXPECT_NE(all_of(of_all).find("needs dkim.source"), std::string::npos) << all_of(of_all);

        const LoadedConfig loaded = from_toml(std::string(minimal) + source);
        ASSERT_TRUE(loaded.config) << all_of(loaded);
        const std::string text = R"({"version": 2, "tenants": {"t": {"domains": ["t.example"], "proofs": [")" + proof + R"("]}}})";
        EXPECT_EQ(tenant::read_tenants(text, loaded.config->tenant_defaults).index.has_value(), c.good) << c.source << text;
    }
}

TEST(Config, SealersWithoutOwnVerificationAreWarnedOf) {
    const std::string sealers = "[arc]\ntrusted_sealers = [\"lists.example\"]\n";
    const LoadedConfig idle = from_toml(std::string(minimal) + "[dkim]\nsource = \"authentication-results\"\n" + sealers);
    EXPECT_TRUE(idle.config);
    EXPECT_NE(all_of(idle).find("ARC chains are looked at only"), std::string::npos) << all_of(idle);
    const LoadedConfig used = from_toml(std::string(minimal) + "[dkim]\nsource = \"verify\"\n" + sealers);
    EXPECT_EQ(all_of(used).find("ARC chains"), std::string::npos) << all_of(used);
}

TEST(Config, DmarcByTheListOfTheSystemOrOfAFile) {
    const std::string verifying = std::string(minimal) + "[dkim]\nsource = \"verify\"\n[client_ip]\nprefixes = [\"40.92.0.0/15\"]\n";
    for (const std::string_view rfc : {"7489", "\"7489\""}) {
        const LoadedConfig loaded = from_toml(verifying + "[dmarc]\nrfc = " + std::string(rfc) + "\n");
        ASSERT_TRUE(loaded.config) << all_of(loaded);
        EXPECT_TRUE(loaded.problems.empty()) << all_of(loaded);
        EXPECT_EQ(loaded.config->rules.dmarc.rfc, authn::DmarcRfc::rfc7489);
        ASSERT_NE(loaded.config->rules.dmarc.public_suffixes, nullptr);
        EXPECT_TRUE(loaded.config->rules.dmarc.public_suffixes->is_public_suffix("co.uk"));
    }
    const auto of_eval = from_json(R"({"authorisation": {"mode": "enforce"}, "dkim": {"source": "verify"}, "dmarc": {"rfc": 7489}})");
    ASSERT_TRUE(of_eval.config) << all_of(of_eval);
    EXPECT_EQ(of_eval.config->rules.dmarc.rfc, authn::DmarcRfc::rfc7489);
    EXPECT_EQ(of_eval.config->rules.dmarc.public_suffixes, nullptr) << "the process's own";

    const net::testing::TemporaryDirectory folder;
    const std::string path = folder.path("list.dat");
    const std::string with_file = "[dmarc]\nrfc = 7489\npublic_suffix_file = \"" + path + "\"\n";
    write(folder.path("list.dat"), "// ===BEGIN ICANN DOMAINS===\ncom\ntown.example\n// ===END ICANN DOMAINS===\n");
    const LoadedConfig own = from_toml(verifying + with_file);
    ASSERT_TRUE(own.config) << all_of(own);
    EXPECT_TRUE(own.config->rules.dmarc.public_suffixes->is_public_suffix("town.example"));
    EXPECT_FALSE(own.config->rules.dmarc.public_suffixes->is_public_suffix("co.uk"));

    write(folder.path("list.dat"), "<html>moved</html>");
    const LoadedConfig page = from_toml(verifying + with_file);
    EXPECT_FALSE(page.config);
    EXPECT_NE(all_of(page).find("no public suffix list"), std::string::npos) << all_of(page);
    EXPECT_NE(all_of(page).find("dmarc.public_suffix_file"), std::string::npos) << all_of(page);
    std::remove(path.c_str());
    const LoadedConfig missing = from_toml(verifying + with_file);
    EXPECT_FALSE(missing.config);
    EXPECT_NE(all_of(missing).find(path), std::string::npos) << all_of(missing);
    EXPECT_FALSE(from_json(R"({"authorisation": {"mode": "enforce"}, "dmarc": {"rfc": 7489, "public_suffix_file": "l.dat"}})").config);
}

TEST(Config, DmarcSettingsThatDoNothingAreWarnedOf) {
    const LoadedConfig idle = from_toml(std::string(minimal) + "[dkim]\nsource = \"authentication-results\"\n[dmarc]\nrfc = 7489\n");
    EXPECT_TRUE(idle.config);
    EXPECT_NE(all_of(idle).find("DMARC is looked at only"), std::string::npos) << all_of(idle);
    const net::testing::TemporaryDirectory folder;
    write(folder.path("list.dat"), "// ===BEGIN ICANN DOMAINS===\ncom\n// ===END ICANN DOMAINS===\n");
    const LoadedConfig unused = from_toml(std::string(minimal) + "[dmarc]\npublic_suffix_file = \"" + folder.path("list.dat") + "\"\n");
    EXPECT_TRUE(unused.config);
    EXPECT_NE(all_of(unused).find("rfc = 7489 only"), std::string::npos) << all_of(unused);
}

TEST(Config, FromJson) {
    EXPECT_TRUE(from_json(R"({"authorisation": {"mode": "enforce"}})").config);
    EXPECT_EQ(from_json(R"({"authorisation": {"mode": "enforce"}})").config->rules.header.authserv_id, "localhost");
    EXPECT_FALSE(from_json(R"({"authorisation": {"mode": "enforce"}, "tenants": {"file": "t.json"}})").config);
    EXPECT_FALSE(from_json(R"({"authorisation": {"mode": "enforce"}, "client_ip": {"endpoints_file": "e.json"}})").config);
    EXPECT_FALSE(from_json("nonsense").config);
    EXPECT_FALSE(from_json("{}").config);
}

TEST(Config, MissingFileIsOneError) {
    const LoadedConfig loaded = load("/does/not/exist.toml");
    EXPECT_FALSE(loaded.config);
    ASSERT_EQ(loaded.problems.size(), 1U);
    EXPECT_NE(to_text(loaded.problems[0]).find("/does/not/exist.toml"), std::string::npos);
}

TEST(Config, WarningsNameWhatProvesNothing) {
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

TEST(Config, WarningsSayWhichLineAndOnlyWhereTheyApply) {
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

TEST(Config, AFieldThatNoFrameLetsThroughIsWarnedOf) {
    // A header frame is as long as its field: command and two NULs there, colon and line end here.
    for (const auto& [field, warned] : {std::pair(65535, false), std::pair(65536, false), std::pair(65537, true)}) {
        const LoadedConfig loaded = from_toml("[milter]\nmax_frame_octets = 65536\n" + std::string(minimal) +
                                              "[limits]\nfield_octets = " + std::to_string(field) + "\n");
        ASSERT_TRUE(loaded.config) << all_of(loaded);
        EXPECT_EQ(all_of(loaded).find("limits.field_octets: is above milter.max_frame_octets (65536)") != std::string::npos, warned)
            << field << all_of(loaded);
    }
}

TEST(Config, RoomForLessThanALongFrameIsWarnedOf) {
    // Memory for a frame that comes in pieces grows by doubling.
    for (const auto& [octets, warned] : {std::pair(131072, false), std::pair(131071, true)}) {
        const LoadedConfig loaded = from_toml("[milter]\nmax_frame_octets = 65536\nmax_partial_octets = " + std::to_string(octets) + "\n" +
                                              std::string(minimal) + "[limits]\nfield_octets = 65536\n");
        ASSERT_TRUE(loaded.config) << all_of(loaded);
        EXPECT_EQ(loaded.config->milter.max_partial_octets, octets);
        EXPECT_EQ(all_of(loaded).find("milter.max_partial_octets: is below twice") != std::string::npos, warned) << all_of(loaded);
    }
}

TEST(ConfigKeys, EveryKeyIsReadAndEveryDefaultIsInRange) {
    // The reader aborts on a key of the table whose default is wrong, and on one that is asked for and not in the table.
    for (const Key& key : keys()) {
        EXPECT_EQ(find_key(key.name), &key) << "twice: " << key.name;
        EXPECT_FALSE(key.meaning.empty());
        if (key.fallback.empty()) continue;
        const std::string tree = std::string(key.name) + " = " + std::string(key.fallback) + '\n';
        const LoadedConfig loaded = from_toml("authorisation.mode = \"monitor\"\n" + tree);
        EXPECT_TRUE(loaded.config) << key.name << all_of(loaded);
    }
}

TEST(ConfigKeys, Nearest) {
    EXPECT_EQ(nearest_key("header.authserv_id_file"), "header.authserv_id");
    EXPECT_EQ(nearest_key("milter.lisen"), "milter.listen");
    EXPECT_EQ(nearest_key("authorization"), "authorisation");
    EXPECT_EQ(nearest_key("milter.authserv_id"), "header.authserv_id");
    EXPECT_EQ(nearest_key("zzzzzzzz"), "");
}

TEST(ConfigDuration, Table) {
    const struct {
        std::string_view text;
        long seconds;
    } good[] = {{"0", 0}, {"30", 30}, {"30s", 30}, {"30 s", 30}, {"5 min", 300}, {"2h", 7200}, {" 1 d ", 86400}};
    for (const auto& c : good) EXPECT_EQ(parse_duration(c.text).value().count(), c.seconds) << c.text;
    for (const std::string_view text : {"", "s", "-1", "1.5 h", "1 w", "99999999999", "1 h 30 min", "0x10"})
        EXPECT_FALSE(parse_duration(text)) << text;
}

}  // namespace
}  // namespace exota::config
