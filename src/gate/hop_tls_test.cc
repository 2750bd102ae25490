#include "gate/hop_tls.h"

#include <gtest/gtest.h>

#include "gate/zone_fixture.h"

namespace exota::gate {
namespace {

using testing::Zone;
using enum TlsLevel;

const std::string digest(32, 'x');

/// "dane dane mx.test", "unfit: why", "policy?" where MTA-STS is asked for.
std::string choice(const Zone& zone, const TlsRules& rules, const StsFound* sts, bool secure = true,
                   const std::string& canonical = "mx.test") {
    const MailHost host{"mx.test", canonical, secure, {base::IpAddress::parse("192.0.2.1").value()}};
    authn::Dns dns;
    for (int rounds = 0; rounds < 10; ++rounds) {
        const TlsChoice chosen = choose_tls(host, 25, rules, dns, sts);
        if (chosen.is == TlsChoice::Is::needs_policy) return "policy?";
        if (chosen.is == TlsChoice::Is::unfit) return "unfit: " + chosen.why;
        if (chosen.is == TlsChoice::Is::needs_dns) {
            EXPECT_TRUE(zone.answer(dns)) << "pending, and asks for nothing";
            continue;
        }
        std::string text(name_of(chosen.tls.level));
        text.append(" ").append(name_of(chosen.tls.policy));
        for (const std::string& name : chosen.tls.names) text.append(" ").append(name);
        if (!chosen.tls.tried.empty()) text.append(" (").append(chosen.tls.tried).append(")");
        EXPECT_EQ(chosen.tls.level == dane, !chosen.tls.tlsa.empty());
        return text;
    }
    return "never";
}

constexpr TlsRules with_dane{dane, encrypt, true}, only_dane{dane_only, encrypt, true}, without_policy{dane, encrypt, false};

TEST(HopTls, by_dane) {
    const std::string name = "_25._tcp.mx.test! TLSA ", usable = name + "3 1 1 " + digest;
    struct Case {
        std::string name, zone, dane, only;
        bool secure = true;
    };
    const std::string encrypted = "encrypt fallback mx.test", none = "unfit: no secure TLSA of mx.test";
    const Case cases[] = {
        {"usable", usable, "dane dane mx.test", "dane dane mx.test"},
        {"one of several", name + "1 1 1 " + digest + "\n" + usable, "dane dane mx.test", "dane dane mx.test"},
        {"unusable", name + "1 1 1 " + digest, "encrypt dane-unusable mx.test", "unfit: no TLSA record of mx.test can be used"},
        {"all unusable", name + "0 0 1 " + digest + "\n" + name + "3 1 9 " + digest, "encrypt dane-unusable mx.test",
         "unfit: no TLSA record of mx.test can be used"},
        {"insecure", "_25._tcp.mx.test TLSA 3 1 1 " + digest, encrypted, none},
        {"absent", "", encrypted, none},
        {"the name without TLSA", "_25._tcp.mx.test! TXT x", encrypted, none},
        {"bogus", "_25._tcp.mx.test TLSA bogus", "unfit: TLSA of mx.test is bogus", "unfit: TLSA of mx.test is bogus"},
        {"fails", "_25._tcp.mx.test TLSA fails", "unfit: TLSA of mx.test cannot be had", "unfit: TLSA of mx.test cannot be had"},
        {"an alias", "_25._tcp.mx.test! CNAME tlsa.test\ntlsa.test! TLSA 2 0 1 " + digest, "dane dane mx.test", "dane dane mx.test"},
        {"an insecure alias", "_25._tcp.mx.test CNAME tlsa.test\ntlsa.test! TLSA 2 0 1 " + digest, encrypted, none},
        {"addresses are not secure: nobody is asked", "_25._tcp.mx.test TLSA bogus", encrypted, none, false},
    };
    for (const Case& c : cases) {
        EXPECT_EQ(choice(Zone(c.zone), without_policy, nullptr, c.secure), c.dane) << c.name;
        EXPECT_EQ(choice(Zone(c.zone), only_dane, nullptr, c.secure), c.only) << c.name;
    }
}

TEST(HopTls, tlsa_stands_at_the_end_of_the_aliases_or_at_the_name_itself) {
    const std::string at_end = "_25._tcp.host.test! TLSA 3 1 1 " + digest + "\n", at_name = "_25._tcp.mx.test! TLSA 3 1 1 " + digest + "\n";
    struct Case {
        std::string name, zone, chosen;
    };
    const Case cases[] = {
        {"at the end", at_end, "dane dane host.test mx.test"},
        {"at the name", at_name, "dane dane mx.test"},
        {"at both", at_end + at_name, "dane dane host.test mx.test"},
        {"bogus at the end", "_25._tcp.host.test TLSA bogus\n" + at_name, "unfit: TLSA of host.test is bogus"},
        {"insecure at the end", "_25._tcp.host.test TLSA 3 1 1 " + digest + "\n" + at_name, "dane dane mx.test"},
        {"at neither", "", "encrypt fallback mx.test"},
    };
    for (const Case& c : cases) EXPECT_EQ(choice(Zone(c.zone), without_policy, nullptr, true, "host.test"), c.chosen) << c.name;
}

StsFound policy(authn::MtaStsPolicy::Mode mode, std::vector<std::string> mx = {"*.test"}) {
    return {authn::MtaStsPolicy{mode, std::chrono::seconds(60), std::move(mx)}, {}};
}

TEST(HopTls, by_mta_sts_where_there_is_no_tlsa) {
    using enum authn::MtaStsPolicy::Mode;
    struct Case {
        std::string name;
        StsFound sts;
        std::string chosen;
    };
    const Case cases[] = {
        {"enforced", policy(enforce), "verify mta-sts mx.test"},
        {"enforced, another host", policy(enforce, {"other.test"}), "unfit: MTA-STS does not name mx.test"},
        {"testing", policy(testing), "encrypt mta-sts-testing mx.test"},
        {"testing, another host", policy(testing, {"other.test"}), "encrypt mta-sts-testing mx.test (MTA-STS does not name mx.test)"},
        {"none", policy(none, {}), "encrypt fallback mx.test"},
        {"no policy", {}, "encrypt fallback mx.test"},
        {"not to be had", {std::nullopt, "late"}, "encrypt fallback mx.test"},
    };
    for (const Case& c : cases) {
        EXPECT_EQ(choice(Zone(""), with_dane, &c.sts), c.chosen) << c.name;
        EXPECT_EQ(choice(Zone(""), with_dane, &c.sts, false), c.chosen) << c.name;
        EXPECT_EQ(choice(Zone("_25._tcp.mx.test! TLSA 3 1 1 " + digest), with_dane, &c.sts), "dane dane mx.test") << c.name;
        EXPECT_EQ(choice(Zone("_25._tcp.mx.test TLSA bogus"), with_dane, &c.sts), "unfit: TLSA of mx.test is bogus") << c.name;
    }
    EXPECT_EQ(choice(Zone(""), with_dane, nullptr), "policy?");
    EXPECT_EQ(choice(Zone("_25._tcp.mx.test! TLSA 3 1 1 " + digest), with_dane, nullptr), "dane dane mx.test") << "nobody is asked";
}

TEST(HopTls, by_mta_sts_where_no_tlsa_can_be_used) {
    using enum authn::MtaStsPolicy::Mode;
    const Zone unusable("_25._tcp.mx.test! TLSA 1 1 1 " + digest);
    const std::pair<StsFound, std::string> cases[] = {{policy(enforce), "verify mta-sts mx.test"},
                                                      {policy(enforce, {"other.test"}), "unfit: MTA-STS does not name mx.test"},
                                                      {policy(testing), "encrypt mta-sts-testing mx.test"},
                                                      {policy(none, {}), "encrypt dane-unusable mx.test"},
                                                      {{}, "encrypt dane-unusable mx.test"}};
    for (const auto& [sts, wanted] : cases) {
        EXPECT_EQ(choice(unusable, {dane, may, true}, &sts), wanted) << "never less than TLS";
        EXPECT_EQ(choice(unusable, only_dane, &sts), "unfit: no TLSA record of mx.test can be used");
    }
    EXPECT_EQ(choice(unusable, with_dane, nullptr), "policy?");
}

TEST(HopTls, by_the_settings_alone) {
    for (const TlsLevel level : {may, encrypt, verify}) {
        const std::string setting = std::string(name_of(level)) + " setting mx.test",
                          fallback = std::string(name_of(level)) + " fallback mx.test";
        EXPECT_EQ(choice(Zone("_25._tcp.mx.test TLSA bogus"), {level, encrypt, false}, nullptr), setting);
        EXPECT_EQ(choice(Zone(""), {dane, level, false}, nullptr), fallback);
        const StsFound none;
        EXPECT_EQ(choice(Zone(""), {level, encrypt, true}, &none), setting);
        EXPECT_EQ(choice(Zone(""), {dane, level, true}, &none), fallback);
    }
}

TEST(HopTls, mta_sts_counts_with_every_level) {
    using enum authn::MtaStsPolicy::Mode;
    const StsFound enforced = policy(enforce), elsewhere = policy(enforce, {"other.test"}), tried = policy(testing);
    for (const TlsLevel level : {may, encrypt, verify, dane}) {
        const TlsRules rules{level, encrypt, true};
        EXPECT_EQ(choice(Zone(""), rules, nullptr), "policy?") << name_of(level);
        EXPECT_EQ(choice(Zone(""), rules, &enforced), "verify mta-sts mx.test") << name_of(level);
        EXPECT_EQ(choice(Zone(""), rules, &elsewhere), "unfit: MTA-STS does not name mx.test") << name_of(level);
        const std::string stays(name_of(level == dane ? encrypt : level));
        EXPECT_EQ(choice(Zone(""), rules, &tried), stays + " mta-sts-testing mx.test") << "it is only tried";
    }
}

TEST(HopTls, whose_policy_is_asked_for) {
    RelaySettings settings;
    EXPECT_TRUE(tls_rules(settings, {Destination::Kind::mx, "a.test", 25}).mta_sts);
    EXPECT_FALSE(tls_rules(settings, {Destination::Kind::mx, "192.0.2.1", 25}).mta_sts);
    settings.next_hop.kind = NextHop::Kind::mx_of;
    EXPECT_FALSE(tls_rules(settings, {Destination::Kind::mx, "a.test", 25}).mta_sts);
    settings.next_hop.kind = NextHop::Kind::mx;
    settings.mta_sts = false;
    EXPECT_FALSE(tls_rules(settings, {Destination::Kind::mx, "a.test", 25}).mta_sts);
}

TEST(HopTls, an_address_is_its_own_name) {
    authn::Dns dns;
    const TlsChoice chosen = choose_tls({"192.0.2.1", "192.0.2.1", false, {}}, 25, {may, may, false}, dns, nullptr);
    EXPECT_EQ(chosen.tls.names, std::vector<std::string>{"192.0.2.1"});
}

}  // namespace
}  // namespace exota::gate
