#include "evidence/field_kind.h"

#include <gtest/gtest.h>

#include <string>

namespace exota::evidence {
namespace {

TEST(FieldKind, names) {
    struct Case {
        std::string_view name;
        FieldKind kind;
        bool firewall;
    };
    using enum FieldKind;
    const Case cases[] = {
        {"From", from, false},
        {"fROM", from, false},
        {"From \t", from, false},  // "From : x" is a From field for every lenient reader
        {" From", from, false},
        {"Resent-From", resent_from, false},
        {"Sender", sender, false},
        {"Received", received, false},
        {"DKIM-Signature", dkim_signature, false},
        {"Authentication-Results", authentication_results, false},
        {"AUTHENTICATION-RESULTS ", authentication_results, false},
        {"X-ExOTA-Authentication-Results", own_result, false},
        {"x-exota-authentication-results", own_result, false},
        {"X-OriginatorOrg", originator_org, true},
        {"X-MS-Exchange-CrossTenant-Id", tenant_id, true},
        {"x-ms-exchange-crosstenant-id", tenant_id, true},
        {"X-MS-Exchange-CrossTenant-AuthAs", auth_as, true},
        {"X-MS-Exchange-CrossTenant-OriginalAttributedTenantConnectingIp", attributed_connection, true},
        {"X-MS-Exchange-CrossTenant-Network-Message-Id", other, true},
        {"X-MS-Exchange-CrossTenant-", other, true},
        {"X-MS-Exchange-Organization-SCL", other, true},
        {"X-MS-Exchange-Forest-ArrivalHubServer", other, true},
        {"X-MS-Exchange-CrossPremises-AuthAs", other, true},
        {"X-MS-Exchange-Transport-CrossTenantHeadersStamped", other, true},
        {"X-MS-Exchange-Transport-EndToEndLatency", other, false},
        {"X-MS-Exchange-SenderADCheck", other, false},
        {"X-EOPTenantAttributedMessage", other, true},
        {"X-EOPAttributedMessage", other, true},
        {"X-Forefront-Antispam-Report", other, true},
        {"X-Forefront-Antispam-Report-Untrusted", other, false},
        {"X-Microsoft-Antispam", other, true},
        {"X-Microsoft-Antispam-Message-Info", other, true},
        {"X-MS-Exchange-Inbox-Rules-Loop", inbox_rules_loop, false},
        {"X-MS-Journal-Report", journal_report, false},
        {"X-Auto-Response-Suppress", response_suppress, false},
        {"Auto-Submitted", auto_submitted, false},
        {"Content-Type", content_type, false},
        {"ARC-Authentication-Results", other, false},
        {"Authentication-Result", other, false},
        {"Received-SPF", other, false},
        {"Receives", other, false},
        {"From-", other, false},
        {"Fro m", other, false},
        {"From:", other, false},
        {"Subject", other, false},
        {"X", other, false},
        {"X-", other, false},
        {"X-Y", other, false},
        {"X-OriginatorOrgs", other, false},
        {"", other, false},
        {"   ", other, false},
        {"\xc5\xbf", other, false},  // the long s, which some fold to an s
        {"\xc5\xbf"
         "ender",
         other, false},
        {"Sende\xc9", other, false},
        {"Authentication-Re\xc5\xbf"
         "ult",
         other, false},  // in octets as long as the real one
        {"\xc2\xa0"
         "From",
         other, false},
    };
    for (const Case& c : cases) {
        EXPECT_EQ(classify(c.name).kind, c.kind) << c.name;
        EXPECT_EQ(is_firewall_field(c.name), c.firewall) << c.name;
    }
    for (const std::size_t octets : {62U, 63U, 64U, 65U, 128U, 1000U}) EXPECT_EQ(classify(std::string(octets, 'X')).kind, other) << octets;
    for (std::size_t i = 1; i < field_kinds; ++i) {
        const auto kind = static_cast<FieldKind>(i);
        EXPECT_EQ(classify(name_of(kind)).kind, kind) << i;
    }
}

TEST(FieldKind, fields_that_should_be_there_once) {
    for (std::size_t i = 0; i < mail::single_fields.size(); ++i) {
        const std::string name(mail::single_fields[i]);
        EXPECT_EQ(classify(name).single, static_cast<mail::SingleField>(i)) << name;
        EXPECT_EQ(classify(' ' + name + '\t').single, static_cast<mail::SingleField>(i)) << name;
        EXPECT_EQ(classify(name + 's').single, mail::SingleField::none) << name;
        EXPECT_EQ(classify('x' + name).single, mail::SingleField::none) << name;
    }
    for (const char* name : {"From", "Received", "Resent-From", "DKIM-Signature", "Comments", "Keywords", "", "T", "Content-Length"})
        EXPECT_EQ(classify(name).single, mail::SingleField::none) << name;
}

}  // namespace
}  // namespace exota::evidence
