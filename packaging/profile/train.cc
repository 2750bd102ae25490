// What a trained build learns from (scripts/train): messages as a busy mail host sees them, judged, logged and counted as the daemon does.
//
//   exota-train FOLDER CASES       FOLDER: message.eml, zone.txt (packaging/profile);  CASES: tests/cases
//
// No I/O but for reading its files, time stands still, and the one other thread, the log's writer, counts nothing: two runs count the same,
// so two builds are the same. The message is not the benchmarks'. Nothing of the network is trained: most of its cost is the kernel's, and
// what it does depends on when octets come.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/loop_observer.h"
#include "bench/milter_script.h"
#include "gate/judge.h"
#include "gate/milter_session.h"
#include "gate/resolving_world.h"
#include "net/loop.h"
#include "telemetry/log.h"
#include "telemetry/metrics.h"
#include "tests/conversations/conversation.h"
#include "tests/conversations/gateway_player.h"
#include "tests/conversations/milter_player.h"
#include "tests/conversations/snapshot_of.h"

namespace {

using namespace exota;

constexpr int rounds = 40;             // of each kind of message
constexpr int messages_a_session = 5;  // as Exchange Online sends them; a log of one session stays below what is handed to its writer
constexpr int tenants_beside = 2000;   // no customer of theirs writes

[[noreturn]] void die(const std::string& why) {
    std::fprintf(stderr, "exota-train: %s\n", why.c_str());
    std::exit(1);
}

std::string text_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) die("cannot read " + path.string());
    return {std::istreambuf_iterator<char>(file), {}};
}

class NoSink final : public telemetry::LogSink {
public:
    /// The writer's thread calls it as often as it wakes.
    [[gnu::no_profile_instrument_function]] std::size_t write(const telemetry::LogBatch&) override { return 0; }
};

std::string tenants() {
    std::string json = R"({"version": 2, "tenants": {)";
    for (int i = 0; i < tenants_beside; ++i) {
        const std::string n = std::to_string(100000 + i);
        json += R"("t)" + n + R"(": {"tenant_ids": ["00000000-0000-4000-8000-000000)" + n + R"("], "domains": ["d)" + n +
                R"(.example", "*.d)" + n + R"(.example"]}, )";
    }
    return json + R"("fabrikam": {"tenant_ids": ["0f1e2d3c-4b5a-4697-8877-665544332211"], "organizations": ["fabrikam.example"],
        "domains": ["fabrikam.example"]}}})";
}

std::shared_ptr<const gate::Snapshot> snapshot(std::string_view source, std::string_view proofs) {
    const std::string config =
        R"({"authorisation": {"mode": "monitor", "proofs": [)" + std::string(proofs) + R"(]}, "dkim": {"source": ")" + std::string(source) +
        R"("}, "authentication_results": {"trusted_authserv_ids": ["mx.lieferant.example"]}, "header": {"add": true, "authserv_id": "gw.lieferant.example"}})";
    auto built = conversations::snapshot_of({}, config, tenants(), false);
    for (const std::string& problem : built.problems) std::fprintf(stderr, "exota-train: %s\n", problem.c_str());
    if (!built.snapshot) die("the configuration is not as it must be");
    return built.snapshot;
}

/// A session with some messages, each judged, logged, counted.
class Session {
public:
    Session(std::shared_ptr<const gate::Snapshot> rules, const std::string& zone) {
        world_.zone = gate::testing::Zone(zone);
        judge_.use(std::move(rules));
        session_.emplace(judge_, [] {});
    }

    void play(const bench::Message& message) {
        std::string offer;
        milter::mta::append_offer(offer, milter::mta::full_offer);
        say(offer);
        const auto reply = milter::mta::decode_reply(**milter::next_frame(answer_, 1 << 20));
        if (!reply || !std::holds_alternative<milter::mta::Answer>(*reply)) die("no answer to the offer");
        const bench::Script script = bench::compile(message, std::get<milter::mta::Answer>(*reply));
        for (const bench::Turn& turn : script.session) say(turn.octets);
        for (int i = 0; i < messages_a_session; ++i)
            for (const bench::Turn& turn : script.message) say(turn.octets);
    }

    /// Dies unless every message was judged for this reason: else another way is trained than the one that is meant.
    void all_were(std::string_view reason) const {
        telemetry::Metrics metrics("train");
        metrics.add_loop(observer_.metrics());
        const std::string text = metrics.text(),
                          wanted = "reason=\"" + std::string(reason) + "\",mode=\"monitor\"} " + std::to_string(messages_a_session) + "\n";
        if (text.find(wanted) == std::string::npos) die("not every message was " + std::string(reason) + ":\n" + text.substr(0, 600));
    }

private:
    void say(std::string_view octets) {
        answer_.clear();
        auto step = session_->feed(octets, answer_);
        for (octets.remove_prefix(step.consumed); step.state == gate::MilterSession::State::waiting;) {
            if (world_.soon.empty()) die("a message waits for nothing");
            world_.end_turn();
            step = session_->feed(octets, answer_);
            octets.remove_prefix(step.consumed);
        }
        if (step.state == gate::MilterSession::State::closing) die("the session was closed");
    }

    net::Loop loop_;
    telemetry::Log log_{telemetry::LogConfig{}, std::make_unique<NoSink>()};
    app::LoopObserver observer_{log_, log_.add_loop(loop_)};
    gate::testing::ResolvingWorld world_;
    gate::Judge judge_{observer_, world_};
    std::optional<gate::MilterSession> session_;
    std::string answer_;
};

bench::Message without(bench::Message message, std::string_view field) {
    std::erase_if(message.fields, [&](const auto& pair) { return pair.first == field; });
    return message;
}

void play_cases(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        if (entry.path().extension() == ".case") files.push_back(entry.path());
    std::ranges::sort(files);
    for (const auto& file : files) {
        const auto conversation = conversations::read_conversation(text_of(file));
        const auto built = conversations::snapshot_of(conversation.environment, conversation.config, conversation.tenants,
                                                      conversation.tenants_unavailable);
        if (!conversation.problems.empty() || !built.snapshot) die("cannot use " + file.string());
        conversations::play_as_milter(conversation, built.snapshot);
        if (conversations::why_not_by_gateway(conversation).empty()) conversations::play_as_gateway(conversation, built.snapshot);
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) die("usage: exota-train FOLDER CASES");
    const std::filesystem::path folder = argv[1];
    const bench::Message signed_by_tenant = bench::read_message(text_of(folder / "message.eml"));
    const std::string zone = text_of(folder / "zone.txt");
    const auto verify = snapshot("verify", R"("client-cert + dkim")");
    const auto reported = snapshot("authentication-results", R"("client-cert + dkim")");
    const auto by_id = snapshot("verify", R"("client-cert + dkim", "client-cert + tenant-id")");
    const struct {
        std::shared_ptr<const gate::Snapshot> rules;
        bench::Message message;
        std::string_view reason;
    } kinds[] = {
        {verify, signed_by_tenant, "authorised"},
        {reported, signed_by_tenant, "authorised"},
        {by_id, without(signed_by_tenant, "DKIM-Signature"), "authorised"},
        {verify, without(without(signed_by_tenant, "DKIM-Signature"), "Authentication-Results"), "not-proven"},
    };
    for (int round = 0; round < rounds; ++round)
        for (const auto& [rules, message, reason] : kinds) {
            Session session(rules, zone);
            session.play(message);
            if (round == 0) session.all_were(reason);
        }
    play_cases(argv[2]);
    return 0;
}
