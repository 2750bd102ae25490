#include "tenant/tenants_file.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "tenant/canonical.h"
#include "tenant/json_events.h"
#include "tenant/tenants_test_support.h"

namespace exota::tenant {
namespace {

static_assert(is_surely_canonical("a-b.example.com") && is_surely_canonical("localhost") && is_surely_canonical("1.a"));
static_assert(!is_surely_canonical("") && !is_surely_canonical("a.") && !is_surely_canonical(".a") && !is_surely_canonical("a..b") &&
              !is_surely_canonical("A.b"));
static_assert(!is_surely_canonical("xn--a.b") && !is_surely_canonical("-a.b") && !is_surely_canonical("a-.b") &&
              !is_surely_canonical("a.1") && !is_surely_canonical("a.b-"));

static_assert(is_surely_canonical_id("1234abcd-18c5-45e8-88de-123456789abc"));
static_assert(!is_surely_canonical_id("1234ABCD-18c5-45e8-88de-123456789abc") &&
              !is_surely_canonical_id("1234abcd-18c5-45e8-88de-123456789abg"));
static_assert(!is_surely_canonical_id("1234abcd118c5-45e8-88de-123456789abc") &&
              !is_surely_canonical_id("1234abcd-18c5-45e8-88de-123456789ab"));
static_assert(!is_surely_canonical_id("1234abcd-18c5-45e8-88de-12345678-abc"));

/// Domain is asked wherever the quick look said yes.
void expect_sound(const std::string& name) {
    if (!is_surely_canonical(name)) return;
    const auto domain = mail::Domain::parse(name);
    ASSERT_TRUE(domain) << name;
    EXPECT_EQ(domain->text(), name);
}

TEST(TenantsFile, what_is_surely_canonical_is_what_domain_makes_of_it) {
    const std::string label(mail::Domain::max_label_octets, 'a');
    for (const std::string& name : {std::string("a-b.example.com"), std::string("localhost"), std::string("1.a"), label}) {
        EXPECT_TRUE(is_surely_canonical(name)) << name;
        expect_sound(name);
    }
    EXPECT_FALSE(is_surely_canonical(label + "a"));
    for (std::size_t size = 1; size <= 40; ++size)
        for (std::size_t at = 0; at < size; ++at) {
            for (unsigned octet = 0; octet < 256; ++octet) {
                std::string name(size, 'q');
                name[at] = static_cast<char>(octet);
                const char c = name[at];
                const bool inside = at > 0 && at + 1 < size;
                const bool letter = c >= 'a' && c <= 'z';
                EXPECT_EQ(is_surely_canonical(name), letter || (base::is_digit(c) && at + 1 < size) || (inside && (c == '.' || c == '-')))
                    << name;
                if (at % 7 == 0) expect_sound(name);
            }
            for (const std::string_view pair : {"..", "--", ".-", "-."}) {
                std::string name(size, 'q');
                if (at + 2 < size) EXPECT_FALSE(is_surely_canonical(name.replace(at, 2, pair))) << name;
            }
        }
}

TEST(TenantsFile, surely_canonical_ids_are_those_of_hexadecimal_digits_and_four_hyphens) {
    const std::string id = "1234abcd-18c5-45e8-88de-123456789abc";
    for (std::size_t at = 0; at < id.size(); ++at)
        for (unsigned octet = 0; octet < 256; ++octet) {
            std::string changed = id;
            changed[at] = static_cast<char>(octet);
            const bool digit = (octet >= '0' && octet <= '9') || (octet >= 'a' && octet <= 'f');
            EXPECT_EQ(is_surely_canonical_id(changed), id[at] == '-' ? octet == '-' : digit) << changed;
        }
}

TEST(TenantsFile, versions_are_told_apart) {
    struct Case {
        std::string_view text;
        int version;
        bool sound;
    };
    const Case cases[] = {
        {R"({"version": 2, "tenants": {}})", 2, true},
        {R"({"tenants": {}, "version": 2})", 2, true},
        {R"({"tenants": {"a": {"domains": ["a.example.com"]}}, "version": 2.0})", 2, true},
        {R"({"version": {}})", 1, true},
        {R"({"tenants": {"tenant_id": ""}})", 1, true},
        {R"({"version": {}, "tenants": {}})", 1, true},
        {R"({"tenants": {}, "a.example": {}})", 1, true},
        {R"({"tenants": {}})", 2, false},
        {R"({"tenants": {"a": {}}})", 2, false},
        {R"({"tenants": []})", 2, false},
        {R"({"version": 1, "tenants": {}})", 2, false},
        {R"({"version": 3, "tenants": {}})", 2, false},
        {R"({"version": "2", "tenants": {}})", 2, false},
        {R"({"version": "1", "a.example": {}})", 2, false},
        {R"({"version": "", "a.example": {}})", 1, false},
        {R"({"version": "2.0", "a.example": {}})", 1, false},
        {R"({"version": "two", "tenants": {}})", 1, false},
        {R"({"comment": "x", "version": 2, "tenants": {}})", 2, false},
        {R"({"a.example": {}, "version": 2, "tenants": {}})", 1, false},
        {R"({"tenants": {}, "tenants": {}, "version": 2})", 2, false},
        {R"({"version": 2, "version": 2, "tenants": {}})", 2, false},
    };
    for (const Case& c : cases) {
        const LoadedTenants loaded = read_tenants(c.text, usual_defaults());
        EXPECT_EQ(loaded.version, c.version) << c.text;
        EXPECT_EQ(loaded.index.has_value(), c.sound) << c.text << errors_of(loaded);
    }
}

TEST(TenantsFile, what_is_no_json_is_an_error_with_its_line) {
    struct Case {
        std::string text;
        std::string_view want;
    };
    const Case cases[] = {
        {"", "error 1 : the file is empty\n"},
        {" \n\n", "error 3 : the file is empty\n"},
        {"\xef\xbb\xbf{}", "error 1 : the file begins with a byte order mark, which JSON forbids: save it as UTF-8 without BOM\n"},
        {"\xff\xfe{", "error 1 : the file is UTF-16 or UTF-32; JSON is UTF-8\n"},
        {std::string("\0{\0}", 4), "error 1 : the file is UTF-16 or UTF-32; JSON is UTF-8\n"},
        {"{\n// x\n}", "error 2 : JSON has no comments\n"},
        {"{}\n\nx", "error 3 : text after the end of the JSON\n"},
        {"{} {}", "error 1 : text after the end of the JSON\n"},
        {"{\n\"a.example\": {}\n,}", "error 3 : unexpected '}': a comma too many, or a value missing\n"},
        {"{\"a.example\": {}", "error 1 : the file ends too early: a closing bracket or quote is missing\n"},
        {"{\"a.exa", "error 1 : the file ends too early: a closing bracket or quote is missing\n"},
        {"{'a.example': {}}", "error 1 : strings stand in double quotes\n"},
        {"{\"a.\nexample\": {}}", "error 1 : the line ends within a string or word\n"},
        {"{\"a.\x01\": {}}", "error 1 : control character within a string\n"},
        {"{\"a.\xff\": {}}", "error 1 : not UTF-8, or text outside of quotes\n"},
        {"[[[[[[[[[]]]]]]]]]",
         "error 1 [0]: a tenants file is an object of domains; a list can only be empty\nerror 1 : nested deeper than 8\n"},
        {"{\"a.example\": {\"tenant_id\": \"\\ud800\"}}",
         "error 1 : unexpected '\"': a comma or colon missing, or a bad escape before it\n"},
        {"{\"a.example\": {\"tenant_id\": NaN}}", "error 1 : unexpected 'N'\n"},
        {"{\"a.example\": {\"dkim_enabled\": fal\n", "error 1 : unexpected 'f'\n"},
        {"{\"a.example\": {\"dkim_enabled\": fal\n}, \"b.example\": {}}", "error 1 : unexpected 'f'\n"},
        {"{\"a.example\": {\"dkim_enabled\":t}}", "error 1 : unexpected 't'\n"},
        {"{\"a.exampl\n", "error 1 : the line ends within a string or word\n"},
        {"{\"a.example.net\n", "error 1 : the line ends within a string or word\n"},
    };
    for (const Case& c : cases) {
        const LoadedTenants loaded = read_tenants(c.text, usual_defaults());
        EXPECT_FALSE(loaded.index) << c.text;
        EXPECT_EQ(errors_of(loaded), c.want) << c.text;
    }
}

TEST(TenantsFile, depth_up_to_the_limit_is_read) {
    // The list of this tenant is at depth 4; what is nested deeper is a semantic error up to max_json_depth and no JSON to us beyond.
    const auto nested = [](std::size_t depth) {
        return R"({"version": 2, "tenants": {"a": {"notes": )" + std::string(depth - 3, '[') + std::string(depth - 3, ']') + "}}}";
    };
    EXPECT_EQ(errors_of(read_tenants(nested(max_json_depth), usual_defaults())), "error 1 tenants.a.notes: unknown key \"notes\"\n");
    EXPECT_NE(errors_of(read_tenants(nested(max_json_depth + 1), usual_defaults())).find("nested deeper than 8"), std::string::npos);
}

TEST(TenantsFile, strings_up_to_the_limit_are_read) {
    const auto with_proof = [](std::size_t octets) {
        return R"({"version": 2, "tenants": {"a": {"proofs": ["dkim)" + std::string(octets - 4, ' ') + R"("]}}})";
    };
    EXPECT_TRUE(read_tenants(with_proof(max_json_text_octets), usual_defaults()).index);
    const LoadedTenants long_one = read_tenants(with_proof(max_json_text_octets + 1), usual_defaults());
    EXPECT_EQ(errors_of(long_one), "error 1 tenants.a.proofs[0]: longer than 1024 octets\n");
}

TEST(TenantsFile, problems_are_capped_but_counted_and_warnings_hide_no_error) {
    std::string text = "{";
    for (std::size_t i = 0; i < max_problems + 5; ++i) text += "\"A" + std::to_string(i) + ".example\": {},\n";
    text += "\"x.example\": 1}";
    LoadedTenants loaded = read_tenants(text, usual_defaults());
    EXPECT_FALSE(loaded.index);
    EXPECT_TRUE(errors_of(loaded).starts_with("error " + std::to_string(max_problems + 6) + " ")) << "the last line";
    EXPECT_NE(warnings_of(loaded).find("more warnings not shown"), std::string::npos);

    text = "{";
    for (std::size_t i = 0; i < max_problems + 5; ++i) text += "\"a" + std::to_string(i) + ".example\": 1,\n";
    text += "\"x.example\": 1}";
    loaded = read_tenants(text, usual_defaults());
    EXPECT_EQ(loaded.problems.size(), max_problems + 1);
    EXPECT_EQ(loaded.problems.back().text, "6 more errors not shown");
}

TEST(TenantsFile, pieces_give_what_the_whole_gives) {
    const std::string text =
        "{\n \"version\": 2,\n \"tenants\": {\n  \"b\\u00fc \\\"x\\\"\": {\n   \"domains\": [\"a.example.com\",\n   "
        "\"B\\u00fccher.example.com\",\n null, true,\n [], 1.5e3,\n \"*.c.example.com\"],\n"
        "   \"tenant_ids\": [\"nonsense\"], \"mode\": \"enforced\",\n   \"nothing\": {\"x\": [\n1]}\n,\n \"hybrid\":\n null}}}\n x";
    const std::string whole = lines_of(read_tenants(text, usual_defaults()), true, true);
    EXPECT_NE(whole.find("error 16 : text after the end"), std::string::npos) << whole;
    for (std::size_t size = 1; size < text.size(); ++size) {
        TenantsReader reader(usual_defaults());
        for (std::size_t at = 0; at < text.size(); at += size) reader.feed(std::string_view(text).substr(at, size));
        EXPECT_EQ(lines_of(reader.finish(), true, true), whole) << size;
    }
}

TEST(TenantsFile, a_character_cut_short_is_told_alike_however_the_file_is_cut) {
    using namespace std::string_view_literals;
    for (const std::string_view broken : {"\xec\n\0\x10Q"sv, "\xec\n"sv, "\xec\xa0\nx"sv, "\xf0\x9f\n\"x"sv, "\xc3\nabcdef"sv,
                                          "\xec\xa0x\nabc"sv, "\x80\nabc"sv, "\xff\nabc"sv, "\xf0\x9f\x98\nabcdef"sv}) {
        const std::string text = "{\n\"a.example.com\": {\"dkim_enabled" + std::string(broken) + "\": false}}\n";
        const std::string whole = lines_of(read_tenants(text, usual_defaults()), true, true);
        EXPECT_EQ(whole.substr(0, 9), "error 2 :") << whole;
        for (std::size_t size = 1; size < text.size(); ++size) {
            TenantsReader reader(usual_defaults());
            for (std::size_t at = 0; at < text.size(); at += size) reader.feed(std::string_view(text).substr(at, size));
            EXPECT_EQ(lines_of(reader.finish(), true, true), whole) << size;
        }
    }
}

TEST(TenantsFile, a_long_line_is_read_in_pieces_too) {
    std::string text = R"({"version": 2, "tenants": {"a": {"domains": [)";
    for (int i = 0; i < 2000; ++i) text += "\"d" + std::to_string(i) + "\\u002eexample.com\", ";
    text += "\"last.example.com\"]}}}";
    for (const std::size_t size : {std::size_t{1}, std::size_t{7}, std::size_t{4095}, std::size_t{4097}, std::size_t{20000}}) {
        TenantsReader reader(usual_defaults());
        for (std::size_t at = 0; at < text.size(); at += size) reader.feed(std::string_view(text).substr(at, size));
        const LoadedTenants loaded = reader.finish();
        ASSERT_TRUE(loaded.index) << size << errors_of(loaded);
        EXPECT_EQ(loaded.index->domain_count(), 2001U);
    }
}

}  // namespace
}  // namespace exota::tenant
