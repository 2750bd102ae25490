#include "tenant/recipient_list.h"

#include <gtest/gtest.h>

#include <string>

namespace exota::tenant {
namespace {

std::string canonical(std::string_view address, const RecipientRules& rules = {}) {
    const auto name = RecipientName::parse(address, rules);
    return name ? std::string(name->text()) : "";
}

TEST(RecipientName, one_canonical_form) {
    struct Case {
        std::string_view address, want;
    };
    const Case cases[] = {
        {"john@example.com", "john@example.com"},
        {"John.Smith@EXAMPLE.com", "john.smith@example.com"},
        {"john@example.com.", "john@example.com"},
        {"\"john\"@example.com", "john@example.com"},
        {"\"jo\\hn\"@example.com", "john@example.com"},
        {"\"john smith\"@example.com", "john smith@example.com"},
        {"\"a@b\"@example.com", "a@b@example.com"},
        {"john@m\xc3\xbcnchen.example", "john@xn--mnchen-3ya.example"},
        {"j\xc3\xb6hn@example.com", "j\xc3\xb6hn@example.com"},
        {"a..b.@example.com", "a..b.@example.com"},
        {"john@a_b.example.com", "john@a_b.example.com"},
        {"john@xn--mnchen-3ya.example", "john@xn--mnchen-3ya.example"},
        {"O'Brien+x/y=z@example.com", "o'brien+x/y=z@example.com"},
        {"postmaster", "postmaster"},
        {"PostMaster", "postmaster"},
        {"john", ""},
        {"", ""},
        {"@example.com", ""},
        {"john@", ""},
        {"john@[192.0.2.1]", ""},
        {"john@-example..com", ""},
        {"john smith@example.com", ""},
        {"<john@example.com>", ""},
        {"john@example.com>", ""},
        {"a@b@example.com", ""},
        {"\"\"@example.com", ""},
        {"\"@example.com", ""},
        {"\"a\\\"@example.com", ""},
        {"\"a\"b\"@example.com", ""},
        {"jo\rhn@example.com", ""},
        {"\"jo\rhn\"@example.com", ""},
        {"\"jo\\\nhn\"@example.com", ""},
    };
    for (const Case& c : cases) EXPECT_EQ(canonical(c.address), c.want) << c.address;
    EXPECT_EQ(canonical("John@EXAMPLE.com", {.fold_case = false}), "John@example.com");
}

TEST(RecipientName, has_parts) {
    const auto name = RecipientName::parse("\"a@b\"@Example.com", {}).value();
    EXPECT_EQ(name.local_part(), "a@b");
    EXPECT_EQ(name.domain(), "example.com");
    EXPECT_EQ(name.at_domain(), "@example.com");
    EXPECT_FALSE(name.is_postmaster({}));
    const auto postmaster = RecipientName::parse("POSTMASTER", {}).value();
    EXPECT_EQ(postmaster.domain(), "");
    EXPECT_EQ(postmaster.at_domain(), "");
    EXPECT_TRUE(postmaster.is_postmaster({}));
    EXPECT_TRUE(RecipientName::parse("PostMaster@example.com", {.fold_case = false})->is_postmaster({}));
}

TEST(RecipientName, limit_on_both_sides) {
    const std::string domain = "@example.com", longest = std::string(max_recipient_octets - domain.size(), 'x') + domain;
    EXPECT_TRUE(RecipientName::parse(longest, {}));
    EXPECT_EQ(RecipientName::parse('x' + longest, {}).error().code, base::Errc::too_long);
}

TEST(RecipientList, knows_who_is_there) {
    RecipientList list;
    for (const std::string_view entry : {"john@example.com", "list+owner@example.com", "+odd@example.com", "@all.example"})
        EXPECT_EQ(list.add(entry), RecipientList::Added::added) << entry;
    EXPECT_EQ(list.add("john@example.com"), RecipientList::Added::known_already);
    EXPECT_EQ(list.size(), 4U);
    struct Case {
        std::string_view address;
        bool want, without_extensions;
    };
    const Case cases[] = {
        {"john@example.com", true, true},
        {"JOHN@example.com", true, true},
        {"\"john\"@example.com", true, true},
        {"john+news@example.com", true, false},
        {"john+news+more@example.com", true, false},
        {"john+@example.com", true, false},
        {"joh+n@example.com", false, false},
        {"list@example.com", false, false},
        {"list+owner@example.com", true, true},
        {"list+owner+x@example.com", false, false},  // without its extension it is list@
        {"+odd@example.com", true, true},
        {"+odd+x@example.com", true, false},
        {"+@example.com", false, false},
        {"jane@example.com", false, false},
        {"john@sub.example.com", false, false},
        {"anybody@all.example", true, true},
        {"any+body@all.example", true, true},
        {"john@sub.all.example", false, false},
        {"postmaster@example.com", true, true},
        {"Postmaster@nowhere.example", true, true},
        {"Postmaster", true, true},
        {"Postmaster+x@nowhere.example", true, false},
        {"\"postmaster+x\"@nowhere.example", true, false},
        {"postmaster+@nowhere.example", true, false},
        {"+postmaster@nowhere.example", false, false},
        {"postmasters+x@nowhere.example", false, false},
        {"post+master@nowhere.example", false, false},
    };
    for (const Case& c : cases) {
        EXPECT_EQ(list.knows(RecipientName::parse(c.address, {}).value(), {}), c.want) << c.address;
        EXPECT_EQ(list.knows(RecipientName::parse(c.address, {}).value(), {.delimiter = '\0'}), c.without_extensions) << c.address;
    }
}

TEST(RecipientList, letter_case_counts_where_it_is_to) {
    RecipientList list;
    const RecipientRules rules{.fold_case = false};
    list.add(RecipientName::parse("John@example.com", rules)->text());
    EXPECT_TRUE(list.knows(RecipientName::parse("John@EXAMPLE.com", rules).value(), rules));
    EXPECT_FALSE(list.knows(RecipientName::parse("john@example.com", rules).value(), rules));
}

}  // namespace
}  // namespace exota::tenant
