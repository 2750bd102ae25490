// Forged results of ours: fields that came in with the message and that somebody behind us could read as our word, however they are
// spelled. All are removed, and nothing else is.
#include "decision/forged_result.h"

#include <algorithm>
#include <random>

#include "base/text.h"
#include "decision/decision_fixture.h"

namespace exota::decision {
namespace {

using namespace fixture;

std::string authres(std::string_view rest, std::string_view id = "mx.example.net") {
    return "Authentication-Results: " + std::string(id) + "; " + std::string(rest);
}

/// The header after the edits, as an MTA would carry them out.
std::vector<std::string> header_after(const Message& message, const Decision& decision) {
    std::vector<std::string> header = message.header;
    const auto name_of_line = [](const std::string& line) { return base::trim(std::string_view(line).substr(0, line.find(':'))); };
    for (const mail::HeaderEdit& edit : decision.header_edits) {
        if (edit.op != mail::EditOp::remove) continue;
        std::uint32_t number = 0;
        const auto found = std::ranges::find_if(
            header, [&](const std::string& line) { return base::iequals(name_of_line(line), edit.name) && ++number == edit.index; });
        if (found == header.end())
            ADD_FAILURE() << "removes what is not there: " << edit.name << ' ' << edit.index;
        else
            header.erase(found);
    }
    return header;
}

TEST(ForgedResult, IsRemovedHoweverItIsWritten) {
    struct Row {
        std::string name;
        std::vector<std::string> forged;
    };
    const std::string value = ": mx.example.net; auth=pass", result = "x-exota=pass header.from=contoso.com";
    const std::vector<Row> rows{
        {"plain", {"X-ExOTA-Authentication-Results" + value}},
        {"lower case", {"x-exota-authentication-results" + value}},
        {"blank before the colon", {"X-ExOTA-Authentication-Results " + value}},
        {"tab before the colon", {"X-ExOTA-Authentication-Results\t" + value}},
        {"lower case before a proper one", {"x-exota-authentication-results" + value, "X-ExOTA-Authentication-Results" + value}},
        {"many in all cases",
         {"X-EXOTA-Authentication-Results" + value, "x-exota-AUTHENTICATION-results" + value, "X-ExOTA-Authentication-Results" + value}},
        {"RFC 8601 form", {authres(result)}},
        {"RFC 8601 form in capitals", {"AUTHENTICATION-RESULTS: MX.Example.NET; X-EXOTA=pass"}},
        {"blank before the colon of it", {"Authentication-Results : mx.example.net; " + result}},
        {"quoted id", {authres(result, "\"mx.example.net\"")}},
        {"comment before the id", {authres(result, "(x) mx.example.net")}},
        {"version", {authres(result, "mx.example.net 1")}},
        {"method version", {authres("x-exota/1=pass")}},
        {"behind another method", {authres("spf=fail; " + result)}},
        {"folded", {"Authentication-Results: mx.example.net;\n\t" + result}},
        {"cannot be parsed", {authres("x-exota=pass ((")}},
        {"cannot be parsed at all", {"Authentication-Results: ;;; mx.example.net x-exota=pass"}},
        {"cannot be parsed, without our method", {authres("=;=")}},
        {"several", {authres(result), authres(result), authres(result)}},
        {"encoded, so that neither name is there to be seen",
         {"Authentication-Results: =?utf-8?B?bXguZXhhbXBsZS5uZXQ7IHgtZXhvdGE9cGFzcw==?="}},
        {"encoded in quotes", {"Authentication-Results: \"=?utf-8?q?mx=2Eexample=2Enet=3B_x=2Dexota=3Dpass?=\"; none"}},
        {"encoded behind our id", {authres("spf=none reason=\"=?us-ascii?q?=22=3B_x=2Dexota=3Dpass?=\"")}},
        {"encoded in a comment before another id",
         {"Authentication-Results: (=?utf-8?q?=29_mx=2Eexample=2Enet=3B_x=2Dexota=3Dpass_=28?=) foo; none"}},
        {"a comment that ends elsewhere for other readers", {"Authentication-Results: (a \\) mx.example.net; x-exota=pass) foo; none"}},
        {"a string that ends elsewhere for other readers", {"Authentication-Results: \"\\\"mx.example.net; x-exota=pass\"; none"}},
    };
    for (const Row& row : rows) {
        SCOPED_TRACE(row.name);
        const std::string kept = "Authentication-Results: other.example; spf=pass";
        Message message = honest_mail().with(kept);
        const std::vector<std::string> honest = message.header;
        for (const std::string& line : row.forged) message.with(line);
        Decision decision = judged(message);
        EXPECT_EQ(decision.verdict, Verdict::accept) << decision.why;
        EXPECT_EQ(header_after(message, decision), honest);
        // Between honest fields as well, bypassed as well, monitored as well.
        Message mixed = message;
        std::ranges::reverse(mixed.header);
        Rules bypassing = strict_rules();
        bypassing.bypass_clients = prefixes({"40.107.22.5"});
        decision = judged(mixed, bypassing);
        EXPECT_EQ(decision.reason, Reason::bypassed);
        std::vector<std::string> reversed = honest;
        std::ranges::reverse(reversed);
        EXPECT_EQ(header_after(mixed, decision), reversed);
        Rules monitoring = strict_rules();
        monitoring.force_monitor = true;
        EXPECT_EQ(header_after(mixed, judged(mixed, monitoring)), reversed);
    }
}

// Each way to write our id, with each way to write our method behind it.
TEST(ForgedResult, IsRemovedHoweverBothNamesAreTwisted) {
    const std::string ids[] = {
        "mx.example.net",
        "MX.EXAMPLE.NET",
        "mx.example.net.",
        "mx.example.net..",
        "\"mx.example.net.\"",
        "m\\x.example.net",
        "\\mx.example.net",
        "\"m\\x.example.net\"",
        "\"mx.\"example.net",
        "mx.example.net\xc2\xa0",
        "\xc2\xa0mx.example.net",
        "\xe2\x80\x83mx.example.net\xe3\x80\x80",
        "\"mx.example.net\xc2\xa0\"",
        "mx.example.net\xe2\x80\xa8",
        "mx.ex\xe2\x80\x8b"
        "ample.net",
        "\xef\xbb\xbfmx.example.net",
        "mx.example.net\xa0",
        "mx.example.net\v",
        "mx.exam\r\n ple.net",
        "mx.example.net\r\n ",
        "foo (mx.example.net)",
        "(mx.example.net) foo",
        "foo (m\\x.example.net)",
        "foo (see (mx.example.net.))",
        "mx.example.net (foo)",
        "mx(c).example(d).net",
        "(;) mx.example.net",
        "(a \\) b) mx.example.net",
        "mx.example.net 1",
        "mx.example.net/1",
        "mx.example.net/4ABCD",
        "mx.example.net foo",
        "foo mx.example.net",
        "<mx.example.net>",
        "\"mx.example.net",
        "\"mx.example.net; foo\"",
        "\"foo; mx.example.net\"",
        "=?utf-8?Q?mx.example.net?=",
        "=?utf-8?B?bXguZXhhbXBsZS5uZXQ=?=",
    };
    const std::string results[] = {
        "x-exota=pass",
        "X-ExOTA = pass",
        "x-exota/1=pass",
        "x-exota(c)=pass",
        "spf=none; x-exota=pass",
        "x-\\exota=pass",
        "\"x-exota\"=pass",
        "x-(c)exota=pass",
        "x-exo\r\n ta=pass",
        ";x-exota=pass",
        "\xc2\xa0x-exota=pass",
        "x-\xe2\x80\x8b"
        "exota=pass",
        "(; x-exota=pass) a=b",
        "=?utf-8?q?x-exota?=pass=",
        "=?utf-8?q?x=2Dexota=3Dpass?=",
    };
    for (const std::string& id : ids)
        for (const std::string& result : results) {
            const Message message = honest_mail().with(authres(result, id));
            std::vector<std::string> honest = message.header;
            honest.pop_back();
            EXPECT_EQ(header_after(message, judged(message)), honest) << id << "; " << result;
        }
}

/// A field as some program reads it that looks for our result.
struct Seen {
    std::string id, rest;
};

std::string without_blanks_at_the_ends(std::string text) {
    const std::string_view blanks[] = {" ",        "\t",           "\r",           "\n",           "\v",          "\f",
                                       "\xc2\xa0", "\xe2\x80\x83", "\xe3\x80\x80", "\xef\xbb\xbf", "\xe2\x80\x8b"};
    for (bool again = true; again;) {
        again = false;
        for (const std::string_view blank : blanks) {
            if (text.starts_with(blank)) text.erase(0, blank.size()), again = true;
            if (text.ends_with(blank)) text.erase(text.size() - blank.size()), again = true;
        }
    }
    while (text.ends_with('.')) text.pop_back();
    return base::lower(text);
}

Seen split_at_semicolon(const std::string& text) {
    const std::size_t end = std::min(text.find(';'), text.size());
    return {without_blanks_at_the_ends(text.substr(0, end)), base::lower(text.substr(end))};
}

std::string without(std::string text, std::string_view dropped) {
    std::erase_if(text, [&](char c) { return dropped.find(c) != std::string_view::npos; });
    return text;
}

/// As `re.sub(r"\([^)]*\)", "", text)`.
std::string without_simple_comments(std::string text) {
    for (std::size_t start = text.find('('); start != std::string::npos; start = text.find('(')) {
        const std::size_t end = text.find(')', start);
        if (end == std::string::npos) break;
        text.erase(start, end + 1 - start);
    }
    return text;
}

std::vector<Seen> read_by_careless_programs(const std::string& value) {
    return {
        split_at_semicolon(value),
        split_at_semicolon(without(value, "\\")),
        split_at_semicolon(without(value, "\"")),
        split_at_semicolon(without(value, "\\\"\r\n\t ")),
        split_at_semicolon(without_simple_comments(value)),
        split_at_semicolon(without(without_simple_comments(value), "\\\"")),
        split_at_semicolon(without_simple_comments(without(value, "\\"))),
    };
}

bool names_our_result(const Seen& seen) {
    return (seen.id == "mx.example.net" || seen.id.starts_with("mx.example.net ")) && seen.rest.find("x-exota") != std::string::npos;
}

// Fields of random pieces: whatever is left, no careless program sees our id with our method in it; and some are left.
TEST(ForgedResult, NothingIsLeftThatACarelessProgramTakesForOurs) {
    const std::string_view pieces[] = {
        "mx.example.net",
        "mx.",
        "example.net",
        "x-exota",
        "x-",
        "exota",
        "=pass",
        "=",
        ";",
        "; ",
        " ",
        "\r\n\t",
        "(",
        ")",
        "\\",
        "\"",
        ".",
        "/1",
        " 1",
        "\xc2\xa0",
        "\xe2\x80\x8b",
        "foo",
        "; none",
        "; spf=pass",
        " header.from=contoso.com",
        "\xa0",
    };
    std::minstd_rand random(7);
    const auto pick = [&random](std::size_t below) { return random() % below; };
    int removed = 0, left = 0, posing = 0;
    for (int round = 0; round < 40'000; ++round) {
        std::string value = pick(2) == 0 ? "" : "mx.example.net; x-exota=pass";
        for (std::size_t count = 1 + pick(6); count > 0; --count) value.insert(pick(value.size() + 1), pieces[pick(std::size(pieces))]);
        const bool poses = std::ranges::any_of(read_by_careless_programs(value), names_our_result);
        if (poses_as_ours(value, {.authserv_id = "mx.example.net"}, Readable::unknown)) {
            ++removed;
            posing += poses ? 1 : 0;
        } else {
            ++left;
            ASSERT_FALSE(poses) << value;
        }
    }
    EXPECT_GT(posing, 2'000);
    EXPECT_GT(left, 2'000);
    EXPECT_GT(removed, posing);
}

// No clock: what is not linear takes minutes here, and the time limit that every test has ends it.
TEST(ForgedResult, TimeIsLinearInTheOctets) {
    constexpr std::size_t octets = std::size_t{1} << 17;  // squared: minutes
    for (const std::string_view piece : {"(", ")", "()", "\\", "\"", " ", "x", "x-", "mx.", "=?", "=?a?q?", "=?a?x ", "?=", "x-exota",
                                         "mx.example.net ", "mx.example.net("})
        for (const std::string_view end : {"", "?=", ")", "\""}) {
            std::string value = "x-exota";
            while (value.size() < octets) value += piece;
            value += end;
            static_cast<void>(poses_as_ours(value, {.authserv_id = "mx.example.net"}, Readable::unknown));
        }
}

TEST(ForgedResult, FieldsThatAreNotOursStay) {
    const char* const honest[] = {
        "other.example; x-exota=pass",
        "other.example;\r\n\tx-exota=pass reason=authorised header.from=mx.example.net",
        "other.example; x-exota=fail reason=not-proven header.from=\"a b\" policy.mode=monitor",
        "\"other.example\" 1; x-exota=pass",
        "smtp.mx.example.net; x-exota=pass",
        "mx.example.network; x-exota=pass",
        "mx.example.net.evil.example; x-exota=pass",
        "mx-example.net; x-exota=pass",
        "mx.example.net; spf=pass",
        "mx.example.net; dkim=fail reason=\"signature verification failed\" header.d=contoso.com header.i=@contoso.com header.b=\"x=\"",
        "other.example (Exota 1); dkim=pass (good x) header.d=x-exota.dev",
        "other.example; spf=pass (other.example: domain of a@mx.example.net designates 192.0.2.1) smtp.mailfrom=a@mx.example.net",
        "spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=mx.example.net; dkim=pass (signature was verified) header.d=mx.example.net;"
        "dmarc=pass action=none header.from=mx.example.net;compauth=pass reason=100",
        "spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=x-exota.dev; dkim=none (message not signed) header.d=none;dmarc=bestguesspass "
        "action=none header.from=x-exota.dev;compauth=pass reason=109",
        "other.example; spf=pass smtp.mailfrom=\"a\\b\"@contoso.com",
        "m\xc3\xbcx.example.net; spf=pass",
    };
    Message message = honest_mail().with("X-ExOTA-Authentication-Resultsx: x");
    for (const char* value : honest) message.with("Authentication-Results: " + std::string(value));
    EXPECT_EQ(header_after(message, judged(message)), message.header);
}

// An id outside ASCII is compared as a domain too.
TEST(ForgedResult, OurIdInBothFormsOfAnInternationalName) {
    const OwnField own{.authserv_id = "mx.xn--bcher-kva.example"};
    EXPECT_TRUE(
        poses_as_ours("mx.b\xc3\xbc"
                      "cher.example; x-exota=pass",
                      own, Readable::unknown));
    EXPECT_TRUE(poses_as_ours("MX.XN--bcher-kva.example.; x-exota=pass", own, Readable::unknown));
    EXPECT_FALSE(poses_as_ours("mx.xn--bucher-kva.example; x-exota=pass", own, Readable::unknown));
}

// With header.verification_results every field with our id goes, and a believed one is not read twice.
TEST(ForgedResult, AllOfOursAndWhatWasReadAlready) {
    const std::string_view id = "mx.example.net", ours = "mx.example.net; spf=pass", broken = "mx.example.net; spf";
    EXPECT_FALSE(poses_as_ours(ours, {id, false}, Readable::unknown));
    EXPECT_TRUE(poses_as_ours(ours, {id, true}, Readable::yes));
    EXPECT_TRUE(poses_as_ours("mx.example.net.; spf=pass", {id, true}, Readable::unknown));
    EXPECT_FALSE(poses_as_ours("other.example; spf=pass", {id, true}, Readable::unknown));
    for (const std::string_view with_comments :
         {"mx(c).example(d).net; spf=pass", "mx.(a (b) c)example.net; spf=pass", "mx(a;b).example.net; spf=pass",
          "(x) mx(y).example.net 1; spf=pass", "mx(a \\) b).example.net; spf=pass"})
        EXPECT_TRUE(poses_as_ours(with_comments, {id, true}, Readable::unknown)) << with_comments;
    for (const std::string_view of_others : {"other.example (by mx.example.net); spf=pass", "(mx.example.net) other.example; spf=pass",
                                             "a.mx(c).example.net; spf=pass", "other.example; spf=pass (mx.example.net)"})
        EXPECT_FALSE(poses_as_ours(of_others, {id, true}, Readable::unknown)) << of_others;
    EXPECT_TRUE(poses_as_ours(broken, {id, false}, Readable::unknown));
    EXPECT_FALSE(poses_as_ours(ours, {id, false}, Readable::yes));
    EXPECT_TRUE(poses_as_ours("mx.example.net; spf=pass; x-exota=pass", {id, false}, Readable::yes));
}

}  // namespace
}  // namespace exota::decision
