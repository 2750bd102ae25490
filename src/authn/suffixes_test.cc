#include "authn/suffixes.h"

#include <gtest/gtest.h>

#include <vector>

namespace exota::authn {
namespace {

TEST(Suffixes, organisational_domains_by_list) {
    const std::vector<std::string> shared{"onmicrosoft.com", "mail.onmicrosoft.com"};
    struct Case {
        std::string_view domain, want;
    };
    const Case cases[] = {
        {"contoso.com", "contoso.com"},
        {"a.b.contoso.com", "contoso.com"},
        {"a.contoso.co.uk", "contoso.co.uk"},
        {"contoso.onmicrosoft.com", "contoso.onmicrosoft.com"},
        {"x.contoso.onmicrosoft.com", "contoso.onmicrosoft.com"},
        {"contoso.mail.onmicrosoft.com", "contoso.mail.onmicrosoft.com"},  // the longer suffix, not mail.onmicrosoft.com
        {"onmicrosoft.com", "onmicrosoft.com"},
        {"notonmicrosoft.com", "notonmicrosoft.com"},
        {"com", "com"},
        {"co.uk", "co.uk"},
    };
    for (const Case& c : cases) EXPECT_EQ(listed_organizational_domain(c.domain, shared, *PublicSuffixes::built_in()), c.want) << c.domain;
}

TEST(Suffixes, public_suffixes) {
    const auto list = PublicSuffixes::built_in();
    EXPECT_TRUE(list->is_public_suffix("com"));
    EXPECT_TRUE(list->is_public_suffix("co.uk"));
    EXPECT_FALSE(list->is_public_suffix("contoso.com"));
    EXPECT_EQ(list->registrable_domain("co.uk"), "");
}

constexpr std::string_view small_list =
    "// ===BEGIN ICANN DOMAINS===\ncom\nuk\nco.uk\n*.ck\n!www.ck\n// ===END ICANN DOMAINS===\n\n"
    "// ===BEGIN PRIVATE DOMAINS===\nhost.example.com\n// ===END PRIVATE DOMAINS===\n";

TEST(Suffixes, a_list_of_ones_own) {
    const auto list = PublicSuffixes::parse(small_list);
    ASSERT_TRUE(list) << list.error().detail;
    EXPECT_TRUE((*list)->is_public_suffix("co.uk"));
    EXPECT_FALSE((*list)->is_public_suffix("ac.uk")) << "the real list has it, this one has not";
    EXPECT_TRUE(PublicSuffixes::built_in()->is_public_suffix("ac.uk"));
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"a.b.ac.uk", "ac.uk"}, {"a.b.host.example.com", "b.host.example.com"}, {"a.b.c.ck", "b.c.ck"}, {"a.www.ck", "www.ck"}};
    for (const auto& [domain, want] : cases) EXPECT_EQ((*list)->registrable_domain(domain), want) << domain;
}

TEST(Suffixes, what_is_no_list_is_refused) {
    const auto without = [](std::string_view part) {
        std::string text(small_list);
        return text.erase(text.find(part), part.size());
    };
    const std::pair<std::string, std::string_view> cases[] = {
        {"", "no section"},
        {"com\nuk\n", "no section"},
        {"<html>not found</html>", "no section"},
        {std::string(small_list.substr(0, 60)), "does not end"},  // half a download
        {without("// ===END ICANN DOMAINS===\n"), "does not end"},
        {without("// ===END PRIVATE DOMAINS===\n"), "does not end"},
        {"// ===END ICANN DOMAINS===\n// ===BEGIN ICANN DOMAINS===\ncom\n", "does not end"},
        {"// ===BEGIN ICANN DOMAINS===\n// ===END ICANN DOMAINS===\n", "without a rule"},
        {std::string(small_list) + '\0', "NUL"},
        {std::string(small_list) + std::string(max_public_suffix_octets, '\n'), "longer than"},
    };
    for (const auto& [text, says] : cases) {
        const auto list = PublicSuffixes::parse(text);
        ASSERT_FALSE(list) << text.substr(0, 80);
        EXPECT_NE(list.error().detail.find(says), std::string::npos) << list.error().detail;
    }
    const std::string full = std::string(small_list) + std::string(max_public_suffix_octets - small_list.size(), '\n');
    EXPECT_TRUE(PublicSuffixes::parse(full));
}

}  // namespace
}  // namespace exota::authn
