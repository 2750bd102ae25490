#include "wire/smtp/extensions.h"

#include <gtest/gtest.h>

#include <vector>

namespace exota::smtp {
namespace {

constexpr XclientNames addr_only{.addr = true};

TEST(Extensions, are_read_from_a_reply_to_EHLO) {
    struct Case {
        std::vector<std::string> lines;
        Extensions want;
    };
    const Case cases[] = {
        {{}, {}},
        {{"PIPELINING DSN"}, {}},  // the first line greets
        {{"mx.example greets", "PIPELINING", "8bitmime", "SMTPUTF8", "DSN", "ENHANCEDSTATUSCODES", "STARTTLS", "XOORG", "SIZE 10240000",
          "XCLIENT ADDR NAMES", "VRFY", "ETRN", "CHUNKING"},
         {.pipelining = true,
          .eight_bit_mime = true,
          .smtputf8 = true,
          .dsn = true,
          .enhanced_status_codes = true,
          .starttls = true,
          .xoorg = true,
          .size = 10240000,
          .xclient = addr_only}},
        {{"x", "SIZE"}, {.size = 0, .xclient = {}}},
        {{"x", "SIZE 0"}, {.size = 0, .xclient = {}}},
        {{"x", "SIZE 99999999999999999999999"}, {.size = 0, .xclient = {}}},
        {{"x", "SIZE 10M"}, {}},
        {{"x", "SIZE -1"}, {}},
        {{"x", "SIZE=5"}, {}},
        {{"x", "SIZE 5", "SIZE 6"}, {.size = 5, .xclient = {}}},
        {{"x", "XCLIENT"}, {.size = {}, .xclient = XclientNames{}}},
        {{"x", "XCLIENT NAME", "XCLIENT ADDR"}, {.size = {}, .xclient = XclientNames{.name = true}}},
        {{"x", "DSNX", "XDSN", "-DSN", "D SN", "", " "}, {}},
        {{"x", "DSN anything"}, {.dsn = true, .size = {}, .xclient = {}}},
    };
    for (const Case& c : cases) EXPECT_EQ(parse_extensions(c.lines), c.want) << (c.lines.empty() ? "" : c.lines.back());
}

TEST(Extensions, are_offered_as_both_sides_have_them) {
    const Extensions full{.pipelining = true,
                          .eight_bit_mime = true,
                          .smtputf8 = true,
                          .dsn = true,
                          .enhanced_status_codes = true,
                          .starttls = true,
                          .xoorg = true,
                          .size = 500,
                          .xclient = addr_only};
    Extensions without_own = full;
    without_own.starttls = without_own.xoorg = false;
    without_own.xclient.reset();
    EXPECT_EQ(offer_to_client(full, {}), without_own);
    EXPECT_EQ(offer_to_client({}, {}), (Extensions{.size = 0, .xclient = {}}));
    EXPECT_EQ(offer_to_client({}, {.max_octets = 7, .starttls = true, .xoorg = true}),
              (Extensions{.starttls = true, .xoorg = true, .size = 7, .xclient = {}}));
    EXPECT_EQ(offer_to_client(full, {.max_octets = 400}).size, 400u);
    EXPECT_EQ(offer_to_client(full, {.max_octets = 600}).size, 500u);
    EXPECT_EQ(offer_to_client({.size = 0, .xclient = {}}, {.max_octets = 600}).size, 600u);
}

TEST(Extensions, are_written_and_read_back) {
    const Extensions offered{.pipelining = true,
                             .eight_bit_mime = true,
                             .smtputf8 = true,
                             .dsn = true,
                             .enhanced_status_codes = true,
                             .starttls = true,
                             .xoorg = true,
                             .size = 500,
                             .xclient = addr_only};
    std::string out;
    append_ehlo_reply(out, "mx.example", offered);
    EXPECT_EQ(out,
              "250-mx.example\r\n250-PIPELINING\r\n250-SIZE 500\r\n250-STARTTLS\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250-DSN\r\n"
              "250-SMTPUTF8\r\n250 XOORG\r\n");
    out.clear();
    append_ehlo_reply(out, "mx.example", {});
    EXPECT_EQ(out, "250 mx.example\r\n");
    out.clear();
    append_ehlo_reply(out, "mx example\r\n250 XOORG", {.size = 0, .xclient = {}});
    EXPECT_EQ(out, "250-mx?example??250?XOORG\r\n250 SIZE\r\n");
}

}  // namespace
}  // namespace exota::smtp
