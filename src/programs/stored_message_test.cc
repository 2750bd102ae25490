#include "programs/stored_message.h"

#include <gtest/gtest.h>

#include "decision/claims.h"

namespace exota::programs {
namespace {

const std::string received =
    "Received: from out.test (unknown [40.92.0.10])\n\t(using TLSv1.3 with cipher X (256/256 bits))\n"
    "\t(Client CN \"mail.protection.outlook.com\", Issuer \"I\" (verified OK))\n"
    "\tby mx.test (Postfix) with ESMTPS id 4XyZ\n\tfor <bob@dest.test>; Sat, 28 Nov 2026 10:00:00 +0000\n";
const std::string stored =
    "Return-Path: <jane@a.test>\nX-Original-To: bob@dest.test\nDelivered-To: bob@dest.test\nAuthentication-Results: mx.test; dkim=pass\n" +
    received + "Received: from deep.test by x; y\nDelivered-To: kept@a.test\nFrom: jane@a.test\n\nbody\n";

std::string names_of(const mail::MessageParts& parts) {
    std::string out;
    for (const mail::MessageField& field : parts.fields) out += (out.empty() ? "" : " ") + field.name;
    return out;
}

TEST(StoredMessage, IsTakenBackToWhatTheMilterSaw) {
    const struct {
        std::string message, want;
    } cases[] = {
        {stored, "Authentication-Results Received Delivered-To From"},
        {"Received: x\nFrom: a@b.test\n\n", "From"},
        {"Received: x\nFrom: a@b.test\nX-ExOTA-Authentication-Results: mx.test; auth=pass\n\n", "From"},
        {"From: a@b.test\nX-ExOTA-Authentication-Results: mx.test; auth=pass\n\n", "From X-ExOTA-Authentication-Results"},
        {"received : x\nFrom: a@b.test\n\n", "From"},
        {"Return-Path: <>\nFrom: a@b.test\n\n", "Return-Path From"},  // nothing of ours stands there
    };
    for (const auto& c : cases) {
        mail::MessageParts parts = mail::split_message(c.message);
        remove_what_came_later(parts);
        EXPECT_EQ(names_of(parts), c.want) << c.message;
    }
}

TEST(StoredMessage, FactsAreThoseOfTheTop) {
    SessionFacts facts;
    take_facts(look_at_top(mail::split_message(stored)), facts);
    EXPECT_EQ(as_options(facts),
              "--client-ip 40.92.0.10 --client-cert mail.protection.outlook.com --tls-version TLSv1.3 --helo out.test --mail-from "
              "'<jane@a.test>' --rcpt bob@dest.test --queue-id 4XyZ");
    EXPECT_TRUE(not_given(facts).empty());
    EXPECT_EQ(not_given({}).size(), 6U);
}

TEST(StoredMessage, OnlyFactsBehindWhatIsMissingAreWanted) {
    using decision::PeerProof;
    using tenant::Factor;
    const std::string address = "client address (--client-ip)", queue_id = "queue id (--queue-id)", xoorg = "XOORG (--xoorg)";
    const std::string certificate = "TLS and verified certificate (--tls-version, --client-cert)";
    const std::string helo = "EHLO name (--helo)", sender = "envelope sender (--mail-from)";
    const struct {
        Factor missing;
        std::string_view detail;
        std::vector<std::string> wanted;
        PeerProof peer_proof = PeerProof::client_cert;
    } cases[] = {
        {Factor::client_ip, "", {address}},
        {Factor::client_cert, "", {certificate}},
        {Factor::peer, "", {certificate}},
        {Factor::peer, "", {address}, PeerProof::client_ip},
        {Factor::peer, "", {address, certificate}, PeerProof::either},
        {Factor::tenant_id, decision::peer_not_proven, {certificate}},
        {Factor::tenant_id, "", {}},
        {Factor::xoorg, "", {xoorg}},
        {Factor::xoorg, decision::peer_not_proven, {address, certificate, xoorg}, PeerProof::both},
        {Factor::spf, "none", {address, helo, sender}},
        {Factor::dkim, "no-queue-id", {queue_id}},
        {Factor::dkim, "no-trusted-result", {}},
    };
    for (const auto& c : cases) {
        decision::Decision decision;
        decision.judged = decision::Verdict::tempfail;
        decision.proofs.push_back({"a proof", false, {c.missing}});
        decision.findings[static_cast<std::size_t>(c.missing)].detail = c.detail;
        EXPECT_EQ(not_given({}, facts_behind(decision, c.peer_proof)), c.wanted) << name_of(c.missing) << ' ' << c.detail;
        decision.judged = decision::Verdict::accept;
        EXPECT_TRUE(not_given({}, facts_behind(decision, c.peer_proof)).empty()) << "another proof holds";
    }
}

TEST(StoredMessage, WhatIsGivenWins) {
    SessionFacts facts;
    facts.client_ip = "192.0.2.1";
    facts.tls_version = "TLSv1.2";
    facts.mail_from = "";
    facts.recipients = {"carl@dest.test"};
    take_facts(look_at_top(mail::split_message(stored)), facts);
    EXPECT_EQ(as_options(facts),
              "--client-ip 192.0.2.1 --tls-version TLSv1.2 --helo out.test --mail-from '' --rcpt carl@dest.test --queue-id 4XyZ");
}

TEST(StoredMessage, NothingIsReadBelowTheTopmostReceived) {
    const std::string of_sender = received;
    for (const std::string top : {"Received: by mx.test; x\n", "Received: from a by b; c\nReturn-Path: <evil@x.test>\n"}) {
        SessionFacts facts;
        const StoredTop seen = look_at_top(mail::split_message(top + of_sender + "From: a@b.test\n\n"));
        EXPECT_FALSE(seen.received);
        take_facts(seen, facts);
        EXPECT_EQ(as_options(facts), "") << top;
    }
    EXPECT_FALSE(look_at_top(mail::split_message("From: a@b.test\n\nReceived: x\n")).received);
    EXPECT_FALSE(look_at_top(mail::split_message("Return-Path: \x1b[2K\n" + received + "\n")).return_path);
}

TEST(StoredMessage, OptionsAreQuotedForTheShell) {
    SessionFacts facts;
    facts.helo = "a'b $(rm) x";
    facts.queue_id = "-x";
    facts.authenticated = true;
    EXPECT_EQ(as_options(facts), R"(--helo 'a'\''b $(rm) x' --queue-id=-x --authenticated)");
}

}  // namespace
}  // namespace exota::programs
