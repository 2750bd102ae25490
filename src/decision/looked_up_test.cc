// Tenants that are looked up name by name, against all of them in one index: generated tenants, generated messages, one judgement.
#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "decision/decision_fixture.h"
#include "decision/keys.h"
#include "decision/render.h"
#include "tenant/answers.h"

namespace exota::decision {
namespace {

using namespace fixture;
using tenant::Answer;
using tenant::KeyKind;

constexpr std::array<std::string_view, 18> names{"contoso.com",
                                                 "mail.contoso.com",
                                                 "x.mail.contoso.com",
                                                 "contoso.onmicrosoft.com",
                                                 "a.contoso.onmicrosoft.com",
                                                 "fabrikam.com",
                                                 "w.fabrikam.com",
                                                 "fabrikam.co.uk",
                                                 "a.fabrikam.co.uk",
                                                 "me.github.io",
                                                 "deep.me.github.io",
                                                 "you.github.io",
                                                 "github.io",
                                                 "northwind.org",
                                                 "northwind.onmicrosoft.com",
                                                 "outlook.com",
                                                 "onmicrosoft.com",
                                                 "org"};
constexpr std::array<std::string_view, 4> ids{contoso_id, fabrikam_id, "00000000-1111-4222-8333-444444444444",
                                              "9188040d-6c67-4c5b-b112-36a304b66dad"};
constexpr std::array<std::string_view, 5> proofs{"client-cert + dkim", "client-cert + xoorg", "client-cert + tenant-id",
                                                 "client-cert + originator-org", "client-cert + dkim-aligned"};

/// Tenants with the names that they have, and these in one index.
struct World {
    std::vector<std::string> texts;  // of each tenant: its fields as JSON
    std::map<std::pair<KeyKind, std::string>, std::size_t> owners;
    std::optional<tenant::Index> all;
    std::vector<tenant::FoundTenantRef> found;
};

class Generator {
public:
    explicit Generator(unsigned seed) : random_(seed) {}

    std::size_t below(std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_); }
    bool one_in(std::size_t n) { return below(n) == 0; }
    std::string name() { return std::string(names[below(names.size())]); }
    std::string id() { return std::string(ids[below(ids.size())]); }

    /// A world that a tenants file could have: names that clash are tried again.
    World world() {
        for (;;) {
            World world;
            std::string json = R"({"version": 2, "tenants": {)";
            const std::size_t count = 1 + below(3);
            for (std::size_t t = 0; t < count; ++t) {
                const std::string tenant_name = "t" + std::to_string(t);
                std::map<std::string, std::vector<std::string>> fields;
                const auto give = [&](const std::string& field, KeyKind kind, const std::string& value) {
                    if (!world.owners.emplace(std::pair(kind, value), t).second) return;
                    fields[field].push_back((kind == KeyKind::wildcard ? "*." : "") + value);
                };
                for (std::size_t i = below(4); i > 0; --i) give("domains", KeyKind::domain, name());
                for (std::size_t i = below(3); i > 0; --i) give("domains", KeyKind::wildcard, name());
                for (std::size_t i = below(3); i > 0; --i) give("organizations", KeyKind::organization, name());
                for (std::size_t i = below(3); i > 0; --i) give("dkim_domains", KeyKind::dkim_domain, name());
                for (std::size_t i = below(2); i > 0; --i) give("tenant_ids", KeyKind::tenant_id, id());
                fields["proofs"] = {std::string(proofs[below(proofs.size())])};
                fields["alignment"] = {one_in(2) ? "strict" : "relaxed"};
                fields["forwarding"] = {one_in(3) ? "false" : "true"};
                fields["mode"] = {"enforce"};
                json += (t > 0 ? "," : "") + ('"' + tenant_name + "\":{" + json_of(fields) + '}');
                std::vector<tenant::TextField> texts;
                for (const auto& [field, values] : fields) texts.push_back({field, {values.begin(), values.end()}});
                world.found.push_back(tenant::read_found_tenant(tenant_name, texts, {}).tenant);
            }
            tenant::LoadedTenants loaded = tenant::read_tenants(json + "}}", {});
            if (!loaded.index) continue;
            world.all = std::move(loaded.index);
            return world;
        }
    }

    Message message() {
        Message message;
        message.reverse_path = one_in(4) ? "<>" : "<bounce@" + name() + ">";
        if (one_in(8)) message.certificate.reset();
        if (one_in(2)) message.xoorg = name();
        const std::string author = name();
        std::vector<std::string> results;
        if (one_in(2)) results.push_back(author);
        for (std::size_t i = below(3); i > 0; --i) results.push_back(name());
        for (const std::string& sdid : results)
            message.with("Authentication-Results: mx.example.net; dkim=pass header.d=" + sdid).with(signature_of(sdid));
        message.with("From: j@" + author);
        for (std::size_t i = one_in(8) ? 2 : below(2); i > 0; --i) message.with("X-OriginatorOrg: " + name());
        for (std::size_t i = one_in(8) ? 2 : below(2); i > 0; --i) message.with("X-MS-Exchange-CrossTenant-Id: " + id());
        if (one_in(4)) message.with("Resent-From: r@" + name());
        if (one_in(6))
            message.with("X-MS-Exchange-CrossTenant-OriginalAttributedTenantConnectingIp: TenantId=" + id() + ";Ip=[203.0.113.7];Helo=[h]");
        return message;
    }

private:
    static std::string json_of(const std::map<std::string, std::vector<std::string>>& fields) {
        std::string out;
        for (const auto& [field, values] : fields) {
            if (!out.empty()) out += ',';
            out += '"' + field + "\":";
            const bool list = field != "alignment" && field != "forwarding" && field != "mode";
            const bool truth = field == "forwarding";
            std::string inner;
            for (const std::string& value : values) inner += (inner.empty() ? "" : ",") + (truth ? value : '"' + value + '"');
            out += list ? '[' + inner + ']' : inner;
        }
        return out;
    }

    std::mt19937 random_;
};

struct Asking {
    std::array<bool, 5> asked{true, true, true, true, true};  // by KeyKind
    std::size_t unanswered_one_in = 0;                        // 0: all are answered
};

using Found = tenant::Found<std::shared_ptr<const tenant::Index>>;

Found look_up(const World& world, const tenant::Keys& keys, const Asking& asking, Generator& random) {
    tenant::Answers answers{base::HashKey{}};
    const auto ask = [&](KeyKind kind, const std::string& name) {
        if (!asking.asked[static_cast<std::size_t>(kind)]) return answers.not_asked(kind, name);
        if (asking.unanswered_one_in > 0 && random.one_in(asking.unanswered_one_in))
            return answers.answered(kind, name, Answer(Answer::unknown));
        const auto owner = world.owners.find({kind, name});
        answers.answered(kind, name, owner == world.owners.end() ? Answer(Answer::none) : Answer(world.found[owner->second]));
    };
    for (const std::string& name : keys.domains) ask(KeyKind::domain, name);
    for (const std::string& name : keys.wildcards) ask(KeyKind::wildcard, name);
    for (const std::string& name : keys.organizations) ask(KeyKind::organization, name);
    for (const std::string& name : keys.sdids) ask(KeyKind::dkim_domain, name);
    for (const mail::TenantId& id : keys.tenant_ids) ask(KeyKind::tenant_id, id.text());
    return answers.finish();
}

/// Every name that somebody has, whatever a message asks for: all tenants, but as if they had been looked up.
std::shared_ptr<const tenant::Index> everything(const World& world) {
    tenant::Answers answers{base::HashKey{}};
    for (const auto& [key, owner] : world.owners) answers.answered(key.first, key.second, Answer(world.found[owner]));
    const Found found = answers.finish();
    return found.is(Found::yes) ? *found : std::make_shared<const tenant::Index>();
}

Decision decided(const evidence::Evidence& evidence, const Found& found, const Rules& rules) {
    static const tenant::Index nobody;
    return decide(evidence, found.is(Found::unknown) ? nullptr : found.is(Found::yes) ? found->get() : &nobody, rules);
}

std::string summary(const Decision& decision) {
    std::string out = std::string(name_of(decision.judged)) + ' ' + std::string(name_of(decision.reason)) + ' ' + decision.detail + ' ' +
                      decision.tenant_name + (decision.forward ? " forward" : "");
    for (const FactorFinding& finding : decision.findings) out += ' ' + std::string(name_of(finding.finding)) + '/' + finding.detail;
    return out;
}

constexpr int rounds = 250, messages = 8;

Rules rules_of(Generator& random) {
    Rules rules = strict_rules();
    rules.mode = tenant::Mode::enforce;
    rules.resent_from = random.one_in(2);
    return rules;
}

TEST(LookedUp, decides_as_all_tenants_do) {
    Generator random(1);
    std::size_t accepted = 0, forwards = 0, stricter = 0;
    for (int i = 0; i < rounds; ++i) {
        const World world = random.world();
        const auto whole = everything(world);
        for (int m = 0; m < messages; ++m) {
            const Rules rules = rules_of(random);
            const Message message = random.message();
            const evidence::Evidence evidence = evidence_of(message);
            const Decision all = decide(evidence, &*world.all, rules);
            const Decision by_keys = decided(evidence, look_up(world, keys_of(evidence, rules), {}, random), rules);
            // As if everything had been asked for: no key is missing.
            ASSERT_EQ(summary(by_keys), summary(decide(evidence, whole.get(), rules))) << message;
            // And as in a file, but for forwards, whose neighbours nobody can be asked for.
            if (!all.forward) {
                ASSERT_EQ(summary(by_keys), summary(all)) << message;
            }
            if (by_keys.judged == Verdict::accept) {
                ASSERT_EQ(all.judged, Verdict::accept) << message;
                ASSERT_EQ(by_keys.tenant_name, all.tenant_name) << message;
                ++accepted;
                forwards += all.forward ? 1 : 0;
            }
            stricter += by_keys.judged != all.judged ? 1 : 0;
        }
    }
    EXPECT_GT(accepted, 20U);
    EXPECT_GT(forwards, 0U);
    EXPECT_GT(stricter, 0U);  // forwards that only an index of all lets pass
}

TEST(LookedUp, what_is_not_answered_neither_accepts_nor_refuses) {
    Generator random(2);
    std::size_t accepted = 0, deferred = 0;
    for (int i = 0; i < rounds; ++i) {
        const World world = random.world();
        for (int m = 0; m < messages; ++m) {
            const Rules rules = rules_of(random);
            const Message message = random.message();
            const evidence::Evidence evidence = evidence_of(message);
            const Found found = look_up(world, keys_of(evidence, rules), {.unanswered_one_in = 2 + random.below(20)}, random);
            if (!found.is(Found::yes) || (*found)->at_worst() == nullptr) continue;
            const Decision decision = decided(evidence, found, rules);
            if (decision.judged == Verdict::accept) {
                const Decision all = decide(evidence, &*world.all, rules);
                ASSERT_EQ(all.judged, Verdict::accept) << message << summary(all) << '\n' << summary(decision);
                ASSERT_EQ(decision.tenant_name, all.tenant_name) << message;
                ++accepted;
            } else {
                ASSERT_EQ(decision.judged, Verdict::tempfail) << message << summary(decision);
                ASSERT_EQ(decision.reason, Reason::unavailable);
                ++deferred;
            }
        }
    }
    EXPECT_GT(accepted, 10U);
    EXPECT_GT(deferred, 50U);
}

TEST(LookedUp, what_is_not_asked_counts_against_a_forward_and_never_for_it) {
    Generator random(3);
    std::size_t forwards = 0;
    for (int i = 0; i < rounds; ++i) {
        const World world = random.world();
        for (int m = 0; m < messages; ++m) {
            const Rules rules = rules_of(random);
            const Message message = random.message();
            const evidence::Evidence evidence = evidence_of(message);
            Asking asking;
            for (const KeyKind kind : {KeyKind::organization, KeyKind::dkim_domain, KeyKind::tenant_id})
                asking.asked[static_cast<std::size_t>(kind)] = random.one_in(2);
            const Decision decision = decided(evidence, look_up(world, keys_of(evidence, rules), asking, random), rules);
            if (decision.judged != Verdict::accept || !decision.forward) continue;
            const Decision all = decide(evidence, &*world.all, rules);
            ASSERT_EQ(all.judged, Verdict::accept) << message << summary(all) << '\n' << summary(decision);
            ++forwards;
        }
    }
    EXPECT_GT(forwards, 0U);
}

TEST(LookedUp, a_forward_needs_its_authors_word_where_neighbours_are_not_known) {
    Generator random(4);
    const auto found = tenant::read_found_tenant(
        "contoso",
        {{"domains", {"contoso.com"}}, {"tenant_ids", {contoso_id}}, {"forwarding", {"true"}}, {"proofs", {"client-cert + tenant-id"}}},
        {});
    ASSERT_TRUE(found.tenant);
    World world;
    world.found = {found.tenant};
    world.owners = {{{KeyKind::domain, "contoso.com"}, 0}, {{KeyKind::tenant_id, std::string(contoso_id)}, 0}};
    Message message = bare_mail("From: jane@stranger.org");
    message.with("X-MS-Exchange-CrossTenant-Id: " + std::string(contoso_id));
    Rules rules = strict_rules();
    const auto judge = [&] {
        const evidence::Evidence evidence = evidence_of(message);
        return std::pair(decided(evidence, look_up(world, keys_of(evidence, rules), {}, random), rules), evidence);
    };
    const auto [decision, evidence] = judge();
    EXPECT_EQ(decision.reason, Reason::forwarding_not_allowed);
    EXPECT_EQ(decision.detail, neighbours_unknown);
    EXPECT_NE(to_text(decision, evidence).find("looked up name by name"), std::string::npos);
    message.header.insert(message.header.begin(), "Authentication-Results: mx.example.net; dkim=pass header.d=stranger.org");
    const Decision with_word = judge().first;
    EXPECT_EQ(with_word.reason, Reason::authorised) << summary(with_word);
}

}  // namespace
}  // namespace exota::decision
