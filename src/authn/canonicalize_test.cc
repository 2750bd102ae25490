#include "authn/canonicalize.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "authn/dkim_sign_helper.h"

namespace exota::authn {
namespace {

struct Gather final : OctetSink {
    void take(std::string_view run) override { text += run; }
    std::string text;
};

std::string body_form(std::string_view body, Canonicalization canonicalization, std::size_t chunk = 0) {
    BodyCanonicalizer canonicalizer(canonicalization);
    Gather out;
    while (!body.empty()) {
        const std::string_view part = body.substr(0, chunk == 0 ? body.size() : chunk);
        canonicalizer.update(part, out);
        body.remove_prefix(part.size());
    }
    canonicalizer.finish(out);
    return out.text;
}

std::string header_form(std::string_view name, std::string_view value) {
    std::string out;
    append_relaxed_header(out, name, value);
    return out;
}

TEST(RelaxedHeader, follows_rfc_6376) {
    struct Case {
        std::string_view name, value, want;
    };
    const Case cases[] = {
        {"A", " X", "a:X"},                // section 3.4.5
        {"B ", " Y\t\r\n\tZ  ", "b:Y Z"},  // section 3.4.5
        {"SUBJect", "", "subject:"},
        {"a", " \r\n ", "a:"},
        {"a", "x\r\n y", "a:x y"},
        {"a", "\r\n\r\n x", "a:\r\n x"},  // the first line end is no fold: it is text
        {"a", " x \r\n \t\r\n y", "a:x y"},
        {"a", "x\ry", "a:x\ry"},
        {"a", "x\r\n", "a:x\r\n"},
        {"a", " \xc3\xa4  b", "a:\xc3\xa4 b"},
    };
    for (const Case& c : cases) EXPECT_EQ(header_form(c.name, c.value), c.want);
}

TEST(BodyForms, follow_rfc_6376) {
    struct Case {
        const char* name;
        std::string_view body, simple, relaxed;
    };
    const Case cases[] = {
        {"section_3.4.5", " C \r\nD \t E\r\n\r\n\r\n", " C \r\nD \t E\r\n", " C\r\nD E\r\n"},
        {"empty", "", "\r\n", ""},
        {"one_line_end", "\r\n", "\r\n", ""},
        {"line_ends_only", "\r\n\r\n\r\n", "\r\n", ""},
        {"blanks_only", "  \t", "  \t\r\n", ""},
        {"blank_lines_only", " \r\n\t\r\n", " \r\n\t\r\n", ""},
        {"no_final_line_end", "x", "x\r\n", "x\r\n"},
        {"no_final_line_end_and_blanks", "x \t", "x \t\r\n", "x\r\n"},
        {"blanks_in_trailing_lines", "x\r\n \r\n\r\n", "x\r\n \r\n", "x\r\n"},
        {"empty_lines_within", "x\r\n\r\n \r\ny", "x\r\n\r\n \r\ny\r\n", "x\r\n\r\n\r\ny\r\n"},
        {"leading_empty_lines", "\r\n\r\nx\r\n", "\r\n\r\nx\r\n", "\r\n\r\nx\r\n"},
        {"bare_line_feed_is_text", "x \n\n", "x \n\n\r\n", "x \n\n\r\n"},
        {"bare_carriage_return_is_text", "x \r\r", "x \r\r\r\n", "x \r\r\r\n"},
        {"cr_cr_lf", "x\r\r\n", "x\r\r\n", "x\r\r\n"},
        {"blank_cr_blank_crlf", "x \r \r\n", "x \r \r\n", "x \r\r\n"},
        {"eight_bit", "\xff \xfe\t\r\n", "\xff \xfe\t\r\n", "\xff \xfe\r\n"},
        {"lone_cr", "\r", "\r\r\n", "\r\r\n"},
        {"lone_lf", "\n", "\n\r\n", "\n\r\n"},
    };
    for (const Case& c : cases)
        for (std::size_t chunk = 0; chunk <= 4; ++chunk) {
            EXPECT_EQ(body_form(c.body, Canonicalization::simple, chunk), c.simple) << c.name << " by " << chunk;
            EXPECT_EQ(body_form(c.body, Canonicalization::relaxed, chunk), c.relaxed) << c.name << " by " << chunk;
        }
}

TEST(BodyForms, are_the_same_however_a_body_is_cut_and_however_they_are_made) {
    std::mt19937 random(20);
    // Few different octets, so that every neighbourhood comes up; long runs of text between, so that the fast search is used.
    const std::string_view pieces[] = {
        " ",
        "\t",
        "\r\n",
        "\r",
        "\n",
        "x",
        "  ",
        " \r\n",
        "\r\n\r\n",
        "some text without any change in it ",
        "a line of seventy and more octets, which is what the search by sixteen and by sixty-four octets is for.\r\n"};
    for (int round = 0; round < 3000; ++round) {
        std::string body;
        for (std::size_t count = random() % 30; count > 0; --count) body += pieces[random() % std::size(pieces)];
        for (const Canonicalization form : {Canonicalization::simple, Canonicalization::relaxed}) {
            const std::string whole = body_form(body, form);
            ASSERT_EQ(whole, reference_body(body, form == Canonicalization::relaxed)) << base::hex_encode(body);
            ASSERT_EQ(body_form(body, form, 1 + random() % 20), whole) << base::hex_encode(body);
            ASSERT_EQ(body_form(whole, form), whole) << "canonical twice is canonical once";
        }
    }
}

TEST(BodyForms, keep_no_body_of_line_ends) {
    std::string body = "x";
    for (int i = 0; i < 100'000; ++i) body += "\r\n";
    EXPECT_EQ(body_form(body, Canonicalization::relaxed, 4097), "x\r\n");
    EXPECT_EQ(body_form(body + "y", Canonicalization::relaxed, 4097), body + "y\r\n");
    EXPECT_EQ(body_form(body + "y", Canonicalization::simple, 3), body + "y\r\n");
}

}  // namespace
}  // namespace exota::authn
