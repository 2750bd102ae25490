// What an inbound door looks up of a message: everything in one round, and no longer than it could change anything.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "evidence/collector.h"
#include "gate/judge.h"
#include "gate/verification.h"
#include "tenant/tenants_file.h"

namespace exota::gate {
namespace {

using authn::DnsAnswer;
using authn::DnsQuestion;
using authn::DnsStatus;
using authn::RecordType;

Snapshot door() {
    Snapshot snapshot;
    snapshot.rules.inbound.emplace().mode = tenant::Mode::enforce;
    snapshot.rules.arc_trusted_sealers = {"list.example"};
    snapshot.tenants = std::make_shared<const tenant::Index>(
        *tenant::read_tenants(R"({"version": 2, "tenants": {"t": {"domains": ["ours.example"]}}})", tenant::Defaults{}).index);
    return snapshot;
}

/// A message under way to its verdict.
class Round {
public:
    explicit Round(std::string_view author) : hashing_(snapshot_, MessageHashing::Body::comes) {
        evidence::Collector collector(snapshot_.limits);
        evidence::Client client;
        client.address = evidence::Observed<base::IpAddress>{base::IpAddress::parse("192.0.2.1").value(), evidence::Source::mta};
        collector.connected(client);
        collector.helo("mail.bank.example");
        collector.mail("<boss@bank.example>");
        collector.recipient("<r@ours.example>");
        collector.header_field("From", " <boss@" + std::string(author) + ">");
        evidence_ = collector.finish();
        hashing_.header_field("From", " <boss@" + std::string(author) + ">");
        hashing_.end_of_message();
    }
    bool waits() { return verify_inbound_round(evidence_, &hashing_, snapshot_.rules, snapshot_.tenants.get(), facts_, dns_, {}, keys_); }
    std::set<std::string> asked() {
        std::set<std::string> names;
        for (const DnsQuestion& question : dns_.take_pending()) names.insert(question.name);
        return names;
    }
    void answer(std::string_view name, RecordType type, std::vector<std::string> records, DnsStatus status = DnsStatus::data) {
        dns_.put({std::string(name), type}, {.status = status, .records = std::move(records)});
    }
    decision::Decision judged() const { return decision::judge_inbound(evidence_, snapshot_.tenants.get(), snapshot_.rules, facts_); }
    const evidence::Verification& verification() const { return evidence_.verification; }
    decision::InboundFacts& facts() { return facts_; }

private:
    Snapshot snapshot_ = door();
    MessageHashing hashing_;
    decision::InboundFacts facts_;
    evidence::Evidence evidence_;
    authn::Dns dns_;
    authn::KeyCache keys_;
};

constexpr std::string_view policy = "_dmarc.bank.example", reverse = "1.2.0.192.in-addr.arpa";

TEST(VerificationInbound, asks_everything_at_once) {
    Round round("bank.example");
    EXPECT_TRUE(round.waits());
    EXPECT_EQ(round.asked(), (std::set<std::string>{"bank.example", std::string(policy), std::string(reverse)}));
}

TEST(VerificationInbound, what_is_proven_waits_for_nobody) {
    Round round("bank.example");
    EXPECT_TRUE(round.waits());
    round.answer("bank.example", RecordType::txt, {"v=spf1 ip4:192.0.2.1 -all"});
    round.answer(policy, RecordType::txt, {"v=DMARC1; p=reject"});
    while (round.waits()) {  // the walk goes on to the root
        const auto names = round.asked();
        ASSERT_FALSE(names.empty());
        for (const std::string& name : names)
            if (name != reverse) round.answer(name, RecordType::txt, {}, DnsStatus::nxdomain);
    }
    EXPECT_EQ(round.judged().inbound->compauth->reason, 100);
    EXPECT_FALSE(round.verification().iprev) << "nobody waited for it, so nothing is said of it";
    EXPECT_TRUE(round.verification().dmarc->published->has_record);
}

TEST(VerificationInbound, what_could_still_change_is_waited_for_and_else_put_off) {
    Round round("bank.example");
    EXPECT_TRUE(round.waits());
    round.answer(policy, RecordType::txt, {"v=DMARC1; p=reject"});
    round.answer("_dmarc.example", RecordType::txt, {}, DnsStatus::nxdomain);
    EXPECT_TRUE(round.waits()) << "SPF may still pass";
    EXPECT_EQ(round.judged().reason, decision::Reason::unavailable) << "what is told when time runs out";
    round.answer("bank.example", RecordType::txt, {"v=spf1 -all"});
    round.answer(reverse, RecordType::ptr, {}, DnsStatus::nxdomain);
    EXPECT_FALSE(round.waits());
    EXPECT_EQ(round.judged().reason, decision::Reason::dmarc_failed);
    EXPECT_EQ(round.verification().iprev->value, evidence::IprevValue::permerror);
}

TEST(VerificationInbound, of_an_own_domain_no_name_of_the_client_is_asked) {
    Round round("ours.example");
    EXPECT_TRUE(round.waits());
    EXPECT_FALSE(round.asked().contains(std::string(reverse)));
}

TEST(VerificationInbound, nothing_is_asked_of_a_client_that_is_refused) {
    Round round("bank.example");
    round.facts().client.is = decision::ClientStanding::Is::blocked;
    EXPECT_FALSE(round.waits());
    EXPECT_TRUE(round.asked().empty());
    EXPECT_EQ(round.judged().reason, decision::Reason::client_blocked);
}

}  // namespace
}  // namespace exota::gate
