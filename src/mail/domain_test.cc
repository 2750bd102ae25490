#include "mail/domain.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "mail/is_domain.h"

namespace exota::mail {
namespace {

std::string label(std::size_t octets) { return std::string(octets, 'a'); }
/// A name of exactly `octets` octets, of labels of at most 63.
std::string name_of_octets(std::size_t octets) {
    std::string name;
    while (name.size() < octets) {
        const std::size_t left = octets - name.size();
        name += left > 64 ? label(63) + '.' : label(left);
    }
    return name;
}

struct Case {
    const char* name;
    std::string text;
    std::string want;  // empty: refused
};

TEST(Domain, one_canonical_form) {
    const Case cases[] = {
        {"plain", "contoso.com", "contoso.com"},
        {"case", "CONTOSO.Com", "contoso.com"},
        {"final_dot", "contoso.com.", "contoso.com"},
        {"one_label", "localhost", "localhost"},
        {"underscore", "_dmarc.contoso.com", "_dmarc.contoso.com"},
        {"hyphens_inside", "r3---sn.example", "r3---sn.example"},
        {"digits_inside", "123.example", "123.example"},
        {"digits_and_hyphen", "x.1-2", "x.1-2"},
        {"u_label",
         "b\xC3\xBC"
         "cher.example",
         "xn--bcher-kva.example"},
        {"u_label_capital",
         "B\xC3\x9C"
         "CHER.Example",
         "xn--bcher-kva.example"},
        {"u_label_decomposed",
         "bu\xCC\x88"
         "cher.example",
         "xn--bcher-kva.example"},
        {"u_label_final_dot",
         "b\xC3\xBC"
         "cher.example.",
         "xn--bcher-kva.example"},
        {"non_transitional",
         "stra\xC3\x9F"
         "e.example",
         "xn--strae-oqa.example"},
        {"a_label_capital", "XN--BCHER-KVA.example", "xn--bcher-kva.example"},
        {"a_label_tld", "xn--hxajbheg2az3al.xn--jxalpdlp", "xn--hxajbheg2az3al.xn--jxalpdlp"},
        {"empty", "", ""},
        {"dot", ".", ""},
        {"two_final_dots", "contoso.com..", ""},
        {"empty_label", "a..b", ""},
        {"first_dot", ".a", ""},
        {"hyphen_first", "-a.example", ""},
        {"hyphen_last", "a-.example", ""},
        {"hyphen_alone", "a.-.b", ""},
        {"hyphen_at_the_end", "a.b-", ""},
        {"blank", "a b.example", ""},
        {"blank_at_the_end", "a.example ", ""},
        {"nul", std::string("a.example\0", 10), ""},
        {"nul_in_utf8", std::string("\xC3\xBC\0.evil.example", 16), ""},
        {"line_break", "a.example\n", ""},
        {"at", "a@b.example", ""},
        {"star", "*.example", ""},
        {"literal", "[192.0.2.1]", ""},
        {"address", "192.0.2.1", ""},
        {"address_final_dot", "192.0.2.1.", ""},
        {"digits_last", "contoso.123", ""},
        {"digits_last_utf8", "b\xC3\xBC.123", ""},
        {"fullwidth_digits_last", "contoso.\xEF\xBC\x91", ""},
        {"not_utf8",
         "b\xFC"
         "cher.example",
         ""},
        {"soft_hyphen",
         "con\xC2\xAD"
         "toso.com",
         ""},
        {"zero_width_space",
         "con\xE2\x80\x8B"
         "toso.com",
         ""},
        {"word_joiner",
         "con\xE2\x81\xA0"
         "toso.com",
         ""},
        {"byte_order_mark",
         "\xEF\xBB\xBF"
         "contoso.com",
         ""},
        {"variation_selector", "contoso\xEF\xB8\x8F.com", ""},
        {"ideographic_full_stop",
         "contoso\xE3\x80\x82"
         "com",
         ""},
        {"fullwidth_full_stop",
         "contoso\xEF\xBC\x8E"
         "com",
         ""},
        {"halfwidth_full_stop",
         "contoso\xEF\xBD\xA1"
         "com",
         ""},
        {"capital_sharp_s",
         "stra\xE1\xBA\x9E"
         "e.example",
         ""},
        {"account_of_maps_to_slash",
         "a\xE2\x84\x80"
         "b.example",
         ""},
        {"fullwidth_at",
         "a\xEF\xBC\xA0"
         "b.example",
         ""},
        {"a_label_empty", "xn--.example", ""},
        {"a_label_of_ascii_only", "xn--contoso-.com", ""},
        {"a_label_broken", "xn--a.example", ""},
        {"a_label_overflow", "xn--99999999999.example", ""},
        {"a_label_of_capital", "xn--BCHER-2PA.example", ""},  // Punycode of BÜCHER: its mapped form encodes otherwise
    };
    for (const Case& c : cases) {
        const base::Result<Domain> domain = Domain::parse(c.text);
        EXPECT_EQ(is_domain(c.text), domain.has_value()) << c.name;
        if (c.want.empty()) {
            EXPECT_FALSE(domain) << c.name << " was taken as " << domain->text();
        } else {
            ASSERT_TRUE(domain) << c.name << ": " << domain.error().detail;
            EXPECT_EQ(domain->text(), c.want) << c.name;
            EXPECT_EQ(Domain::parse(domain->text()), domain) << c.name << ": the canonical form is not a fixed point";
        }
    }
}

TEST(Domain, limits_on_both_sides) {
    EXPECT_TRUE(Domain::parse(label(63) + ".example"));
    EXPECT_EQ(Domain::parse(label(64) + ".example").error().code, base::Errc::too_long);
    ASSERT_EQ(name_of_octets(253).size(), 253U);
    EXPECT_TRUE(Domain::parse(name_of_octets(253)));
    EXPECT_TRUE(Domain::parse(name_of_octets(253) + '.'));
    EXPECT_EQ(Domain::parse(name_of_octets(254)).error().code, base::Errc::too_long);
    std::string umlauts;
    for (int i = 0; i < 2000; ++i) umlauts += "\xC3\xBC";
    EXPECT_EQ(Domain::parse(umlauts).error().code, base::Errc::too_long);
}

TEST(Domain, every_octet_is_decided) {
    for (int octet = 0; octet < 128; ++octet) {
        const char c = static_cast<char>(octet);
        const bool belongs = base::is_alnum(c) || c == '-' || c == '_' || c == '.';
        EXPECT_EQ(Domain::parse(std::string("a") + c + "b.example").has_value(), belongs) << octet;
    }
}

TEST(Domain, parents_and_descendants) {
    const auto domain = [](std::string_view text) { return Domain::parse(text).value(); };
    EXPECT_EQ(domain("a.b.example").parent(), "b.example");
    EXPECT_EQ(domain("example").parent(), "");
    EXPECT_TRUE(domain("a.example").is_below(domain("example")));
    EXPECT_TRUE(domain("a.b.example").is_below(domain("b.example")));
    EXPECT_FALSE(domain("example").is_below(domain("example")));
    EXPECT_FALSE(domain("evilexample").is_below(domain("example")));  // no dot between
    EXPECT_FALSE(domain("example").is_below(domain("a.example")));
    EXPECT_LT(domain("a.example"), domain("b.example"));
}

}  // namespace
}  // namespace exota::mail
