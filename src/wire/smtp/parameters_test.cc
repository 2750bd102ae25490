#include "wire/smtp/parameters.h"

#include <gtest/gtest.h>

#include "wire/smtp/testing.h"

namespace exota::smtp {
namespace {

using testing::everything;
using testing::told;

/// The parameters as a next server that offers all would get them, with what it never gets in brackets; or code and status of the refusal.
std::string mail_read_as(std::string_view text, const Extensions& offered) {
    const auto read = parse_mail_parameters(text, offered);
    if (!read) return told(read.error());
    std::string out;
    append_parameters(out, *read, everything());
    if (read->xoorg) out += " [" + read->xoorg->text() + "]";
    if (read->auth) out += " [auth]";
    return out;
}

TEST(Parameters, of_mail) {
    const Extensions all = everything(), none;
    Extensions unlimited = everything();
    unlimited.size = 0;
    const std::string xs100(100, 'x'), xs500(500, 'x'), xs255 = std::string(63, 'a') + "." + std::string(63, 'b');
    struct Case {
        std::string text;
        const Extensions& offered;
        std::string want;
    };
    const Case cases[] = {
        {"", all, ""},
        {"  ", none, ""},
        {" SIZE=1000", all, " SIZE=1000"},
        {" size=0", all, " SIZE=0"},
        {" SIZE=1001", all, "552 5.3.4"},
        {" SIZE=99999999999999999999", all, "552 5.3.4"},
        {" SIZE=99999999999999999999", unlimited, "552 5.3.4"},
        {" SIZE=18446744073709551614", unlimited, " SIZE=18446744073709551614"},
        {" SIZE=000000000000000000001", all, "501 5.5.4"},
        {" SIZE=", all, "501 5.5.4"},
        {" SIZE", all, "501 5.5.4"},
        {" SIZE=-1", all, "501 5.5.4"},
        {" SIZE=1 SIZE=1", all, "501 5.5.4"},
        {" SIZE=1", none, "555 5.5.4"},
        {" BODY=8bitmime", all, " BODY=8BITMIME"},
        {" BODY=7BIT", all, " BODY=7BIT"},
        {" BODY=BINARYMIME", all, "555 5.5.4"},
        {" body=BinaryMime", none, "555 5.5.4"},
        {" BODY=7BIT BODY=BINARYMIME", all, "555 5.5.4"},
        {" BODY=BINARYMIMES", all, "501 5.5.4"},
        {" BODY=", all, "501 5.5.4"},
        {" BODY=7BIT BODY=7BIT", all, "501 5.5.4"},
        {" BODY=7BIT", none, "555 5.5.4"},
        {" SMTPUTF8", all, " SMTPUTF8"},
        {" SMTPUTF8=", all, "501 5.5.4"},
        {" SMTPUTF8 SMTPUTF8", all, "501 5.5.4"},
        {" SMTPUTF8", none, "555 5.5.4"},
        {" RET=full", all, " RET=FULL"},
        {" RET=HDRS", all, " RET=HDRS"},
        {" RET=NONE", all, "501 5.5.4"},
        {" RET=FULL RET=HDRS", all, "501 5.5.4"},
        {" RET=FULL", none, "555 5.5.4"},
        {" ENVID=a+2Bb", all, " ENVID=a+2Bb"},
        {" ENVID=" + xs100, all, " ENVID=" + xs100},
        {" ENVID=" + xs100 + "x", all, "501 5.5.4"},
        {" ENVID=", all, "501 5.5.4"},
        {" ENVID=a=b", all, "501 5.5.4"},
        {" ENVID=a+0D", all, "501 5.5.4"},
        {" ENVID=a ENVID=a", all, "501 5.5.4"},
        {" ENVID=a", none, "555 5.5.4"},
        {" AUTH=<>", all, " [auth]"},
        {" AUTH=<>", none, " [auth]"},
        {" AUTH=user@a.example", none, " [auth]"},
        {" AUTH=" + xs500, none, " [auth]"},
        {" AUTH=" + xs500 + "x", none, "501 5.5.4"},
        {" AUTH=", all, "501 5.5.4"},
        {" AUTH", all, "501 5.5.4"},
        {" AUTH=+", all, "501 5.5.4"},
        {" AUTH=<> AUTH=<>", all, "501 5.5.4"},
        {" XOORG=Contoso.example", all, " [contoso.example]"},
        {" xoOrg=contoso+2Eexample", all, " [contoso.example]"},
        {" XOORG=contoso.example XOORG=contoso.example", all, "501 5.5.4"},
        {" XOORG=", all, "501 5.5.4"},
        {" XOORG", all, "501 5.5.4"},
        {" XOORG=a+b", all, "501 5.5.4"},
        {" XOORG=a..b", all, "501 5.5.4"},
        {" XOORG=" + std::string(256, 'a'), all, "501 5.5.4"},
        {" XOORG=contoso.example", none, "555 5.5.4"},
        {" XOORG=", none, "555 5.5.4"},
        {" SIZE=239 AUTH=<> XOORG=tenant.example", all, " SIZE=239 [tenant.example] [auth]"},
        {" XOORG=tenant.example  BODY=8BITMIME ", all, " BODY=8BITMIME [tenant.example]"},
        {" HOLDFOR=5", all, "555 5.5.4"},
        {" NOTIFY=NEVER", all, "555 5.5.4"},
        {" XXOORG=a", all, "555 5.5.4"},
        {" -X=a", all, "501 5.5.4"},
        {" =a", all, "501 5.5.4"},
        {" S_ZE=a", all, "501 5.5.4"},
        {" SIZE=1\t", all, "501 5.5.4"},
        {" ENVID=a\x01", all, "501 5.5.4"},
    };
    for (const Case& c : cases) EXPECT_EQ(mail_read_as(c.text, c.offered), c.want) << c.text;
}

TEST(Parameters, of_a_recipient) {
    const Extensions all = everything(), none;
    const std::string longest = "rfc822;" + std::string(493, 'x');
    struct Case {
        std::string text;
        const Extensions& offered;
        bool smtputf8;
        std::string want;
    };
    const Case cases[] = {
        {"", none, false, ""},
        {" NOTIFY=NEVER", all, false, " NOTIFY=NEVER"},
        {" NOTIFY=success,Failure,DELAY", all, false, " NOTIFY=success,Failure,DELAY"},
        {" NOTIFY=NEVER,DELAY", all, false, "501 5.5.4"},
        {" NOTIFY=DELAY,DELAY", all, false, "501 5.5.4"},
        {" NOTIFY=DELAY,", all, false, "501 5.5.4"},
        {" NOTIFY=,DELAY", all, false, "501 5.5.4"},
        {" NOTIFY=", all, false, "501 5.5.4"},
        {" NOTIFY=DELAY NOTIFY=DELAY", all, false, "501 5.5.4"},
        {" NOTIFY=DELAY", none, false, "555 5.5.4"},
        {" ORCPT=rfc822;user+2Btag@a.example", all, false, " ORCPT=rfc822;user+2Btag@a.example"},
        {" ORCPT=" + longest, all, false, " ORCPT=" + longest},
        {" ORCPT=" + longest + "x", all, false, "501 5.5.4"},
        {" ORCPT=user@a.example", all, false, "501 5.5.4"},
        {" ORCPT=;user@a.example", all, false, "501 5.5.4"},
        {" ORCPT=rfc822;", all, false, "501 5.5.4"},
        {" ORCPT=rfc822;a=b", all, false, "501 5.5.4"},
        {" ORCPT=rfc822;\xc3\xbc", all, true, "501 5.5.4"},
        {" ORCPT=utf-8;\xc3\xbc@a", all, true, " ORCPT=utf-8;\xc3\xbc@a"},
        {" ORCPT=utf-8;\xc3\xbc@a", all, false, "501 5.5.4"},
        {" ORCPT=utf-8;\xff", all, true, "501 5.5.4"},
        {" ORCPT=UTF-8;\\x{FC}@a", all, false, " ORCPT=UTF-8;\\x{FC}@a"},
        {" ORCPT=utf-8;\\x{10FFFF}@a", all, false, " ORCPT=utf-8;\\x{10FFFF}@a"},
        {" ORCPT=utf-8;\\x{}@a", all, false, "501 5.5.4"},
        {" ORCPT=utf-8;\\x{fc}@a", all, false, "501 5.5.4"},
        {" ORCPT=utf-8;\\x{FC@a", all, false, "501 5.5.4"},
        {" ORCPT=utf-8;\\@a", all, false, "501 5.5.4"},
        {" ORCPT=rfc822;a ORCPT=rfc822;a", all, false, "501 5.5.4"},
        {" ORCPT=rfc822;a NOTIFY=DELAY", all, false, " NOTIFY=DELAY ORCPT=rfc822;a"},
        {" ORCPT=rfc822;a", none, false, "555 5.5.4"},
        {" SIZE=1", all, false, "555 5.5.4"},
        {" XOORG=a.example", all, false, "555 5.5.4"},
        {" AUTH=<>", all, false, "555 5.5.4"},
    };
    for (const Case& c : cases) {
        const auto read = parse_recipient_parameters(c.text, c.offered, c.smtputf8);
        std::string out;
        if (read) append_parameters(out, *read, all);
        EXPECT_EQ(read ? out : told(read.error()), c.want) << c.text;
    }
}

TEST(Parameters, reach_a_next_server_only_as_it_offers_them) {
    const auto mail = parse_mail_parameters(" SIZE=5 BODY=8BITMIME SMTPUTF8 RET=FULL ENVID=x AUTH=<> XOORG=a.example", everything());
    const auto recipient = parse_recipient_parameters(" NOTIFY=NEVER ORCPT=rfc822;x", everything(), false);
    ASSERT_TRUE(mail && recipient);
    struct Case {
        Extensions next;
        std::string mail, recipient;
    };
    const Case cases[] = {
        {{}, "", ""},
        {{.size = 0, .xclient = {}}, " SIZE=5", ""},
        {{.eight_bit_mime = true, .size = {}, .xclient = {}}, " BODY=8BITMIME", ""},
        {{.smtputf8 = true, .size = {}, .xclient = {}}, " SMTPUTF8", ""},
        {{.dsn = true, .size = {}, .xclient = {}}, " RET=FULL ENVID=x", " NOTIFY=NEVER ORCPT=rfc822;x"},
        {{.xoorg = true, .size = {}, .xclient = {}}, "", ""},
    };
    for (const Case& c : cases) {
        std::string out;
        append_parameters(out, *mail, c.next);
        EXPECT_EQ(out, c.mail);
        out.clear();
        append_parameters(out, *recipient, c.next);
        EXPECT_EQ(out, c.recipient);
    }
}

}  // namespace
}  // namespace exota::smtp
