#include "programs/migrate_files.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "config/build.h"
#include "config/tree.h"
#include "decision/decide.h"
#include "mail/header_block.h"
#include "programs/session_facts.h"

namespace exota::programs {
namespace {

constexpr std::string_view id = "1234abcd-18c5-45e8-88de-123456789abc";

config::Config drop_in(std::vector<std::string> variables) {
    variables.emplace_back("MILTER_POLICY_FILE=/p.json");
    std::vector<const char*> pointers;
    for (const std::string& entry : variables) pointers.push_back(entry.c_str());
    pointers.push_back(nullptr);
    auto loaded = config::from_environment(pointers.data());
    EXPECT_TRUE(loaded.config);
    return *std::move(loaded.config);
}

struct Loaded {
    config::Config config;
    tenant::Index tenants;
};

Loaded load(const Migrated& migrated) {
    const auto tree = config::parse_toml(migrated.configuration);
    EXPECT_TRUE(tree) << migrated.configuration;
    auto config = config::build(*tree, "/x/exota.toml", config::Origin::file);
    std::string problems;
    for (const auto& problem : config.problems) problems += config::to_text(problem) + '\n';
    EXPECT_TRUE(config.config) << problems << migrated.configuration;
    auto tenants = tenant::read_tenants(migrated.tenants, config.config->tenant_defaults);
    for (const auto& problem : tenants.problems) problems += problem.path + ": " + problem.text + '\n';
    EXPECT_TRUE(tenants.index) << problems << migrated.tenants;
    EXPECT_EQ(tenants.version, 2);
    return {*std::move(config.config), *std::move(tenants.index)};
}

/// What `enforce` would say, whatever the mode is.
decision::Verdict verdict(const config::Config& config, const tenant::Index& tenants, const SessionFacts& facts, std::string_view message,
                          gate::Unnamed unnamed = gate::Unnamed::unknown) {
    evidence::Collector collector(config.limits);
    EXPECT_TRUE(begin_message(facts, collector, unnamed));
    note_fields(mail::split_message(message).fields, collector);
    return decision::decide(collector.finish(), &tenants, config.rules).judged;
}

TEST(Migrate, TheResultLoadsAndDecidesTheSame) {
    const std::vector<std::vector<std::string>> environments{
        {},
        {"MILTER_X509_ENABLED=1"},
        {"MILTER_TENANT_ID_REQUIRED=1", "MILTER_ADD_HEADER=1", "MILTER_AUTHSERVID=mx.test"},
        {"MILTER_DKIM_ENABLED=1", "MILTER_TRUSTED_AUTHSERVID=mx.test"},
        {"MILTER_DKIM_ENABLED=1", "MILTER_TRUSTED_AUTHSERVID=mx.test", "MILTER_DKIM_ALIGNMENT_REQUIRED=True"},
        {"MILTER_DKIM_ENABLED=1", "MILTER_TRUSTED_AUTHSERVID=mx.test", "MILTER_DKIM_ALIGNMENT_REQUIRED=True", "MILTER_X509_ENABLED=1",
         "MILTER_TENANT_ID_REQUIRED=1", "MILTER_REJECT_MESSAGE=no {way} \xc3\xa4 \xf3\xa0\x81\xa1\xe2\x80\x8d"},
    };
    const std::string policies[] = {
        "{}",
        "[]",
        R"({"a.test": {"tenant_id": ")" + std::string(id) +
            R"("}, "b.test": {"tenant_id": "{1234ABCD-18c5-45e8-88de-123456789abc}"}, "c.test": {}})",
        R"({"a.test": {"dkim_alignment_required": false}, "b.test": {"dkim_enabled": false}, "c.test": {"dkim_enabled": false, "tenant_id": ""}})",
    };
    std::vector<SessionFacts> sessions(3);
    sessions[1].client_ip = "127.0.0.1";
    sessions[2].client_ip = "40.92.0.1";
    sessions[2].client_cert = "mail.protection.outlook.com";
    std::vector<std::string> messages;
    for (const std::string from :
         {"From: x@a.test\n", "From: x@b.test\n", "From: x@c.test\n", "From: x@d.test\n", "From: x@d.test\nResent-From: x@a.test\n",
          "From: x@d.test\nResent-From: x@e.test\nResent-From: x@a.test\n", "From: x@s.c.test\nResent-From: x@a.test\n", "", "From: x\n"})
        for (const std::string& claim : {std::string(), "X-MS-Exchange-CrossTenant-Id: " + std::string(id) + "\n",
                                         std::string("X-MS-Exchange-CrossTenant-Id: 00000000-0000-0000-0000-000000000001\n")})
            for (const std::string dkim : {"", "Authentication-Results: mx.test; dkim=pass header.d=a.test\n",
                                           "Authentication-Results: mx.test; dkim=fail header.d=a.test\n", "DKIM-Signature: v=1\n"})
                messages.push_back("Received: x\n" + dkim + claim + from + "\nbody\n");
    std::size_t accepted = 0, compared = 0;
    for (const auto& environment : environments) {
        const config::Config before = drop_in(environment);
        for (const std::string& policy : policies) {
            const auto old_tenants = tenant::read_tenants(policy, before.tenant_defaults);
            ASSERT_TRUE(old_tenants.index);
            const auto migrated = migrate(before, policy, "/etc/exota/tenants.json");
            ASSERT_TRUE(migrated) << migrated.error().detail;
            const Loaded after = load(*migrated);
            EXPECT_EQ(after.config.rules.mode, migrated->exact ? tenant::Mode::enforce : tenant::Mode::monitor);
            const bool forwards_differ = std::ranges::any_of(migrated->warnings, [](const std::string& warning) {
                return warning.starts_with("forwards: ") && !warning.ends_with("that much changes nothing");
            });
            const bool subdomains_differ =
                std::ranges::any_of(migrated->warnings, [](const std::string& warning) { return warning.starts_with("subdomains: "); });
            for (const SessionFacts& session : sessions)
                for (const std::string& message : messages) {
                    const auto was = verdict(before, *old_tenants.index, session, message);
                    const auto now = verdict(after.config, after.tenants, session, message);
                    // A forward must now show more than a Resent-From that anybody can write (docs/migration.md): refused more, never less.
                    const bool may_differ = (message.contains("Resent-From") && forwards_differ) || message.contains("x@e.test") ||
                                            (message.contains("x@s.c.test") && subdomains_differ);
                    EXPECT_TRUE(may_differ ? now >= was : now == was) << message << migrated->configuration << policy;
                    accepted += was == decision::Verdict::accept ? 1 : 0;
                    ++compared;
                }
        }
    }
    EXPECT_GT(accepted, compared / 20) << "the comparison has something to compare";
    EXPECT_LT(accepted, compared);
}

TEST(Migrate, DomainsOfOneTenantIdAreOneTenant) {
    const std::string policy =
        R"({"a.test": {"tenant_id": ")" + std::string(id) + R"("}, "x.test": {}, "b.test": {"tenant_id": ")" + std::string(id) + R"("}})";
    const auto migrated = migrate(drop_in({"MILTER_TENANT_ID_REQUIRED=1"}), policy, "t");
    ASSERT_TRUE(migrated);
    const Loaded loaded = load(*migrated);
    EXPECT_EQ(loaded.tenants.tenant_count(), 2U);
    EXPECT_EQ(loaded.tenants.domain_count(), 3U);
    EXPECT_EQ(migrated->warnings.size(), 2U) << "those about subdomains of others, and about forwards";
}

TEST(Migrate, DifferingFlagsOfOneTenant) {
    const std::string policy = R"({"a.test": {"tenant_id": ")" + std::string(id) +
                               R"("}, "b.test": {"dkim_enabled": false, "tenant_id": ")" + std::string(id) + R"("}})";
    const std::vector<std::string> dkim{"MILTER_DKIM_ENABLED=1", "MILTER_TRUSTED_AUTHSERVID=mx.test"};
    const auto split = migrate(drop_in(dkim), policy, "t");
    ASSERT_TRUE(split);
    EXPECT_EQ(load(*split).tenants.tenant_count(), 2U);
    EXPECT_EQ(split->warnings.size(), 3U) << "the split, forwards, and subdomains of the other";

    std::vector<std::string> with_id = dkim;
    with_id.emplace_back("MILTER_TENANT_ID_REQUIRED=1");
    const auto strict = migrate(drop_in(with_id), policy, "t");
    ASSERT_TRUE(strict);
    EXPECT_EQ(load(*strict).tenants.tenant_count(), 1U);
    ASSERT_EQ(strict->warnings.size(), 2U);
    EXPECT_NE(strict->warnings[0].find("b.test"), std::string::npos);
    EXPECT_FALSE(strict->exact) << "b.test needed no signature";
}

/// The mail of a domain with `dkim_enabled: false` goes on passing, signed or not, whatever the other domains of its tenant need.
TEST(Migrate, WhatNeededNoSignatureIsNotRefusedNow) {
    const std::string of_tenant = R"("tenant_id": ")" + std::string(id) + '"';
    const std::string policies[] = {
        R"({"b.test": {"dkim_enabled": false, )" + of_tenant + "}}",
        R"({"a.test": {)" + of_tenant + R"(}, "b.test": {"dkim_enabled": false, )" + of_tenant + "}}",
        R"({"a.test": {"dkim_enabled": false}, "b.test": {"dkim_enabled": false, )" + of_tenant + "}}",
    };
    const std::vector<std::string> environments[] = {
        {"MILTER_DKIM_ENABLED=1", "MILTER_TRUSTED_AUTHSERVID=mx.test", "MILTER_DKIM_ALIGNMENT_REQUIRED=True", "MILTER_X509_ENABLED=1"},
        {"MILTER_DKIM_ENABLED=1", "MILTER_TRUSTED_AUTHSERVID=mx.test", "MILTER_TENANT_ID_REQUIRED=1", "MILTER_X509_ENABLED=1"},
    };
    SessionFacts session;
    session.client_ip = "40.92.0.1";
    session.client_cert = "mail.protection.outlook.com";
    const std::string message = "From: x@b.test\nX-MS-Exchange-CrossTenant-Id: " + std::string(id) + "\n";
    for (const auto& environment : environments)
        for (const std::string& policy : policies) {
            const config::Config before = drop_in(environment);
            ASSERT_EQ(verdict(before, *tenant::read_tenants(policy, before.tenant_defaults).index, session, message),
                      decision::Verdict::accept);
            const auto migrated = migrate(before, policy, "t");
            ASSERT_TRUE(migrated);
            const Loaded after = load(*migrated);
            evidence::Collector collector(after.config.limits);
            ASSERT_TRUE(begin_message(session, collector));
            note_fields(mail::split_message(message).fields, collector);
            const decision::Decision now = decision::decide(collector.finish(), &after.tenants, after.config.rules);
            EXPECT_EQ(now.verdict, decision::Verdict::accept) << policy;
            const bool told = std::ranges::any_of(migrated->warnings, [](const std::string& warning) {
                return warning.starts_with("tenant ") && warning.contains("and now needs");
            });
            if (!told) EXPECT_EQ(now.judged, decision::Verdict::accept) << "not by the mode alone: " << policy;
        }
}

TEST(Migrate, ForwardsThatAreJudgedOtherwiseAreTold) {
    const std::string other_id = "1234abcd-18c5-45e8-88de-123456789abd";
    const std::string one = R"("a.test": {"tenant_id": ")" + std::string(id) + R"("})";
    const std::string two = one + R"(, "c.test": {"tenant_id": ")" + other_id + R"("})";
    const std::string with_id = "X-MS-Exchange-CrossTenant-Id: " + std::string(id) + "\n";
    const std::string of_subdomain = with_id + "From: x@s.c.test\nResent-From: x@a.test\n";
    const std::string resent_twice = with_id + "From: x@d.test\nResent-From: x@e.test\nResent-From: x@a.test\n";
    const config::Config before = drop_in({"MILTER_TENANT_ID_REQUIRED=1"});
    const struct {
        std::string policy, message;
        bool same, exact;
        std::string_view told;
    } cases[] = {
        {one, of_subdomain, true, true, ""},
        {two, of_subdomain, false, false, "#  * subdomains: "},
        {one, resent_twice, false, true, "but for messages with several Resent-From fields"},
    };
    for (const auto& c : cases) {
        const std::string policy = "{" + c.policy + "}";
        ASSERT_EQ(verdict(before, *tenant::read_tenants(policy, before.tenant_defaults).index, {}, c.message), decision::Verdict::accept);
        const auto migrated = migrate(before, policy, "t");
        ASSERT_TRUE(migrated);
        const Loaded after = load(*migrated);
        EXPECT_EQ(verdict(after.config, after.tenants, {}, c.message) == decision::Verdict::accept, c.same) << c.policy << c.message;
        EXPECT_EQ(migrated->exact, c.exact) << migrated->configuration;
        EXPECT_TRUE(migrated->configuration.contains(c.told)) << migrated->configuration;
    }
}

/// The predecessor reads {cert_subject} as Postfix means it, whoever sends it.
TEST(Migrate, ACertificateOfAnMtaWithoutMacroVIsToldBecauseItCountsNoMore) {
    const std::string policy = R"({"a.test": {"tenant_id": ")" + std::string(id) + R"("}})";
    const std::string message = "From: x@a.test\nX-MS-Exchange-CrossTenant-Id: " + std::string(id) + "\n";
    SessionFacts unnamed;
    unnamed.client_ip = "40.92.0.1";
    unnamed.macros = {{"{tls_version}", "TLSv1.3"}, {"{cert_subject}", "mail.protection.outlook.com"}};
    SessionFacts postfix = unnamed;
    postfix.macros.emplace("v", "Postfix 3.7.11");
    const auto told = [](const Migrated& migrated) { return migrated.configuration.contains("#  * certificates: "); };

    const config::Config asking = drop_in({"MILTER_X509_ENABLED=1", "MILTER_TENANT_ID_REQUIRED=1"});
    const tenant::Index old_tenants = *tenant::read_tenants(policy, asking.tenant_defaults).index;
    ASSERT_EQ(verdict(asking, old_tenants, unnamed, message, gate::Unnamed::postfix), decision::Verdict::accept);
    const auto migrated = migrate(asking, policy, "t");
    ASSERT_TRUE(migrated);
    const Loaded after = load(*migrated);
    EXPECT_EQ(verdict(after.config, after.tenants, postfix, message), decision::Verdict::accept);
    EXPECT_NE(verdict(after.config, after.tenants, unnamed, message), decision::Verdict::accept) << "so it has to be told";
    EXPECT_FALSE(migrated->exact);
    EXPECT_EQ(after.config.rules.mode, tenant::Mode::monitor);
    EXPECT_TRUE(told(*migrated)) << migrated->configuration;
    EXPECT_FALSE(migrated->configuration.contains("It decides as the environment did"));

    const auto without = migrate(drop_in({"MILTER_TENANT_ID_REQUIRED=1"}), policy, "t");
    ASSERT_TRUE(without);
    const Loaded after_without = load(*without);
    EXPECT_EQ(verdict(after_without.config, after_without.tenants, unnamed, message), decision::Verdict::accept);
    EXPECT_TRUE(without->exact && !told(*without)) << "nobody asks for a certificate: " << without->configuration;
}

TEST(Migrate, WhatIsNotCarriedOverExactlyIsACommentAndTheModeIsMonitor) {
    const std::string one = R"({"a.test": {"tenant_id": ")" + std::string(id) + R"("}})";
    const std::string two = R"({"a.test": {"tenant_id": ")" + std::string(id) + R"("}, "b.test": {"dkim_enabled": false, "tenant_id": ")" +
                            std::string(id) + R"("}})";
    const struct {
        std::vector<std::string> environment;
        std::string policy, comment;  // no comment: exact
    } cases[] = {
        {{"MILTER_TENANT_ID_REQUIRED=1"}, one, ""},
        {{"MILTER_TENANT_ID_REQUIRED=1", "MILTER_REJECT_MESSAGE={x} \xc3\xa4"}, one, ""},
        {{"MILTER_TENANT_ID_REQUIRED=1", "MILTER_DKIM_ENABLED=1", "MILTER_TRUSTED_AUTHSERVID=mx.test"}, one, ""},
        {{"MILTER_TENANT_ID_REQUIRED=1", "MILTER_ADD_HEADER=1", "MILTER_AUTHSERVID=mx.test"}, one, ""},
        {{"MILTER_X509_ENABLED=1"}, one, "#  * forwards: "},
        {{"MILTER_TENANT_ID_REQUIRED=1", "MILTER_X509_ENABLED=1"}, one, "#  * certificates: "},
        {{"MILTER_TENANT_ID_REQUIRED=1", "MILTER_DKIM_ENABLED=1", "MILTER_TRUSTED_AUTHSERVID=mx.test"}, two, "#  * tenant 1234abcd"},
        {{"MILTER_TENANT_ID_REQUIRED=1", "MILTER_DKIM_ENABLED=1", "MILTER_TRUSTED_AUTHSERVID=a b"}, one, "#  * MILTER_TRUSTED_AUTHSERVID"},
        {{"MILTER_TENANT_ID_REQUIRED=1", "MILTER_ADD_HEADER=1", "MILTER_AUTHSERVID=a\nmode = \"x\""}, one, "#  * MILTER_AUTHSERVID"},
    };
    for (const auto& c : cases) {
        const auto migrated = migrate(drop_in(c.environment), c.policy, "t");
        ASSERT_TRUE(migrated);
        EXPECT_EQ(migrated->exact, c.comment.empty()) << migrated->configuration;
        EXPECT_EQ(load(*migrated).config.rules.mode, c.comment.empty() ? tenant::Mode::enforce : tenant::Mode::monitor);
        EXPECT_TRUE(migrated->configuration.contains(c.comment)) << migrated->configuration;
        EXPECT_EQ(migrated->configuration.contains("NOT DECIDED AS BEFORE"), !c.comment.empty());
        EXPECT_EQ(migrated->configuration.contains("#  * header: dkim= "), load(*migrated).config.rules.header.add);
        for (const std::string& warning : migrated->warnings)
            EXPECT_TRUE(migrated->configuration.contains("#  * " + warning.substr(0, 20))) << warning << migrated->configuration;
    }
}

std::size_t count(std::string_view text, std::string_view part) {
    std::size_t found = 0;
    for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + part.size())) ++found;
    return found;
}

TEST(Migrate, MarksEveryWeakLine) {
    const std::vector<std::string> on{"MILTER_DKIM_ENABLED=1", "MILTER_TRUSTED_AUTHSERVID=mx.test", "MILTER_DKIM_ALIGNMENT_REQUIRED=True"};
    const std::string with_id = R"("a.test": {"tenant_id": ")" + std::string(id) + R"("})";
    const auto strong = migrate(drop_in(on), "{" + with_id + "}", "t");
    ASSERT_TRUE(strong);
    for (const std::string_view line : {"contradictions = \"ignore\"  # (weak)", "peer_proof = \"none\"  # (weak)",
                                        "resent_from = true  # (weak)", "forwarding = true  # (weak)", "position = \"any\"  # (weak)"})
        EXPECT_EQ(count(strong->configuration, line), 1U) << line << strong->configuration;
    EXPECT_EQ(count(strong->configuration, "[client_ip]\n# (weak)"), 1U) << strong->configuration;
    EXPECT_EQ(count(strong->configuration, "(weak)"), 7U) << "these six and what the head says of them: " << strong->configuration;

    const auto weak =
        migrate(drop_in(on), "{" + with_id + R"(, "b.test": {"dkim_enabled": false}, "c.test": {"dkim_alignment_required": false},
                                  "d.test": {"dkim_enabled": false}})",
                "t");
    ASSERT_TRUE(weak);
    load(*weak);
    EXPECT_EQ(count(weak->configuration, "# (weak) b.test, d.test: \"proofs\": [\"listed\"] there; better none\n"), 1U)
        << weak->configuration;
    EXPECT_EQ(count(weak->configuration, "# (weak) c.test: \"proofs\": [\"dkim-any\"] there; better none\n"), 1U) << weak->configuration;
    EXPECT_EQ(count(weak->configuration, "# (weak) b.test, c.test, d.test: no \"tenant_ids\" there"), 1U) << weak->configuration;
    EXPECT_EQ(count(weak->configuration, "(weak)"), 10U) << weak->configuration;

    std::string many;
    for (int i = 0; i < 7; ++i) many += (i > 0 ? ", \"" : "\"") + std::to_string(i) + ".test\": {}";
    const auto seven = migrate(drop_in({}), "{" + many + "}", "t");
    ASSERT_TRUE(seven);
    EXPECT_EQ(count(seven->configuration, "0.test, 1.test, 2.test, 3.test, 4.test and 2 more: no \"tenant_ids\""), 1U)
        << seven->configuration;
    EXPECT_EQ(count(seven->configuration, "proofs = [\"listed\"]  # (weak)"), 1U) << seven->configuration;
}

}  // namespace
}  // namespace exota::programs
