#include "gate/xoorg_cover.h"

#include <gtest/gtest.h>

#include "gate/session_fixture.h"

namespace exota::gate {
namespace {

constexpr std::string_view text = R"({"version": 2, "tenants": {
    "contoso": {"domains": ["contoso.test", "*.contoso.test"], "organizations": ["contoso.onmicrosoft.test"]},
    "fabrikam": {"domains": ["fabrikam.test"], "organizations": ["fabrikam.onmicrosoft.test"]}
}})";

mail::Domain domain(std::string_view name) { return mail::Domain::parse(name).value(); }

/// Whoever asks has to wait for the answer.
struct Directory : StillWorld {
    std::optional<Tenants> tenants_at_hand(const evidence::Evidence&, const Snapshot&) override { return std::nullopt; }
    void find(const tenant::Keys& keys, Found found) override {
        asked = keys;
        answer = std::move(found);
    }
    tenant::Keys asked;
    Found answer;
};

TEST(XoorgCover, the_tenant_that_has_the_organisation_must_cover_the_sender) {
    const Tenants tenants(testing::index_of(text));
    struct Case {
        std::string_view organization, sender;
        XoorgCover cover;
    };
    const Case cases[] = {
        {"contoso.onmicrosoft.test", "contoso.test", XoorgCover::covered},
        {"contoso.onmicrosoft.test", "mail.contoso.test", XoorgCover::covered},
        {"contoso.test", "contoso.test", XoorgCover::covered},
        {"contoso.onmicrosoft.test", "fabrikam.test", XoorgCover::not_covered},
        {"fabrikam.onmicrosoft.test", "contoso.test", XoorgCover::not_covered},
        {"fabrikam.onmicrosoft.test", "mail.fabrikam.test", XoorgCover::not_covered},
        {"stranger.test", "contoso.test", XoorgCover::not_covered},
        {"contoso.onmicrosoft.test", "stranger.test", XoorgCover::not_covered},
    };
    for (const Case& c : cases)
        EXPECT_EQ(cover_of(tenants, domain(c.organization), domain(c.sender)), c.cover) << c.organization << " " << c.sender;
    EXPECT_EQ(cover_of(Tenants(Tenants::none), domain("contoso.test"), domain("contoso.test")), XoorgCover::not_covered);
    EXPECT_EQ(cover_of(Tenants(Tenants::unknown), domain("contoso.test"), domain("contoso.test")), XoorgCover::unknown);
}

TEST(XoorgCover, at_hand_or_found_later) {
    const auto snapshot = testing::shared(testing::snapshot_of(testing::index_of(text)));
    StillWorld still;
    EXPECT_EQ(find_cover(still, snapshot, domain("contoso.test"), domain("contoso.test"), nullptr), XoorgCover::covered);

    Directory directory;
    std::optional<XoorgCover> found;
    const auto later = [&](XoorgCover cover) { found = cover; };
    EXPECT_EQ(find_cover(directory, snapshot, domain("contoso.onmicrosoft.test"), domain("mail.contoso.test"), later), std::nullopt);
    EXPECT_NE(std::ranges::find(directory.asked.domains, "mail.contoso.test"), directory.asked.domains.end());
    EXPECT_NE(std::ranges::find(directory.asked.organizations, "contoso.onmicrosoft.test"), directory.asked.organizations.end());
    directory.answer(Tenants(testing::index_of(text)));
    EXPECT_EQ(found, XoorgCover::covered);
    directory.answer(Tenants(Tenants::unknown));
    EXPECT_EQ(found, XoorgCover::unknown);
}

}  // namespace
}  // namespace exota::gate
