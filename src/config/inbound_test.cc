// Sections [inbound], [eop], [perimeter], [recipients]: what they become, what is refused, what is warned of.
#include <gtest/gtest.h>

#include <algorithm>

#include "config/config.h"
#include "config/testing.h"

namespace exota::config {
namespace {

using decision::Action;
using testing::all_of;
using testing::from_toml;
using testing::minimal;

constexpr std::string_view known_exchange = "[client_ip]\nprefixes = [\"40.92.0.0/15\"]\n";

LoadedConfig with(std::string_view text) { return from_toml(std::string(minimal) + std::string(known_exchange) + std::string(text)); }

std::string text_of(const LoadedConfig& loaded, std::string_view key) {
    const auto found = std::ranges::find(loaded.problems, key, &Problem::key);
    return found == loaded.problems.end() ? "" : found->text;
}

TEST(ConfigInbound, DefaultsOfTableAndStructuresAgree) {
    const LoadedConfig loaded = with("[inbound]\nmode = \"enforce\"\n");
    ASSERT_TRUE(loaded.config) << all_of(loaded);
    ASSERT_TRUE(loaded.config->rules.inbound);
    const decision::InboundRules& read = *loaded.config->rules.inbound;
    const decision::InboundRules made;
    EXPECT_EQ(read.mode, tenant::Mode::enforce);
    for (const auto member :
         {&decision::InboundRules::on_reject, &decision::InboundRules::on_quarantine, &decision::InboundRules::own_domain,
          &decision::InboundRules::own_domain_unenforced, &decision::InboundRules::implicit_fail,
          &decision::InboundRules::spf_through_exchange, &decision::InboundRules::unresolved})
        EXPECT_EQ(read.*member, made.*member) << name_of(made.*member);
    for (const auto member : {&decision::EopRules::own_domain, &decision::EopRules::oreject, &decision::EopRules::quarantine,
                              &decision::EopRules::bypassed, &decision::EopRules::implicit_fail})
        EXPECT_EQ(read.eop.*member, made.eop.*member) << name_of(made.eop.*member);
    EXPECT_EQ(read.eop.results, made.eop.results);
    EXPECT_EQ(read.max_unknown, made.max_unknown);
    EXPECT_EQ(read.unknown_reply, made.unknown_reply);
    EXPECT_EQ(read.delist, made.delist);
    EXPECT_TRUE(read.domains.empty() && read.trusted_forwarders.clients.empty() && read.trusted_forwarders.signers.empty());
    const gate::PerimeterSettings perimeter;
    EXPECT_EQ(loaded.config->perimeter.threshold, perimeter.threshold);
    EXPECT_EQ(loaded.config->perimeter.require_ptr, perimeter.require_ptr);
    const gate::RecipientSettings recipients;
    EXPECT_EQ(loaded.config->recipients.rules.delimiter, recipients.rules.delimiter);
    EXPECT_EQ(loaded.config->recipients.rules.fold_case, recipients.rules.fold_case);
    EXPECT_EQ(loaded.config->recipients.file, "");
    EXPECT_TRUE(loaded.config->inbound_listen.empty());
}

TEST(ConfigInbound, NothingOfItIsThereWithoutTheSection) {
    const LoadedConfig loaded = with("");
    ASSERT_TRUE(loaded.config) << all_of(loaded);
    EXPECT_FALSE(loaded.config->rules.inbound);
}

TEST(ConfigInbound, ReadsEachSetting) {
    const LoadedConfig loaded = with(R"(
[inbound]
listen = ["inet:127.0.0.1:8895"]
mode = "defer"
on_reject = "reject"
on_quarantine = "hold"
own_domain = "mark"
own_domain_unenforced = "hold"
implicit_fail = "mark"
unresolved = "mark"
spf_through_exchange = "reject"
trusted_forwarders = ["192.0.2.0/24", "dkim:Forwarder.Example"]
[inbound.domains]
"Bank.example" = "reject"
"*.bank.example" = "mark"
"friend.example" = "none"
[eop]
results = "enforce"
own_domain = "hold"
oreject = "mark"
quarantine = "reject"
bypassed = "none"
implicit_fail = "mark"
clients = ["203.0.113.0/24"]
[perimeter]
allow_file = "allow"
block_file = "/etc/block"
dnsbl = ["bl.example=127.0.0.[2..11]*2", "white.example*-1"]
threshold = 2
require_ptr = true
delist = "postmaster@example.net"
[recipients]
source = "file"
file = "recipients"
delimiter = "-"
fold_case = false
max_unknown = 7
reply = "5.4.1"
)");
    ASSERT_TRUE(loaded.config) << all_of(loaded);
    const Config& config = *loaded.config;
    EXPECT_EQ(config.inbound_listen, std::vector<std::string>{"inet:127.0.0.1:8895"});
    const decision::InboundRules& rules = *config.rules.inbound;
    EXPECT_EQ(rules.mode, tenant::Mode::defer);
    EXPECT_EQ(rules.on_reject, Action::reject);
    EXPECT_EQ(rules.on_quarantine, Action::hold);
    EXPECT_EQ(rules.own_domain, Action::mark);
    EXPECT_EQ(rules.own_domain_unenforced, Action::hold);
    EXPECT_EQ(rules.implicit_fail, Action::mark);
    EXPECT_EQ(rules.unresolved, Action::mark);
    EXPECT_EQ(rules.spf_through_exchange, Action::reject);
    ASSERT_EQ(rules.trusted_forwarders.clients.size(), 1U);
    EXPECT_EQ(rules.trusted_forwarders.clients[0].text(), "192.0.2.0/24");
    EXPECT_EQ(rules.trusted_forwarders.signers, std::vector<std::string>{"forwarder.example"});
    const std::map<std::string, Action, std::less<>> domains{
        {"bank.example", Action::reject}, {"*.bank.example", Action::mark}, {"friend.example", Action::none}};
    EXPECT_EQ(rules.domains, domains);
    EXPECT_EQ(rules.eop.results, decision::EopUse::enforce);
    EXPECT_EQ(rules.eop.own_domain, Action::hold);
    EXPECT_EQ(rules.eop.oreject, Action::mark);
    EXPECT_EQ(rules.eop.quarantine, Action::reject);
    EXPECT_EQ(rules.eop.bypassed, Action::none);
    EXPECT_EQ(rules.eop.implicit_fail, Action::mark);
    EXPECT_EQ(rules.eop.clients.size(), 1U);
    EXPECT_EQ(rules.delist, "postmaster@example.net");
    EXPECT_EQ(rules.max_unknown, 7U);
    EXPECT_EQ(rules.unknown_reply, "5.4.1");
    EXPECT_EQ(config.perimeter.allow_file, "/nowhere/allow");
    EXPECT_EQ(config.perimeter.block_file, "/etc/block");
    ASSERT_EQ(config.perimeter.dnsbl.size(), 2U);
    EXPECT_EQ(config.perimeter.dnsbl[0].weight(), 2);
    EXPECT_EQ(config.perimeter.threshold, 2);
    EXPECT_TRUE(config.perimeter.require_ptr);
    EXPECT_EQ(config.recipients.file, "/nowhere/recipients");
    EXPECT_EQ(config.recipients.rules.delimiter, '-');
    EXPECT_FALSE(config.recipients.rules.fold_case);
}

TEST(ConfigInbound, WhatIsRefused) {
    struct Case {
        std::string_view text, key, want;
    };
    constexpr std::string_view mode = "[inbound]\nmode = \"enforce\"\n";
    const Case cases[] = {
        {"[inbound]\n", "inbound.mode", "is required: \"enforce\", \"defer\", \"quarantine\" or \"monitor\""},
        {"[inbound]\nlisten = [\"nonsense\"]\nmode = \"enforce\"\n", "inbound.listen", ""},
        {"[inbound]\nmode = \"enforce\"\non_reject = \"hold\"\n", "inbound.on_reject",
         "must be \"reject\", \"direct\", \"mark\" or \"none\", not \"hold\""},
        {"[inbound]\nmode = \"enforce\"\nunresolved = \"reject\"\n", "inbound.unresolved",
         "must be \"tempfail\", \"mark\" or \"none\", not \"reject\""},
        {"[inbound]\nmode = \"enforce\"\ntrusted_forwarders = [\"example.com\"]\n", "inbound.trusted_forwarders",
         "\"example.com\" is neither an IP prefix nor dkim:DOMAIN"},
        {"[inbound]\nmode = \"enforce\"\ntrusted_forwarders = [\"dkim:\"]\n", "inbound.trusted_forwarders", ""},
        {"[inbound]\nmode = \"enforce\"\ndomains = \"x\"\n", "inbound.domains", "must be a table of domains, not a string"},
        {"[inbound]\nmode = \"enforce\"\ndomains = {\"a.example\" = \"hold\"}\n", "inbound.domains",
         "\"a.example\" must be \"reject\", \"mark\" or \"none\""},
        {"[inbound]\nmode = \"enforce\"\ndomains = {\"a.example\" = 1}\n", "inbound.domains",
         "\"a.example\" must be \"reject\", \"mark\" or \"none\""},
        {"[inbound]\nmode = \"enforce\"\ndomains = {\"a..example\" = \"mark\"}\n", "inbound.domains", ""},
        {"[inbound]\nmode = \"enforce\"\ndomains = {\"a.example\" = \"mark\", \"A.example\" = \"none\"}\n", "inbound.domains",
         "\"a.example\" is there twice"},
        {"[perimeter]\ndnsbl = [\"bl.example=1\"]\n", "perimeter.dnsbl", ""},
        {"[perimeter]\nthreshold = 0\n", "perimeter.threshold", "must be 1 to 1000000"},
        {"[perimeter]\ndelist = \"a b\"\n", "perimeter.delist", ""},
        {"[recipients]\nsource = \"file\"\n", "recipients.file", "names no file"},
        {"[recipients]\ndelimiter = \"++\"\n", "recipients.delimiter", ""},
        {"[recipients]\ndelimiter = \"a\"\n", "recipients.delimiter", ""},
        {"[recipients]\ndelimiter = \"@\"\n", "recipients.delimiter", ""},
        {"[reports]\nsend = \"off\"\n", "reports", "DMARC and TLS reports are not built yet"},
        {"[arc]\nseal = {domain = \"a.example\"}\n", "arc.seal", "sealing with ARC is not built yet"},
        {"[inbound]\nlisten = [\"inet:127.0.0.1:8893\"]\nmode = \"enforce\"\n[milter]\nlisten = [\"inet:127.0.0.1:8893\"]\n",
         "inbound.listen", ""},
    };
    for (const Case& c : cases) {
        const LoadedConfig loaded = with(c.text);
        EXPECT_FALSE(loaded.config) << c.text;
        const std::string text = text_of(loaded, c.key);
        EXPECT_FALSE(text.empty()) << c.text << all_of(loaded);
        if (!c.want.empty()) EXPECT_EQ(text, c.want) << c.text;
    }
    EXPECT_TRUE(with(mode).config);
}

TEST(ConfigInbound, AGatewayWithThatDoorNeedsTheSection) {
    constexpr std::string_view gateway =
        "[gateway.in]\ndirection = \"from-exchange\"\nlisten = [\"inet:192.0.2.1:25\"]\nbackend = [\"inet:192.0.2.2:25\"]\n"
        "announce_xoorg = \"never\"\ndoor = \"inbound\"\n";
    EXPECT_EQ(text_of(with(gateway), "gateway.in.door"), "\"inbound\" needs a section [inbound] with its mode");
    const LoadedConfig good = with(std::string(gateway) + "[inbound]\nmode = \"monitor\"\n");
    ASSERT_TRUE(good.config) << all_of(good);
    EXPECT_EQ(good.config->gateways[0].session.door, gate::Door::inbound);
    const LoadedConfig early = with(std::string(gateway) + "early_refusal = true\n[inbound]\nmode = \"monitor\"\n");
    EXPECT_FALSE(text_of(early, "gateway.in.early_refusal").empty());
}

TEST(ConfigInbound, NoGatewaySendsToTheDoorsSocket) {
    const LoadedConfig loop = with(
        "[gateway.in]\ndirection = \"from-exchange\"\nlisten = [\"inet:192.0.2.1:25\"]\nbackend = [\"inet:127.0.0.1:8895\"]\n"
        "[inbound]\nlisten = [\"inet:127.0.0.1:8895\"]\nmode = \"monitor\"\n");
    EXPECT_TRUE(text_of(loop, "gateway.in.backend").ends_with("our own socket of inbound.listen")) << all_of(loop);
}

TEST(ConfigInbound, WhatIsWarnedOf) {
    struct Case {
        std::string_view text, key, part;
    };
    const Case cases[] = {
        {"[inbound]\nmode = \"enforce\"\n", "inbound.on_quarantine", "only where a rule behind us reads that field"},
        {"[inbound]\nmode = \"enforce\"\n[eop]\nresults = \"ignore\"\n", "eop.results", "fails SPF"},
        {"[inbound]\nmode = \"enforce\"\n[perimeter]\ndnsbl = [\"a.example\", \"b.example*-5\"]\nthreshold = 2\n", "perimeter.threshold",
         "no list refuses anybody"},
        {"[inbound]\nmode = \"enforce\"\n[perimeter]\ndnsbl = [\"abcdefghij0123456789.a.example.org\"]\n", "perimeter.dnsbl",
         "what stands before a.example.org is taken for a key"},
        {"[inbound]\nmode = \"enforce\"\n[recipients]\nfile = \"x\"\n", "recipients.file", "is not read"},
        {"[inbound]\nmode = \"enforce\"\nlisten = [\"inet:0.0.0.0:8895\"]\n", "inbound.listen", "every address of this host"},
        {"[perimeter]\nthreshold = 2\n", "perimeter.dnsbl", "has no effect"},
        {"[eop]\nresults = \"enforce\"\n", "eop.results", "has no effect"},
        {"[recipients]\nsource = \"none\"\n", "recipients.source", "has no effect"},
    };
    for (const Case& c : cases) {
        const LoadedConfig loaded = with(c.text);
        EXPECT_TRUE(loaded.config) << c.text << all_of(loaded);
        EXPECT_NE(text_of(loaded, c.key).find(c.part), std::string::npos) << c.text << all_of(loaded);
    }
    const LoadedConfig quiet =
        with("[inbound]\nmode = \"enforce\"\non_reject = \"reject\"\non_quarantine = \"none\"\nown_domain_unenforced = \"reject\"\n");
    EXPECT_EQ(text_of(quiet, "inbound.on_quarantine"), "") << "nothing is marked";
    const LoadedConfig unknown = from_toml(std::string(minimal) + "[inbound]\nmode = \"enforce\"\n");
    EXPECT_NE(text_of(unknown, "client_ip.endpoints_file"), "");
}

}  // namespace
}  // namespace exota::config
