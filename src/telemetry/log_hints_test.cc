#include "telemetry/log_hints.h"

#include <gtest/gtest.h>

#include <set>

#include "decision/details.h"
#include "telemetry/testing.h"

namespace exota::telemetry {
namespace {

using decision::coded;
using decision::Finding;
using tenant::Factor;

TEST(LogHints, EachCodeIsDocumented) {
    std::set<std::string> ours;
    for (const decision::DetailCode& each : decision::detail_codes) {
        EXPECT_TRUE(ours.emplace(each.code).second) << each.code << " twice";
        EXPECT_FALSE(each.code.contains(' ')) << each.code;
    }
    EXPECT_EQ(testing::documented_names(EXOTA_SOURCE_DIR "/docs/reference/log.md", "## Codes in `findings` that have a hint"), ours);
}

decision::Decision refused() {
    decision::Decision out;
    out.proofs.push_back({"client-cert + dkim", false, {Factor::client_cert, Factor::dkim, Factor::dkim_aligned}});
    for (auto& found : out.findings) found = {Finding::absent, "not-asked", evidence::Source::mta};
    return out;
}

void set(decision::Decision& decision, Factor factor, decision::FactorFinding found) {
    decision.findings[static_cast<std::size_t>(factor)] = std::move(found);
}

TEST(LogHints, FindingsAreOneWordEachAndTheHintIsBehind) {
    decision::Decision decision = refused();
    set(decision, Factor::client_cert, coded(Finding::unavailable, "certificate-not-verified", evidence::Source::mta));
    set(decision, Factor::dkim, coded(Finding::unavailable, "no-trusted-result", evidence::Source::header_field));
    set(decision, Factor::dkim_aligned, coded(Finding::unavailable, "no-trusted-result", evidence::Source::header_field));
    std::string findings, hint;
    findings_for_log(decision, findings, hint);
    EXPECT_EQ(findings,
              "client-cert=unavailable(certificate-not-verified) dkim=unavailable(no-trusted-result) "
              "dkim-aligned=unavailable(no-trusted-result)");
    EXPECT_TRUE(hint.starts_with("client-cert: TLS from Exchange Online's address without a verified certificate: smtpd_tls_ask_ccert"));
    EXPECT_TRUE(hint.contains("; dkim: the message is signed, but"));
    EXPECT_FALSE(hint.contains("dkim-aligned")) << "said once";
}

TEST(LogHints, WhatTheMessageHasOfItIsSaidWithinALimit) {
    decision::Decision decision = refused();
    const auto uncovered = [](std::string_view what) {
        return coded(Finding::absent, "signature-not-counted", evidence::Source::own_verification, what);
    };
    set(decision, Factor::dkim, uncovered("2 Subject fields, h= covers 1"));
    std::string findings, hint;
    findings_for_log(decision, findings, hint);
    EXPECT_TRUE(hint.ends_with(": 2 Subject fields, h= covers 1")) << hint;
    set(decision, Factor::dkim_aligned, uncovered(std::string(1000, 'x')));
    findings_for_log(decision, findings, hint);
    EXPECT_TRUE(hint.contains(": 2 Subject fields, h= covers 1; dkim-aligned: the signature is valid")) << hint;
    EXPECT_TRUE(hint.ends_with("xxx") && hint.size() < 500) << hint;
}

TEST(LogHints, NoTextOfASenderSwitchesOffTheHintsBehindIt) {
    decision::Decision decision = refused();
    decision.proofs.push_back({"arc", false, {Factor::arc}});
    set(decision, Factor::dkim, coded(Finding::absent, "signature-unreadable", evidence::Source::header_field, std::string(5000, 'n')));
    set(decision, Factor::dkim_aligned,
        coded(Finding::absent, "signature-unreadable", evidence::Source::header_field, "\xe2\x82\xac" + std::string(5000, 'm')));
    set(decision, Factor::arc, coded(Finding::absent, "no-trusted-sealer", evidence::Source::own_verification));
    std::string findings, hint;
    findings_for_log(decision, findings, hint);
    EXPECT_TRUE(hint.ends_with("; arc: no instance by a sealer of arc.trusted_sealers reports a pass")) << hint;
    EXPECT_LE(hint.size(), 1000U);
}

TEST(LogHints, DocumentsAreNamedInOurSentencesAndNotInTextsOfASender) {
    int asked = 0;
    const HintSentences installed([&asked](std::string_view text) {
        ++asked;
        std::string out(text);
        if (const std::size_t at = out.find("docs/"); at != std::string::npos) out.insert(at, "/usr/share/doc/exota/");
        return out;
    });
    EXPECT_EQ(asked, static_cast<int>(decision::detail_codes.size()));
    decision::Decision decision = refused();
    set(decision, Factor::client_cert,
        coded(Finding::unavailable, "certificate-not-verified", evidence::Source::mta, "sent docs/errors.md"));
    set(decision, Factor::dkim, coded(Finding::absent, "signature-unreadable", evidence::Source::header_field, "docs/errors.md"));
    std::string findings, hint;
    findings_for_log(decision, findings, hint, installed);
    EXPECT_TRUE(hint.contains("clientAuth purpose (/usr/share/doc/exota/docs/postfix.md): sent docs/errors.md; dkim: ")) << hint;
    EXPECT_TRUE(hint.ends_with(": docs/errors.md")) << hint;
    EXPECT_EQ(asked, static_cast<int>(decision::detail_codes.size())) << "not per message";
    findings_for_log(decision, findings, hint);
    EXPECT_TRUE(hint.contains("clientAuth purpose (docs/postfix.md): ")) << hint;
}

TEST(LogHints, EachSentenceHasRoomForAnInstalledPath) {
    for (const decision::DetailCode& each : decision::detail_codes)
        if (each.hint.contains("docs/")) EXPECT_LT(each.hint.size() + 40, 300U) << each.code;
}

TEST(LogHints, NoHintOfWhatNobodyAskedOrWhatNeedsNone) {
    decision::Decision decision = refused();
    set(decision, Factor::arc, coded(Finding::absent, "no-trusted-sealer", evidence::Source::own_verification));
    set(decision, Factor::client_cert, coded(Finding::holds, "certificate-without-name", evidence::Source::mta));
    set(decision, Factor::dkim, coded(Finding::absent, "no-pass", evidence::Source::own_verification));
    std::string findings, hint = "left over";
    findings_for_log(decision, findings, hint);
    EXPECT_EQ(findings, "client-cert=holds dkim=absent(no-pass) dkim-aligned=absent(not-asked)");
    EXPECT_EQ(hint, "");
}

}  // namespace
}  // namespace exota::telemetry
