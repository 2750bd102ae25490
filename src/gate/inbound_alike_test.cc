// The same message through a milter's inbound door and a gateway's, with DMARC as its author's owner publishes it, or to more recipients
// than evidence keeps: judged alike, and told alike but for the hold queue, which a gateway has not.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "gate/door_fixture.h"
#include "gate/gateway_wire.h"

namespace exota::gate {
namespace {

using namespace testing;
using decision::Action;

constexpr std::string_view own_and_below = R"({"version": 2, "tenants": {
    "contoso": {"domains": ["contoso.test", "*.contoso.test"], "recipients": "authoritative"}
}})";

enum class Author : std::uint8_t { of_policy, below, not_there };  // p, sp, np
enum class Exception : std::uint8_t { none, forwarder, domain };

struct Sent {
    std::string policy;
    Author author = Author::of_policy;
    bool testing = false, own = false;
    Exception exception = Exception::none;
    Action on_reject = Action::direct, on_quarantine = Action::mark;
    tenant::Mode mode = tenant::Mode::enforce;
    std::vector<std::string> recipients = {"john@contoso.test"};

    std::string organization() const { return own ? "contoso.test" : "bank.test"; }
    std::string author_domain() const { return author == Author::of_policy ? organization() : "payroll." + organization(); }
    /// The two tags that are not asked say the opposite.
    std::string zone() const {
        const std::string other = policy == "none" ? "reject" : "none";
        const auto tag = [&](Author of) { return author == of ? policy : other; };
        return organization() + " TXT x\n" + (author == Author::below ? author_domain() + " TXT x\n" : "") + "_dmarc." + organization() +
               " TXT v=DMARC1; p=" + tag(Author::of_policy) + "; sp=" + tag(Author::below) + "; np=" + tag(Author::not_there) +
               (testing ? "; t=y" : "") + '\n';
    }
    Snapshot snapshot() const {
        Snapshot snapshot = door_snapshot({});
        snapshot.tenants = index_of(own_and_below);
        snapshot.tenant_limits = nullptr;
        decision::InboundRules& inbound = *snapshot.rules.inbound;
        inbound.mode = mode;
        inbound.on_reject = on_reject;
        inbound.on_quarantine = on_quarantine;
        if (exception == Exception::forwarder) inbound.trusted_forwarders.clients = {base::IpPrefix::parse("192.0.2.0/24").value()};
        if (exception == Exception::domain) inbound.domains[author_domain()] = Action::none;
        return snapshot;
    }
};

std::ostream& operator<<(std::ostream& out, const Sent& sent) {
    return out << sent.zone() << "author " << sent.author_domain() << " exception " << static_cast<int>(sent.exception) << " on_reject "
               << name_of(sent.on_reject) << " on_quarantine " << name_of(sent.on_quarantine);
}

struct Outcome {
    std::string reply;  // a refusal's line; empty: it passes
    std::string reason, compauth;
    Action action = Action::none;
    bool marked = false, held = false;
};

Outcome outcome_of(const decision::Decision& decision) {
    Outcome outcome{.reason = std::string(name_of(decision.reason)),
                    .action = decision.inbound->action,
                    .marked = decision.inbound->marked,
                    .held = decision.quarantine};
    if (decision.inbound->compauth)
        outcome.compauth = std::string(name_of(decision.inbound->compauth->result)) + std::to_string(decision.inbound->compauth->row);
    if (decision.reply) outcome.reply = decision.reply->line();
    return outcome;
}

std::string_view without_id(std::string_view reply) { return reply.substr(0, reply.find(", id ")); }

/// A backend that takes everything.
class Backend {
public:
    explicit Backend(Wire& wire) : wire_(wire) {}
    /// @return  it had something to say.
    bool says() {
        if (wire_.far_is == Wire::Far::dialling) {
            said_ = 0;
            in_data_ = false;
            wire_.far_opened();
            wire_.backend("220 backend.test\r\n");
            return true;
        }
        const std::string_view end = in_data_ ? "\r\n.\r\n" : "\r\n";
        const std::size_t at = wire_.to_backend.find(end, said_);
        if (wire_.far_is != Wire::Far::open || at == std::string::npos) return false;
        const std::string command = wire_.to_backend.substr(said_, 4);
        said_ = at + end.size();
        const bool starts_data = !in_data_ && command == "DATA";
        in_data_ = starts_data;
        wire_.backend(starts_data ? "354 Go on\r\n" : command == "EHLO" ? "250-backend.test\r\n250 PIPELINING\r\n" : "250 Ok\r\n");
        return true;
    }

private:
    Wire& wire_;
    std::size_t said_ = 0;
    bool in_data_ = false;
};

class InboundAlike : public ::testing::Test {
protected:
    void use(const Sent& sent) {
        world.zone = Zone(sent.zone());
        judge.use(shared(sent.snapshot()));
        recorder.messages.clear();
    }
    Outcome through_milter(const Sent& sent) {
        use(sent);
        Mta mta(judge, Door::inbound);
        mta.greet();
        mta.connect("Postfix 3.7.11", "192.0.2.1");
        mta::append_helo(mta.out, "client.test");
        mta::append_mail(mta.out, "<a@sender.test>");
        for (const std::string& recipient : sent.recipients) mta::append_recipient(mta.out, '<' + recipient + '>');
        mta.header(sent.author_domain(), false);
        mta.end();
        mta.say();
        while (mta.state == MilterSession::State::waiting && !world.soon.empty()) {
            world.end_turn();
            mta.say();
        }
        return of_message();
    }
    Outcome through_gateway(const Sent& sent) {
        use(sent);
        GatewaySettings settings;
        settings.name = "inbound";
        settings.hostname = "gw.test";
        settings.backend = {"inet:backend.test:25"};
        settings.backend_identity = BackendIdentity::none;
        settings.received = AddReceived::never;
        settings.door = Door::inbound;
        GatewayClient client;
        client.address = base::IpAddress::parse("192.0.2.1").value();
        TestHouse house;
        house.front_end.door = Door::inbound;
        Wire wire(std::make_shared<const GatewaySettings>(settings), client, judge, world, house);
        Backend backend(wire);
        wire.open();
        std::string all_recipients;
        for (const std::string& recipient : sent.recipients) all_recipients += "RCPT TO:<" + recipient + ">\r\n";
        for (const std::string& said :
             {std::string("EHLO client.test\r\n"), std::string("MAIL FROM:<a@sender.test>\r\n"), all_recipients, std::string("DATA\r\n"),
              "From: <boss@" + sent.author_domain() + ">\r\nSubject: Invoice\r\n\r\nPay\r\n.\r\n"}) {
            wire.client(said);
            while (backend.says() || !world.soon.empty() || wire.wants_more()) {
                world.end_turn();
                wire.far_written();
                wire.turn();
            }
        }
        const Outcome outcome = of_message();
        EXPECT_TRUE(wire.to_client.ends_with(outcome.reply.empty() ? "250 Ok\r\n" : outcome.reply + "\r\n")) << wire.to_client;
        return outcome;
    }
    /// All that is told but for recipients.
    Outcome of_message() {
        const auto is_message = [](const Recorder::Seen& seen) { return seen.stage != Stage::recipient; };
        EXPECT_EQ(std::ranges::count_if(recorder.messages, is_message), 1);
        return recorder.messages.empty() ? Outcome() : outcome_of(recorder.messages.back().decision);
    }

    Recorder recorder;
    ResolvingWorld world;
    Judge judge{recorder, world};
};

TEST_F(InboundAlike, every_policy_exception_and_action) {
    std::size_t judgements = 0;
    std::set<std::string_view> seen;
    for (const char* policy : {"none", "quarantine", "reject"})
        for (const Author author : {Author::of_policy, Author::below, Author::not_there})
            for (const bool testing : {false, true})
                for (const bool own : {false, true})
                    for (const Exception exception : {Exception::none, Exception::forwarder, Exception::domain})
                        for (const auto& [on_reject, on_quarantine] :
                             {std::pair(Action::direct, Action::mark), std::pair(Action::mark, Action::none),
                              std::pair(Action::none, Action::hold)}) {
                            const Sent sent{policy, author, testing, own, exception, on_reject, on_quarantine};
                            const Outcome milter = through_milter(sent), gateway = through_gateway(sent);
                            EXPECT_EQ(milter.reason, gateway.reason) << sent;
                            EXPECT_EQ(milter.compauth, gateway.compauth) << sent;
                            EXPECT_EQ(name_of(milter.action), name_of(gateway.action)) << sent;
                            EXPECT_EQ(milter.marked, gateway.marked) << sent;
                            if (milter.action == Action::hold)
                                EXPECT_TRUE(milter.reply.empty() && gateway.reply.starts_with("451 ")) << sent << gateway.reply;
                            else
                                EXPECT_EQ(without_id(milter.reply), without_id(gateway.reply)) << sent;
                            seen.insert(name_of(milter.action));
                            ++judgements;
                        }
    EXPECT_EQ(judgements, 3U * 3 * 2 * 2 * 3 * 3);
    EXPECT_EQ(seen, (std::set<std::string_view>{"none", "mark", "hold", "reject"}));
}

TEST_F(InboundAlike, quarantine_holds_a_message_for_its_hundredth_recipient_and_puts_off_the_next) {
    using decision::Verdict;
    for (const std::size_t ahead : {evidence::max_recipients_kept - 1, evidence::max_recipients_kept})
        for (const bool by_milter : {true, false}) {
            SCOPED_TRACE(::testing::Message() << ahead << (by_milter ? " milter" : " gateway"));
            Sent sent{.policy = "none", .mode = tenant::Mode::quarantine};
            sent.recipients.assign(ahead, "john@contoso.test");
            sent.recipients.insert(sent.recipients.end(), {"jane@contoso.test", "john@contoso.test"});
            const Outcome outcome = by_milter ? through_milter(sent) : through_gateway(sent);
            const bool is_held = by_milter && ahead < evidence::max_recipients_kept;  // a gateway has no hold queue
            EXPECT_EQ(outcome.reason, is_held ? "recipient-unknown" : "passed");
            EXPECT_EQ(outcome.held, is_held);
            EXPECT_FALSE(outcome.reply.starts_with("451 ")) << outcome.reply;
            ASSERT_EQ(recorder.messages.size(), 2U);
            const Recorder::Seen& told = recorder.messages.front();
            EXPECT_EQ(told.stage, Stage::recipient);
            EXPECT_EQ(told.evidence.envelope.recipients, std::vector<std::string>{"jane@contoso.test"});
            EXPECT_EQ(told.decision.verdict, is_held ? Verdict::accept : Verdict::tempfail);
            EXPECT_EQ(told.decision.judged, Verdict::reject);
            EXPECT_EQ(recorder.messages.back().evidence.envelope.recipient_count, ahead + 1 + (is_held ? 1 : 0))
                << "whoever is good is taken, kept or not";
        }
}

}  // namespace
}  // namespace exota::gate
