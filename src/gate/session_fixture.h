// For tests: an MTA of our own that holds a whole dialogue with a MilterSession and says what came back.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gate/judge.h"
#include "gate/milter_session.h"
#include "gate/still_world.h"
#include "tenant/tenants_file.h"
#include "wire/milter/mta_side.h"

namespace exota::gate::testing {

using milter::Command;
using milter::Family;
namespace mta = milter::mta;

struct Recorder : Observer {
    struct Seen {
        decision::Decision decision;
        evidence::Evidence evidence;
        std::uint64_t generation;
        FrontEnd front;
        Stage stage;
        std::string delivery;  // "backend|its reply|what the client got"
    };
    std::vector<Seen> messages;
    std::vector<std::string> errors;
    void judged(const Judged& message) override {
        const Delivery& delivery = message.delivery;
        messages.push_back(
            {message.decision, message.evidence, message.snapshot.generation, message.front, message.stage,
             std::string(delivery.backend) + '|' + std::string(delivery.backend_reply) + '|' + std::string(delivery.answered)});
    }
    void protocol_error(std::string_view what) override { errors.emplace_back(what); }
};

inline constexpr std::string_view tenants_text = R"({"version": 2, "tenants": {
    "contoso": {"domains": ["contoso.test"], "tenant_ids": ["1234abcd-18c5-45e8-88de-123456789abc"]},
    "fabrikam": {"domains": ["fabrikam.test"], "limits": ["2 messages / hour", "3 recipients / day"]}
}})";

inline std::shared_ptr<const tenant::Index> index_of(std::string_view text) {
    tenant::Defaults defaults;
    defaults.proofs = {*tenant::Proof::parse("client-cert + dkim-aligned")};
    auto loaded = tenant::read_tenants(text, std::move(defaults));
    for (const tenant::Problem& problem : loaded.problems)
        if (problem.severity == tenant::Problem::Severity::error) ADD_FAILURE() << problem.path << ": " << problem.text;
    return loaded.index ? std::make_shared<const tenant::Index>(*std::move(loaded.index)) : nullptr;
}

inline Snapshot snapshot_of(std::shared_ptr<const tenant::Index> tenants) {
    Snapshot snapshot;
    snapshot.rules.mode = tenant::Mode::enforce;
    snapshot.rules.dkim_source = decision::DkimSource::authentication_results;
    snapshot.rules.authres.authserv_ids = {"mx.test"};
    snapshot.rules.header.authserv_id = "mx.test";
    snapshot.tenants = std::move(tenants);
    if (snapshot.tenants) snapshot.tenant_limits = std::make_shared<TenantLimits>(*snapshot.tenants, nullptr);
    return snapshot;
}
inline std::shared_ptr<const Snapshot> shared(Snapshot snapshot) { return std::make_shared<const Snapshot>(std::move(snapshot)); }

inline constexpr std::string_view good_certificate = "mail.protection.outlook.com";

/// A signature in good form; only a validator can say whether it is one.
inline std::string signature_of(std::string_view domain) {
    return " v=1; a=rsa-sha256; c=relaxed/relaxed; d=" + std::string(domain) +
           "; s=selector1; h=From:Date:Subject; bh=" + std::string(43, 'A') + "=; b=AAAA";
}

/// The MTA's side. What it says is collected in `out` and sent by say(); answers are read by the protocol's own rules.
class Mta {
public:
    explicit Mta(Judge& judge, Door door = Door::relay) : session(judge, [this] { ++wakes; }, door) {}

    MilterSession session;
    std::string out;    // what the MTA is about to send
    std::string input;  // what the session has not consumed
    MilterSession::State state = MilterSession::State::reading;
    int wakes = 0;

    /// Sends `out`; everything that the filter answered.
    std::vector<mta::FilterReply> say() {
        input += out;
        out.clear();
        std::string answer;
        const auto step = session.feed(input, answer);
        EXPECT_LE(step.consumed, input.size());
        input.erase(0, step.consumed);
        state = step.state;
        std::string_view rest = answer;
        auto replies = mta::take_replies(rest);
        EXPECT_TRUE(replies.has_value());
        EXPECT_TRUE(rest.empty()) << "part of a frame";
        return replies ? *std::move(replies) : std::vector<mta::FilterReply>{};
    }

    void greet(const milter::Offer& offer = mta::full_offer) {
        mta::append_offer(out, offer);
        say();
    }
    /// CONNECT as Postfix says it.
    void connect(std::string_view mta_name = "Postfix 3.7.11", std::string_view address = "192.0.2.1") {
        mta::append_macros(out, Command::connect, {{"j", "gw.test"}, {"v", mta_name}, {"{client_addr}", address}});
        mta::append_connect(out, "client.test", Family::inet, 25000, address);
    }
    /// EHLO within TLS, the certificate verified.
    void helo_tls(std::string_view certificate = good_certificate) {
        mta::append_macros(out, Command::helo,
                           {{"{tls_version}", "TLSv1.3"}, {"{cipher}", "TLS_AES_256_GCM_SHA384"}, {"{cert_subject}", certificate}});
        mta::append_helo(out, "outbound.test");
    }
    void greet_and_connect() {
        greet();
        connect();
        helo_tls();
    }
    void envelope(std::string_view from = "<a@contoso.test>", std::size_t recipients = 1) {
        mta::append_mail(out, from);
        for (std::size_t i = 0; i < recipients; ++i) mta::append_recipient(out, "<b@dest.test>");
    }
    void header(std::string_view domain, bool signed_by_it) {
        if (signed_by_it) {
            mta::append_header(out, "Authentication-Results", " mx.test; dkim=pass header.d=" + std::string(domain));
            mta::append_header(out, "DKIM-Signature", signature_of(domain));
        }
        mta::append_header(out, "From", " Jane <jane@" + std::string(domain) + '>');
        mta::append_header(out, "Subject", " hello");
    }
    void end(std::string_view queue_id = "QID1") {
        mta::append_macros(out, Command::end_of_message, {{"i", queue_id}});
        mta::append_end_of_message(out);
    }
    std::vector<mta::FilterReply> message(std::string_view domain = "contoso.test", bool signed_by_it = true, std::size_t recipients = 1) {
        envelope("<a@contoso.test>", recipients);
        header(domain, signed_by_it);
        end();
        return say();
    }
};

inline bool is(const mta::FilterReply& reply, milter::ReplyCode code) {
    const auto* plain = std::get_if<mta::Plain>(&reply);
    return plain != nullptr && plain->code == code;
}
/// The message was let through: the last answer is CONTINUE.
inline bool accepted(const std::vector<mta::FilterReply>& replies) {
    return !replies.empty() && is(replies.back(), milter::ReplyCode::continue_);
}
/// The reply line of a refusal, or "" where there is none.
inline std::string refusal(const std::vector<mta::FilterReply>& replies) {
    if (replies.size() != 1) return {};
    const auto* line = std::get_if<mta::ReplyLine>(&replies.front());
    return line ? line->text : std::string();
}

/// A judge with the tenants above; what it judged is in `recorder`.
class SessionTest : public ::testing::Test {
protected:
    std::shared_ptr<const tenant::Index> tenants = index_of(tenants_text);
    Recorder recorder;
    StillWorld world;
    Judge judge{recorder, world};
    void use(Snapshot snapshot) { judge.use(shared(std::move(snapshot))); }
    void SetUp() override { use(snapshot_of(tenants)); }
    const Recorder::Seen& last() const { return recorder.messages.back(); }
};

}  // namespace exota::gate::testing
