// Forged results of ours: fields that came in with the message and that somebody behind us could read as our word, however they are
// spelled. All are removed, and nothing else is.
#include <algorithm>

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

TEST(ForgedResult, FieldsThatAreNotOursStay) {
    const Message message = honest_mail()
                                .with("Authentication-Results: other.example; x-exota=pass")
                                .with("Authentication-Results: mx.example.net; spf=pass")
                                .with("X-ExOTA-Authentication-Resultsx: x");
    EXPECT_EQ(header_after(message, judged(message)), message.header);
}

}  // namespace
}  // namespace exota::decision
