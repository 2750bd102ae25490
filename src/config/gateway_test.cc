// Sections [gateway.NAME]: what they become, what is refused, what is warned of.
#include "config/gateway.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "config/config.h"
#include "config/reader.h"
#include "config/sections.h"
#include "config/testing.h"
#include "net/host_addresses.h"
#include "net/testing.h"
#include "net/tls_context.h"
#include "net/tls_helper.h"

namespace exota::config {
namespace {

using testing::all_of;
using testing::from_toml;
using testing::minimal;

/// A directory with a chain and its key, another key, and a file that is neither.
struct Files {
    Files() {
        const net::testing::Identity root = net::testing::Identity::root("Root");
        const net::testing::Identity host = root.issue({.dns_names = {"mx.example.net"}});
        net::testing::write_file(path("chain.pem"), host.chain());
        net::testing::write_file(path("key.pem"), host.key());
        net::testing::write_file(path("other.pem"), root.key());
        net::testing::write_file(path("both.pem"), host.chain() + host.key());
        net::testing::write_file(path("root.pem"), root.chain());
        net::testing::write_file(path("nothing.pem"), "nothing\n");
    }
    std::string path(std::string_view name) const { return directory.path(std::string(name)); }
    std::string certificate() const { return "certificate_file = \"" + path("chain.pem") + "\"\nkey_file = \"" + path("key.pem") + "\"\n"; }

    net::testing::TemporaryDirectory directory;
};

const Files& files() {
    static const Files all;
    return all;
}

constexpr std::string_view section = "[gateway.exchange]\ndirection = \"from-exchange\"\nlisten = [\"inet:192.0.2.1:25\"]\n";
constexpr std::string_view backend = "backend = [\"inet:192.0.2.2:10025\"]\n";

std::string working() { return std::string(minimal) + std::string(section) + std::string(backend) + files().certificate(); }

const Problem* find(const LoadedConfig& loaded, std::string_view key) {
    const auto found = std::ranges::find(loaded.problems, key, &Problem::key);
    return found == loaded.problems.end() ? nullptr : &*found;
}

TEST(ConfigGateway, DefaultsOfTableAndStructuresAgree) {
    const LoadedConfig loaded = from_toml(working());
    ASSERT_TRUE(loaded.config) << all_of(loaded);
    EXPECT_EQ(all_of(loaded).find("gateway"), std::string::npos) << all_of(loaded);
    ASSERT_EQ(loaded.config->gateways.size(), 1U);
    const GatewayConfig& read = loaded.config->gateways.front();
    const GatewayConfig fresh;
    EXPECT_EQ(read.session.name, "exchange");
    EXPECT_EQ(read.direction, Direction::from_exchange);
    EXPECT_EQ(read.session.listen, std::vector<std::string>{"inet:192.0.2.1:25"});
    EXPECT_EQ(read.session.hostname, host_name());
    EXPECT_EQ(read.session.max_sessions, fresh.session.max_sessions);
    EXPECT_EQ(read.session.max_sessions_per_client, fresh.session.max_sessions_per_client);
    EXPECT_EQ(read.session.command_timeout, fresh.session.command_timeout);
    EXPECT_EQ(read.session.data_timeout, fresh.session.data_timeout);
    EXPECT_EQ(read.session.backend_timeout, fresh.session.backend_timeout);
    EXPECT_EQ(read.session.hold_octets, fresh.session.hold_octets);
    EXPECT_EQ(read.session.hold_memory, fresh.session.hold_memory);
    EXPECT_EQ(read.session.spool_directory, fresh.session.spool_directory);
    EXPECT_EQ(read.session.spool_octets, fresh.session.spool_octets);
    EXPECT_EQ(read.session.backend_identity, fresh.session.backend_identity);
    EXPECT_EQ(read.session.backend_tls, fresh.session.backend_tls);
    EXPECT_EQ(read.session.require_tls, fresh.session.require_tls);
    EXPECT_TRUE(read.session.client_purpose.none && read.session.client_purpose.client && read.session.client_purpose.server);
    EXPECT_EQ(read.session.announce_xoorg, fresh.session.announce_xoorg);
    EXPECT_EQ(read.session.xoorg_names, std::vector<std::string>{"mail.protection.outlook.com"});
    EXPECT_EQ(read.session.early_refusal, fresh.session.early_refusal);
    EXPECT_EQ(read.session.received, fresh.session.received);
    ASSERT_EQ(read.backends.size(), 1U);
    EXPECT_EQ(read.backends.front().address.text(), "192.0.2.2:10025");
    EXPECT_EQ(read.session.backend, std::vector<std::string>{"192.0.2.2:10025"});
    EXPECT_TRUE(read.session.offers_tls);
    EXPECT_TRUE(read.listener_tls);
    EXPECT_FALSE(read.backend_context);
}

TEST(ConfigGateway, EveryKeyOfItIsRead) {
    const LoadedConfig loaded =
        from_toml("[milter]\nlisten = []\n" + working() +
                  "hostname = \"MX.Example.Net\"\nbackend_identity = \"proxy\"\nbackend_tls = \"verify\"\n"
                  "require_tls = true\nclient_purpose = [\"server\"]\nmin_tls = \"1.3\"\nannounce_xoorg = \"never\"\n"
                  "xoorg_names = [\"A.example\"]\nearly_refusal = true\nreceived = \"never\"\nhold_octets = \"64 KiB\"\n"
                  "hold_memory = 1048576\nspool_directory = \"spool\"\nspool_octets = \"1 GiB\"\nmax_sessions = 5\n"
                  "max_sessions_per_client = 2\ncommand_timeout = 7\ndata_timeout = 8\nbackend_timeout = \"9 s\"\n"
                  "client_ca_file = \"" +
                  files().path("root.pem") + "\"\n");
    ASSERT_TRUE(loaded.config) << all_of(loaded);
    const GatewayConfig& read = loaded.config->gateways.front();
    EXPECT_EQ(read.session.hostname, "mx.example.net");
    EXPECT_EQ(read.session.backend_identity, gate::BackendIdentity::proxy);
    EXPECT_EQ(read.session.backend_tls, gate::BackendTls::verify);
    EXPECT_TRUE(read.backend_context);
    EXPECT_TRUE(read.session.require_tls);
    EXPECT_TRUE(!read.session.client_purpose.none && !read.session.client_purpose.client && read.session.client_purpose.server);
    EXPECT_EQ(read.session.announce_xoorg, gate::AnnounceXoorg::never);
    EXPECT_EQ(read.session.xoorg_names, std::vector<std::string>{"a.example"});
    EXPECT_TRUE(read.session.early_refusal);
    EXPECT_EQ(read.session.received, gate::AddReceived::never);
    EXPECT_EQ(read.session.hold_octets, 65536U);
    EXPECT_EQ(read.session.hold_memory, 1048576U);
    EXPECT_EQ(read.session.spool_directory, "/nowhere/spool");
    EXPECT_EQ(read.session.spool_octets, 1073741824U);
    EXPECT_EQ(read.session.max_sessions, 5U);
    EXPECT_EQ(read.session.max_sessions_per_client, 2U);
    EXPECT_EQ(read.session.command_timeout, std::chrono::seconds(7));
    EXPECT_EQ(read.session.data_timeout, std::chrono::seconds(8));
    EXPECT_EQ(read.session.backend_timeout, std::chrono::seconds(9));
    EXPECT_TRUE(loaded.config->milter.listen.empty()) << "beside a gateway there need be no milter";
}

TEST(ConfigGateway, BackendsAreAddressesNamesAndSocketsInTheirOrder) {
    const LoadedConfig loaded = from_toml(std::string(minimal) + std::string(section) + files().certificate() +
                                          "backend = [\"unix:/run/mta\", \"inet6:[2001:db8::2]:25\", \"inet:localhost:10025\"]\n");
    ASSERT_TRUE(loaded.config) << all_of(loaded);
    const std::vector<Backend>& read = loaded.config->gateways.front().backends;
    ASSERT_EQ(read.size(), 3U);
    EXPECT_EQ(read[0].address.text(), "unix:/run/mta");
    EXPECT_EQ(read[1].address.text(), "[2001:db8::2]:25");
    EXPECT_EQ(read[2].address.text(), "127.0.0.1:10025");
    EXPECT_EQ(read[2].host, "localhost");
}

TEST(ConfigGateway, AKeyMayStandInTheFileOfItsCertificate) {
    const LoadedConfig loaded = from_toml(std::string(minimal) + std::string(section) + std::string(backend) + "certificate_file = \"" +
                                          files().path("both.pem") + "\"\n");
    EXPECT_TRUE(loaded.config) << all_of(loaded);
}

struct Refused {
    std::string_view name;
    std::string text;  // behind `minimal`
    std::string_view key, says;
};

TEST(ConfigGateway, WhatCannotWorkIsAnError) {
    const std::string whole = std::string(section) + std::string(backend) + files().certificate();
    const std::string bare = std::string(section) + std::string(backend);
    const std::string quiet = bare + "announce_xoorg = \"never\"\n";
    const std::string no_backend = std::string(section) + files().certificate();
    const std::string no_host(64, 'a');  // too long for a label: nobody is asked
    const Refused cases[] = {
        {"no_certificate", bare, "gateway.exchange.announce_xoorg", "needs certificate_file"},
        {"tls_without_certificate", quiet + "require_tls = true\n", "gateway.exchange.require_tls", "needs certificate_file"},
        {"results_of_others", whole + "[dkim]\nsource = \"authentication-results\"\n", "dkim.source", "must be \"verify\""},
        {"results_of_others_too", whole + "[dkim]\nsource = \"both\"\n", "dkim.source", "[gateway.exchange]"},
        {"no_backend", no_backend, "gateway.exchange.backend", "no server"},
        {"empty_backend", no_backend + "backend = []\n", "gateway.exchange.backend", "no server"},
        {"backend_of_systemd", no_backend + "backend = [\"systemd\"]\n", "gateway.exchange.backend", "to listen on"},
        {"backend_without_host", no_backend + "backend = [\"inet:25\"]\n", "gateway.exchange.backend", "lacks a host"},
        {"backend_without_port", no_backend + "backend = [\"inet:192.0.2.2:0\"]\n", "gateway.exchange.backend", "or a port"},
        {"backend_unknown", no_backend + "backend = [\"inet:" + no_host + ":25\"]\n", "gateway.exchange.backend", "aaaa"},
        {"no_direction", "[gateway.exchange]\nlisten = [\"inet:192.0.2.1:25\"]\n", "gateway.exchange.direction", "is required"},
        {"no_listen", "[gateway.exchange]\ndirection = \"from-exchange\"\n" + std::string(backend) + files().certificate(),
         "gateway.exchange.listen", "is required"},
        {"empty_listen", "[gateway.x]\ndirection = \"from-exchange\"\nlisten = []\n" + std::string(backend) + files().certificate(),
         "gateway.x.listen", "names no socket"},
        {"bad_listen", "[gateway.x]\ndirection = \"from-exchange\"\nlisten = [\"smtp\"]\n" + std::string(backend) + files().certificate(),
         "gateway.x.listen", "'smtp' is none of"},
        {"bad_name", "[gateway.Exchange]\ndirection = \"from-exchange\"\n", "gateway.Exchange", "1 to 63 characters"},
        {"other_direction", whole + "next_hop = \"mx\"\n", "gateway.exchange.next_hop", "only for direction = \"to-exchange\""},
        {"purpose", whole + "client_purpose = [\"any\"]\n", "gateway.exchange.client_purpose", "\"any\" is none of"},
        {"no_purpose", whole + "client_purpose = []\n", "gateway.exchange.client_purpose", "names no usage"},
        {"min_tls", whole + "min_tls = \"1.1\"\n", "gateway.exchange.min_tls", "\"1.2\" or \"1.3\""},
        {"hostname", whole + "hostname = \"a b\"\n", "gateway.exchange.hostname", "a b"},
        {"size", whole + "hold_octets = \"256 kB\"\n", "gateway.exchange.hold_octets", "known are KiB"},
        {"large_size", whole + "hold_octets = \"2 GiB\"\n", "gateway.exchange.hold_octets", "must be 0 to"},
        {"no_spool", whole + "spool_directory = \"\"\n", "gateway.exchange.spool_directory", "names no directory"},
        {"no_sessions", whole + "max_sessions_per_client = 0\n", "gateway.exchange.max_sessions_per_client", "must be 1"},
        {"empty_name", whole + "xoorg_names = [\" \"]\n", "gateway.exchange.xoorg_names", "empty name"},
        {"missing_certificate", bare + "certificate_file = \"/does/not/exist.pem\"\n", "gateway.exchange.certificate_file",
         "/does/not/exist"},
        {"no_certificate_in_it", bare + "certificate_file = \"" + files().path("nothing.pem") + "\"\n", "gateway.exchange.certificate_file",
         "no certificate chain"},
        {"key_of_another",
         bare + "certificate_file = \"" + files().path("chain.pem") + "\"\nkey_file = \"" + files().path("other.pem") + "\"\n",
         "gateway.exchange.key_file", "no key of"},
        {"roots", whole + "client_ca_file = \"" + files().path("nothing.pem") + "\"\n", "gateway.exchange.client_ca_file",
         "no certificates"},
        {"socket_of_the_milter", "[milter]\nlisten = [\"inet:192.0.2.1:25\"]\n" + whole, "gateway.exchange.listen", "milter.listen has"},
        {"two_on_one_socket",
         whole + "[gateway.zweites]\ndirection = \"from-exchange\"\nlisten = [\"inet:192.0.2.9:25\", \"inet:25\"]\n" +
             std::string(backend) + files().certificate(),
         "gateway.zweites.listen", "gateway.exchange.listen has inet:192.0.2.1:25"},
        {"own_socket", std::string(section) + files().certificate() + "backend = [\"inet:192.0.2.1:25\"]\n", "gateway.exchange.backend",
         "our own socket of gateway.exchange.listen"},
        {"own_milter", "[milter]\nlisten = [\"inet:8893\"]\n" + no_backend + "backend = [\"inet:127.0.0.1:8893\"]\n",
         "gateway.exchange.backend", "our own socket of milter.listen"},
        {"own_unix", "[milter]\nlisten = [\"/run/m\"]\n" + no_backend + "backend = [\"unix:/run/m\"]\n", "gateway.exchange.backend",
         "own socket"},
    };
    for (const Refused& c : cases) {
        const LoadedConfig loaded = from_toml(std::string(minimal) + c.text);
        EXPECT_FALSE(loaded.config) << c.name;
        const Problem* problem = find(loaded, c.key);
        ASSERT_TRUE(problem) << c.name << '\n' << all_of(loaded);
        EXPECT_EQ(problem->severity, Problem::Severity::error) << c.name;
        EXPECT_NE(problem->text.find(c.says), std::string::npos) << c.name << '\n' << all_of(loaded);
        EXPECT_EQ(loaded.problems.size(), 1U) << c.name << '\n' << all_of(loaded);
    }
}

/// An address that this host does not have.
std::string elsewhere() {
    const std::vector<base::IpAddress> own = net::host_addresses();
    for (int last = 1; last < 255; ++last) {
        const base::IpAddress address = base::IpAddress::parse("192.0.2." + std::to_string(last)).value();
        if (std::ranges::find(own, address) == own.end()) return address.text();
    }
    return {};
}

TEST(ConfigGateway, AnotherHostsPortIsNoLoop) {
    const LoadedConfig loaded = from_toml(
        std::string(minimal) + "[gateway.exchange]\ndirection = \"from-exchange\"\nlisten = [\"inet:0.0.0.0:25\", \"inet6:[::]:25\"]\n" +
        files().certificate() + "backend = [\"inet:" + elsewhere() + ":25\", \"inet6:[2001:db8::2]:25\", \"inet:127.0.0.1:26\"]\n");
    EXPECT_TRUE(loaded.config) << all_of(loaded);
}

/// A section to Exchange: its settings, and what is said besides.
struct Outwards {
    explicit Outwards(const std::string& more, const std::string& before = "[dns]\ndnssec = \"on\"\n") {
        const auto tree = parse_toml(before + std::string(minimal) +
                                     "[gateway.out]\ndirection = \"to-exchange\"\nlisten = [\"inet:192.0.2.1:26\"]\n" + more);
        EXPECT_TRUE(tree) << more;
        Reader in(*tree, "/nowhere/exota.toml", problems);
        Config config;
        config.path = "/nowhere/exota.toml";
        read_milter(in, config);
        read_dns(in, config);
        read_gateways(in, config, Origin::file);
        check_gateways(in, config);
        gateway = config.gateways.front();
    }
    std::string all() const {
        std::string out;
        for (const Problem& problem : problems) out += to_text(problem) + '\n';
        return out;
    }
    std::vector<Problem> problems;
    GatewayConfig gateway;
};

TEST(ConfigGateway, DefaultsToExchangeAgree) {
    const Outwards read("");
    ASSERT_EQ(read.all(), "");
    const gate::RelaySettings &relay = read.gateway.relay, fresh;
    EXPECT_EQ(read.gateway.direction, Direction::to_exchange);
    EXPECT_EQ(relay.name, "out");
    EXPECT_EQ(relay.listen, std::vector<std::string>{"inet:192.0.2.1:26"});
    EXPECT_EQ(relay.hostname, host_name());
    EXPECT_EQ(relay.protocol, fresh.protocol);
    EXPECT_EQ(relay.clients, fresh.clients);
    EXPECT_EQ(relay.next_hop, fresh.next_hop);
    EXPECT_EQ(relay.min_tls, fresh.min_tls);
    EXPECT_EQ(relay.has_certificate, fresh.has_certificate);
    EXPECT_EQ(relay.tls_level, fresh.tls_level);
    EXPECT_EQ(relay.tls_fallback, fresh.tls_fallback);
    EXPECT_EQ(relay.mta_sts, fresh.mta_sts);
    EXPECT_EQ(relay.mta_sts_directory, fresh.mta_sts_directory);
    EXPECT_EQ(relay.xoorg_for, fresh.xoorg_for);
    EXPECT_EQ(relay.xoorg_unannounced, fresh.xoorg_unannounced);
    EXPECT_EQ(relay.hold_octets, fresh.hold_octets);
    EXPECT_EQ(relay.hold_memory, fresh.hold_memory);
    EXPECT_EQ(relay.spool_directory, fresh.spool_directory);
    EXPECT_EQ(relay.spool_octets, fresh.spool_octets);
    EXPECT_EQ(relay.max_sessions, fresh.max_sessions);
    EXPECT_EQ(relay.max_sessions_per_client, fresh.max_sessions_per_client);
    EXPECT_EQ(relay.command_timeout, fresh.command_timeout);
    EXPECT_EQ(relay.data_timeout, fresh.data_timeout);
    EXPECT_EQ(relay.hop_timeout, fresh.hop_timeout);
    EXPECT_NE(std::ranges::find(relay.own_addresses, base::IpAddress::parse("127.0.0.1").value()), relay.own_addresses.end());
    EXPECT_TRUE(read.gateway.hop_context);
}

TEST(ConfigGateway, EveryKeyToExchangeIsRead) {
    const Outwards read(
        files().certificate() +
        "protocol = \"lmtp\"\nclients = [\"192.0.2.0/24\"]\nnext_hop = \"mx:Contoso.example\"\ntls_level = \"dane-only\"\n"
        "tls_fallback = \"verify\"\nmta_sts = false\nmta_sts_directory = \"sts\"\nxoorg_for = [\"192.0.2.5 contoso.example\"]\n"
        "xoorg_unannounced = \"defer\"\nown_addresses = [\"203.0.113.77\"]\nbackend_timeout = 7\nhold_octets = 8\n");
    ASSERT_EQ(read.all(), "");
    const gate::RelaySettings& relay = read.gateway.relay;
    EXPECT_TRUE(relay.has_certificate);
    EXPECT_EQ(relay.protocol, gate::RelayProtocol::lmtp);
    ASSERT_EQ(relay.clients.size(), 1U);
    EXPECT_EQ(relay.next_hop, (gate::NextHop{gate::NextHop::Kind::mx_of, "contoso.example"}));
    EXPECT_EQ(relay.tls_level, gate::TlsLevel::dane_only);
    EXPECT_EQ(relay.tls_fallback, gate::TlsLevel::verify);
    EXPECT_FALSE(relay.mta_sts);
    EXPECT_EQ(relay.mta_sts_directory, "/nowhere/sts");
    ASSERT_EQ(relay.xoorg_for.size(), 1U);
    EXPECT_EQ(relay.xoorg_for[0].organization.text(), "contoso.example");
    EXPECT_EQ(relay.xoorg_unannounced, gate::XoorgUnannounced::defer);
    EXPECT_EQ(relay.own_addresses.front().text(), "203.0.113.77");
    EXPECT_EQ(relay.hop_timeout.count(), 7000);
    EXPECT_EQ(relay.hold_octets, 8U);
}

TEST(ConfigGateway, WhatCannotWorkToExchangeIsAnError) {
    const struct {
        std::string_view more, key, says, before = "[dns]\ndnssec = \"on\"\n";
    } cases[] = {
        {"clients = []\n", "gateway.out.clients", "nobody"},
        {"clients = [\"192.0.2.1/24\"]\n", "gateway.out.clients", "192.0.2.1/24"},
        {"next_hop = \"mail.example\"\n", "gateway.out.next_hop", "HOST:PORT"},
        {"next_hop = \"192.0.2.1:26\"\n", "gateway.out.next_hop", "our own socket of gateway.out.listen"},
        {"next_hop = \"localhost:8893\"\n", "gateway.out.next_hop", "milter.listen",
         "[dns]\ndnssec = \"on\"\n[milter]\nlisten = [\"inet:127.0.0.1:8893\"]\n"},
        {"xoorg_for = [\"contoso.example\"]\n", "gateway.out.xoorg_for", "contoso.example"},
        {"xoorg_for = [\"192.0.2.5 contoso.example\"]\n", "gateway.out.xoorg_for", "needs certificate_file"},
        {"own_addresses = [\"localhost\"]\n", "gateway.out.own_addresses", "localhost"},
        {"backend = [\"inet:192.0.2.2:25\"]\n", "gateway.out.backend", "only for direction = \"from-exchange\""},
    };
    for (const auto& c : cases) {
        const Outwards read(std::string(c.more), std::string(c.before));
        ASSERT_EQ(read.problems.size(), 1U) << c.more << read.all();
        EXPECT_EQ(read.problems.front().key, c.key) << read.all();
        EXPECT_NE(read.problems.front().text.find(c.says), std::string::npos) << read.all();
    }
}

TEST(ConfigGateway, EarlyRefusalNeedsAllTenantsAtHand) {
    // No other source is built, so no file can say it: the check is asked directly.
    for (const auto& [source, early, refused] :
         {std::tuple("file", true, false), std::tuple("ldap", false, false), std::tuple("ldap", true, true)}) {
        const auto tree = parse_toml(working());
        ASSERT_TRUE(tree);
        std::vector<Problem> problems;
        Reader in(*tree, "exota.toml", problems);
        Config config;
        read_gateways(in, config, Origin::file);
        config.gateways.front().session.early_refusal = early;
        config.tenants.source = source;
        check_gateways(in, config);
        ASSERT_EQ(problems.size(), refused ? 1U : 0U) << source << early;
        if (refused) EXPECT_EQ(problems.front().key, "gateway.exchange.early_refusal");
    }
}

TEST(ConfigGateway, WhatIsRiskyIsWarnedOf) {
    const struct {
        std::string_view text, key, says;
    } cases[] = {
        {"announce_xoorg = \"always\"\n", "gateway.exchange.announce_xoorg", "everybody"},
        {"backend_identity = \"none\"\n", "gateway.exchange.backend_identity", "relays nothing"},
    };
    for (const auto& c : cases) {
        const LoadedConfig loaded = from_toml(working() + std::string(c.text));
        ASSERT_TRUE(loaded.config) << all_of(loaded);
        const Problem* problem = find(loaded, c.key);
        ASSERT_TRUE(problem) << all_of(loaded);
        EXPECT_EQ(problem->severity, Problem::Severity::warning);
        EXPECT_GT(problem->line, 0U);
        EXPECT_NE(problem->text.find(c.says), std::string::npos) << all_of(loaded);
    }
}

TEST(ConfigGateway, JsonReadsNoFilesAndLooksNobodyUp) {
    const auto json = [](std::string_view host) {
        return from_json(
            R"({"authorisation": {"mode": "enforce"}, "gateway": {"a": {"direction": "from-exchange", "listen": ["inet:192.0.2.1:25"],
            "backend": ["inet:)" +
            std::string(host) + R"(:25"], "certificate_file": "/does/not/exist"}}})");
    };
    const LoadedConfig loaded = json("192.0.2.2");
    ASSERT_TRUE(loaded.config) << all_of(loaded);
    EXPECT_EQ(loaded.config->gateways.front().session.hostname, "localhost");
    EXPECT_FALSE(json("mta.example").config);
}

TEST(ConfigGateway, AReloadChangesWhatIsNotReadAtStart) {
    const LoadedConfig before = from_toml(working()), after = from_toml(working() + "hold_octets = 5\nhold_memory = 5\n");
    ASSERT_TRUE(before.config && after.config);
    EXPECT_EQ(changed_start_values(before.config->start_values, after.config->start_values),
              std::vector<std::string>{"gateway.exchange.hold_memory"});
}

}  // namespace
}  // namespace exota::config
