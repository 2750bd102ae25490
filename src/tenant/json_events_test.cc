#include "tenant/json_events.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace exota::tenant {
namespace {

/// Events as text: "3 key a" for a name in line 3.
class Recorder final : public JsonSink {
public:
    std::string told;
    const JsonEvents* events = nullptr;
    std::string places;

    void on_key(std::string_view key, Text text) override { tell("key", std::string(key) + (text == Text::cut ? "…" : "")); }
    void on_string(std::string_view value, Text text) override { tell("string", std::string(value) + (text == Text::cut ? "…" : "")); }
    void on_number(double value) override { tell("number", std::to_string(value)); }
    void on_bool(bool value) override { tell("bool", value ? "true" : "false"); }
    void on_null() override { tell("null", ""); }
    void on_begin(Container container) override { tell("begin", container == Container::object ? "object" : "array"); }
    void on_end(Container container) override { tell("end", container == Container::object ? "object" : "array"); }

private:
    void tell(std::string_view what, const std::string& text) {
        places += std::to_string(events->place().line) + ':' + std::to_string(events->place().column) + ' ';
        told += std::to_string(events->place().line) + ' ' + std::string(what) + (text.empty() ? "" : " ") + text + '\n';
    }
};

std::string told(std::string_view text, std::size_t piece) {
    Recorder recorder;
    JsonEvents events(recorder);
    recorder.events = &events;
    for (; !text.empty(); text.remove_prefix(std::min(piece, text.size()))) events.feed(std::string(text.substr(0, piece)));
    events.finish();
    if (events.error()) recorder.told += std::to_string(events.error()->place.line) + " error " + events.error()->text + '\n';
    return recorder.told;
}

constexpr std::string_view ends_too_early = "1 error the file ends too early: a closing bracket or quote is missing\n";

TEST(JsonEvents, tells_each_event_with_its_line) {
    EXPECT_EQ(told("{\n\"a\" :\r\n\t[1, -2.5e1 ,\n\"x\", true,false, null], \"b\": {}}\n", 1000),
              "1 begin object\n2 key a\n3 begin array\n3 number 1.000000\n3 number -25.000000\n4 string x\n4 bool true\n4 bool false\n"
              "4 null\n4 end array\n4 key b\n4 begin object\n4 end object\n4 end object\n");
    EXPECT_EQ(told("7", 1), "1 number 7.000000\n");
    EXPECT_EQ(told("\n\"x\"", 1), "2 string x\n");
    EXPECT_EQ(told("1e999", 2), "1 number inf\n");
}

/// Of each event, and of the error behind "!", in pieces of every size.
std::string places_of(std::string_view text) {
    std::string first;
    for (std::size_t piece = text.size(); piece > 0; --piece) {
        Recorder recorder;
        JsonEvents events(recorder);
        recorder.events = &events;
        for (std::string_view rest = text; !rest.empty(); rest.remove_prefix(std::min(piece, rest.size())))
            events.feed(std::string(rest.substr(0, piece)));
        events.finish();
        if (events.error())
            recorder.places += '!' + std::to_string(events.error()->place.line) + ':' + std::to_string(events.error()->place.column);
        if (piece == text.size()) first = recorder.places;
        EXPECT_EQ(recorder.places, first) << text << piece;
    }
    return first;
}

TEST(JsonEvents, tells_the_place_of_each_token) {
    const struct {
        std::string_view text, want;
    } cases[] = {
        {"{}", "1:1 1:2 "},
        {"{\n  \"a\": [1, true ],\r\n\"\xc3\xbc\":\tnull}", "1:1 2:3 2:8 2:9 2:12 2:17 3:1 3:7 3:11 "},
        {"{\"a \\u00fc long one\": \"with \\\" an escape\", \"b\": 1.5}", "1:1 1:2 1:23 1:44 1:49 1:52 "},
        {"\n\n 12 ", "3:2 "},
        {"{\"a\": tru }", "1:1 1:2 !1:7"},
        {"{\"a\" 1}", "1:1 1:2 !1:6"},
        {"{\n\"a\": \"x\ty\"}", "1:1 2:1 !2:8"},
        {"[1] x", "1:1 1:2 1:3 !1:5"},
        {"[1", "1:1 1:2 !1:0"},
        {"", ""},
    };
    for (const auto& c : cases) EXPECT_EQ(places_of(c.text), c.want) << c.text;
}

TEST(JsonEvents, pieces_do_not_matter) {
    const std::string text =
        "{\"plain name\": \"escaped \\\" \\u00fc \\ud83d\\ude00\", \n\"\xc3\xbc \xe2\x82\xac\": [true, false, null, -12.5e-3, 0],\n\n\"" +
        std::string(max_json_text_octets + 5, 'x') + "\": {\"b\": tru }}";
    const std::string whole = told(text, text.size());
    EXPECT_NE(whole.find("4 error unexpected 't'"), std::string::npos) << whole;
    for (std::size_t piece = 1; piece < text.size(); ++piece) EXPECT_EQ(told(text, piece), whole) << piece;
}

TEST(JsonEvents, strings_are_cut_between_characters) {
    const std::string x(max_json_text_octets - 1, 'x');
    EXPECT_EQ(told('"' + x + "y\"", 4000), "1 string " + x + "y\n");
    EXPECT_EQ(told('"' + x + "yz\"", 4000), "1 string " + x + "y…\n");
    EXPECT_EQ(told('"' + x + "\xc3\xbcz\"", 4000), "1 string " + x + "…\n");
    EXPECT_EQ(told('"' + x + "\\u00fcz\"", 4000), "1 string " + x + "…\n");
    EXPECT_EQ(told('"' + x + "\\n\"", 4000), "1 string " + x + "\n\n");
    EXPECT_EQ(told('"' + x + "\\n\\n\"", 4000), "1 string " + x + "\n…\n");
}

TEST(JsonEvents, numbers_up_to_the_limit_are_read) {
    const std::string longest = "0." + std::string(max_json_number_octets - 2, '0');
    for (const std::size_t piece : {std::size_t{1}, std::size_t{100}, std::size_t{4000}}) {
        EXPECT_EQ(told(longest, piece), "1 number 0.000000\n");
        EXPECT_EQ(told(longest + '0', piece), "1 error a number of more than 1024 characters\n");
        EXPECT_EQ(told(longest + "0e,", piece), "1 error a number of more than 1024 characters\n") << "whatever is wrong behind it";
    }
}

TEST(JsonEvents, what_may_not_follow_is_an_error) {
    struct Case {
        std::string_view text, want;
    };
    const Case cases[] = {
        {"[1 2]", "1 begin array\n1 number 1.000000\n1 error unexpected '2'\n"},
        {"[01]", "1 begin array\n1 number 0.000000\n1 error unexpected '1'\n"},
        {"[,]", "1 begin array\n1 error unexpected ',': a comma too many, or a value missing\n"},
        {"[1,]", "1 begin array\n1 number 1.000000\n1 error unexpected ']': a comma too many, or a value missing\n"},
        {"[1}", "1 begin array\n1 number 1.000000\n1 error unexpected '}': a comma too many, or a value missing\n"},
        {"{]", "1 begin object\n1 error unexpected ']': a comma too many, or a value missing\n"},
        {"{1:2}", "1 begin object\n1 error unexpected '1'\n"},
        {"{\"a\" 1}", "1 begin object\n1 key a\n1 error unexpected '1'\n"},
        {"{\"a\":}", "1 begin object\n1 key a\n1 error unexpected '}': a comma too many, or a value missing\n"},
        {"{\"a\":1 \"b\"",
         "1 begin object\n1 key a\n1 number 1.000000\n1 error unexpected '\"': a comma or colon missing, or a bad escape before it\n"},
        {"[\"\\x\"]", "1 begin array\n1 error unexpected 'x'\n"},
        {"[1", "1 begin array\n1 number 1.000000\n1 error the file ends too early: a closing bracket or quote is missing\n"},
        {"1 2", "1 number 1.000000\n1 error text after the end of the JSON\n"},
        {"1,", "1 number 1.000000\n1 error text after the end of the JSON\n"},
        {"nulL", "1 error unexpected 'n'\n"},
        {"nul", ends_too_early},
        {"-", ends_too_early},
        {"1.", ends_too_early},
        {"\"", ends_too_early},
        {"\"\\u12", ends_too_early},
        {"\"\xc3", ends_too_early},
    };
    for (const Case& c : cases)
        for (std::size_t piece = 1; piece <= c.text.size(); ++piece) EXPECT_EQ(told(c.text, piece), c.want) << c.text << piece;
}

TEST(JsonEvents, after_an_error_nothing_is_read) {
    EXPECT_EQ(told("[x, 1, 2]\n[[[[[[[[[[", 3), "1 begin array\n1 error unexpected 'x'\n");
    EXPECT_TRUE(told("\xef\xbb\xbf[1]", 1).starts_with("1 error the file begins with a byte order mark"));
}

}  // namespace
}  // namespace exota::tenant
