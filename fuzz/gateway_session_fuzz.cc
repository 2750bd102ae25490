// A whole session of a gateway from Exchange: any octets from the client, in any pieces, before a backend that keeps a store and may fail
// at any step. The first octets say how long the pieces are, who fails when and how, and how the backend learns of the client.
//
// Properties: what the backend gets is what the client properly said. So: no command that is none, no bare CR, LF or NUL ever reaches it;
// each message that it stores is one that a plain reading of the client's octets (lines end with CRLF, the data with CRLF.CRLF, dots
// doubled) finds, in the same order; a client that got 2xx to its dot finds exactly one copy; and where nobody fails, cutting the octets
// anywhere gives the same replies and the same store.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gate/gateway_pump.h"
#include "property.h"

namespace {

using namespace exota;
using namespace exota::gate;
using namespace exota::gate::testing;

using exota::fuzz::require;

struct Nobody : Observer {
    std::size_t messages = 0;
    void judged(const Judged&) override { ++messages; }
    void protocol_error(std::string_view) override {}
};

struct Outcome {
    std::string to_client;
    std::vector<std::string> stored;
    friend bool operator==(const Outcome&, const Outcome&) = default;
};

constexpr std::string_view hello = "EHLO client.test\r\n";

/// Texts that a plain reading finds behind a line DATA: from there to CRLF.CRLF, dots taken away. More than are taken, perhaps: DATA may
/// have been refused.
std::vector<std::string> plain_texts(std::string_view octets) {
    std::vector<std::string> texts;
    for (std::size_t at = 0; at < octets.size();) {
        std::size_t end = octets.find("\r\n", at);
        if (end == std::string_view::npos) break;
        std::string text;
        bool ended = false;
        for (std::size_t line = end + 2; line < octets.size();) {
            const std::size_t line_end = octets.find("\r\n", line);
            if (line_end == std::string_view::npos) break;
            const std::string_view content = octets.substr(line, line_end + 2 - line);
            if (content == ".\r\n") {
                ended = true;
                break;
            }
            text += content.starts_with('.') ? content.substr(1) : content;
            line = line_end + 2;
        }
        if (ended) texts.push_back(std::move(text));
        at = end + 2;
    }
    return texts;
}

/// The gateway puts an empty line before a body that begins without one.
std::string without_empty_lines(std::string_view text) {
    std::string out(text);
    for (std::size_t at = 0; (at = out.find("\r\n\r\n", at)) != std::string::npos;) out.erase(at, 2);
    return out.starts_with("\r\n") ? out.substr(2) : out;
}

Outcome hold(std::string_view octets, std::size_t piece, BackendIdentity identity, Trouble trouble, std::size_t trouble_at) {
    static const std::shared_ptr<const Snapshot> snapshot = letting_all_pass();
    Nobody observer;
    StillWorld world;
    Judge judge(observer, world);
    judge.use(snapshot);
    GatewaySettings settings;
    settings.hostname = "gw.test";
    settings.backend = {"one", "two"};
    settings.backend_identity = identity;
    settings.received = AddReceived::never;
    settings.offers_tls = true;
    settings.announce_xoorg = AnnounceXoorg::always;
    settings.message_octets = 3000;
    settings.max_recipients = 5;
    TestHouse house;
    house.spool_limit = trouble == Trouble::none ? 5000 : 2000;  // or else it may be full before or behind a limit, by how octets are cut
    Sink sink;
    sink.trouble = trouble;
    sink.trouble_at = trouble_at;
    Outcome outcome;
    {
        Pump pump(settings, judge, world, house, sink);
        pump.say(hello);
        pump.say(octets, piece);
        for (int patience = 0; patience < 3 && pump.wire.state == LegState::waiting; ++patience) {
            world.clock += pump.wire.session.deadline().after;
            pump.wire.late();
            pump.run();
        }
        if (!pump.wire.is_closed()) pump.wire.near_ended(LegEnding::peer_closed);
        pump.run();
        outcome.to_client = pump.wire.to_client;
    }
    require(sink.violations.empty());
    for (const StoredMessage& message : sink.stored) {
        require(message.envelope.size() >= 2 && message.envelope.size() <= 6);
        outcome.stored.push_back(message.text);
    }
    require(outcome.to_client.size() <= 2000 + 200 * octets.size());
    return outcome;
}

std::size_t count(std::string_view in, std::string_view what) {
    std::size_t found = 0;
    for (std::size_t at = in.find(what); at != std::string_view::npos; at = in.find(what, at + 1)) ++found;
    return found;
}

bool began_tls(const Outcome& outcome) { return count(outcome.to_client, "220 2.0.0 Ready to start TLS\r\n") != 0; }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 4 || size > 20'000) return 0;
    const std::string_view octets(reinterpret_cast<const char*>(data) + 4, size - 4);
    const std::size_t piece = 1 + data[0] % 64;
    const auto identity = static_cast<BackendIdentity>(data[1] % 3);
    const auto trouble = static_cast<Trouble>(data[2] % trouble_count);
    const std::size_t whole = octets.empty() ? 1 : octets.size();

    const Outcome outcome = hold(octets, whole, identity, Trouble::none, 0);
    const Outcome cut = hold(octets, piece, identity, Trouble::none, 0);
    // Behind STARTTLS a cut is where TLS would begin.
    require(cut == outcome || (began_tls(cut) != began_tls(outcome) && cut.stored == outcome.stored));
    const std::vector<std::string> plain = plain_texts(octets);
    auto next = plain.begin();
    for (const std::string& text : outcome.stored) {
        while (next != plain.end() && without_empty_lines(*next) != without_empty_lines(text)) ++next;
        require(next != plain.end());
    }
    // The sink says "Queued" to what it has stored, and nobody else says so.
    require(count(outcome.to_client, "\r\n250 2.0.0 Queued\r\n") == outcome.stored.size());

    const Outcome troubled = hold(octets, piece, identity, trouble, data[3] % 24);
    const std::size_t told = count(troubled.to_client, "\r\n250 2.0.0 Queued\r\n");
    require(told == troubled.stored.size() || told + 1 == troubled.stored.size());
    return 0;
}
