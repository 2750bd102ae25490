#include "app/log_hints.h"

#include <gtest/gtest.h>

#include <set>

#include "app/testing.h"

namespace exota::app {
namespace {

using decision::Finding;
using tenant::Factor;

TEST(LogHints, SentencesHaveCodesAndValuesStay) {
    const struct {
        Factor factor;
        std::string_view detail, code;
    } cases[] = {
        {Factor::client_cert,
         "TLS without a verified client certificate, though the address is Exchange Online's: does the MTA ask for one?",
         "certificate-not-verified"},
        {Factor::client_cert, "certificate-not-verified", "certificate-not-verified"},
        {Factor::client_cert, "the MTA does not send the macro {verify}", "no-verify-macro"},
        {Factor::client_cert, "certificate without a name", "certificate-without-name"},
        {Factor::client_cert, "mail.evil.test", ""},
        {Factor::client_cert, "a name with blanks", ""},
        {Factor::client_cert, "no-tls", ""},
        {Factor::dkim, "signed, but no trusted result", "no-trusted-result"},
        {Factor::dkim, "field 3 does not count: too many results", "field-not-counted"},
        {Factor::dkim, "l= covers 10 of 20 octets of the body", "body-partly-signed"},
        {Factor::dkim, "a sentence that is new here", "see-hint"},
        {Factor::dkim, "not-asked", ""},
        {Factor::dkim, "", ""},
        {Factor::tenant_id, "different values", "different-values"},
        {Factor::tenant_id, "1234abcd-18c5-45e8-88de-123456789abc", ""},
        {Factor::arc, "no trusted sealer reports a pass", "no-trusted-sealer"},
    };
    for (const auto& c : cases) {
        const DetailForLog got = detail_for_log(c.factor, c.detail);
        EXPECT_EQ(got.code, c.code) << c.detail;
        EXPECT_EQ(got.hint.empty(), c.code.empty()) << c.detail;
    }
}

TEST(LogHints, EachCodeIsDocumented) {
    const auto codes = codes_of_details();
    const std::set<std::string> ours(codes.begin(), codes.end());
    EXPECT_EQ(testing::documented_names(EXOTA_SOURCE_DIR "/docs/reference/log.md", "## Codes in `findings` that have a hint"), ours);
}

decision::Decision refused() {
    decision::Decision out;
    out.proofs.push_back({"client-cert + dkim", false, {Factor::client_cert, Factor::dkim, Factor::dkim_aligned}});
    for (auto& found : out.findings) found = {Finding::absent, "not-asked", evidence::Source::mta};
    return out;
}

void set(decision::Decision& decision, Factor factor, Finding finding, std::string detail) {
    decision.findings[static_cast<std::size_t>(factor)] = {finding, std::move(detail), evidence::Source::mta};
}

TEST(LogHints, FindingsAreOneWordEachAndTheHintIsBehind) {
    decision::Decision decision = refused();
    set(decision, Factor::client_cert, Finding::unavailable, "TLS without a verified client certificate, though …");
    set(decision, Factor::dkim, Finding::unavailable, "signed, but no trusted result");
    set(decision, Factor::dkim_aligned, Finding::unavailable, "signed, but no trusted result");
    std::string findings, hint;
    findings_for_log(decision, findings, hint);
    EXPECT_EQ(findings,
              "client-cert=unavailable(certificate-not-verified) dkim=unavailable(no-trusted-result) "
              "dkim-aligned=unavailable(no-trusted-result)");
    EXPECT_TRUE(hint.starts_with("client-cert: TLS from Exchange Online's address without a verified certificate: smtpd_tls_ask_ccert"));
    EXPECT_TRUE(hint.contains("; dkim: the message is signed, but"));
    EXPECT_FALSE(hint.contains("dkim-aligned")) << "said once";
}

TEST(LogHints, NoHintOfWhatNobodyAskedOrWhatNeedsNone) {
    decision::Decision decision = refused();
    set(decision, Factor::arc, Finding::absent, "no trusted sealer reports a pass");
    set(decision, Factor::client_cert, Finding::holds, "certificate without a name");
    set(decision, Factor::dkim, Finding::absent, "no-pass");
    std::string findings, hint = "left over";
    findings_for_log(decision, findings, hint);
    EXPECT_EQ(findings, "client-cert=holds dkim=absent(no-pass) dkim-aligned=absent(not-asked)");
    EXPECT_EQ(hint, "");
}

}  // namespace
}  // namespace exota::app
