// A whole session towards Exchange: the client's octets against a next hop that takes mail. The first octet says which protocol, and how
// the hop behaves.
//
// Properties: cutting the client's octets anywhere gives the same conversation and the same mail; each command and each message that the
// hop got is one that the client said, in those words; what the client was told is accepted the hop has, once for each time.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "gate/relay_hop.h"

namespace {

using namespace exota;
using gate::testing::FakeHop;
using gate::testing::Relay;

void require(bool holds) {
    if (!holds) std::abort();
}

struct Result {
    std::string told;  // the client
    std::vector<FakeHop::Message> messages;
    bool operator==(const Result& other) const {
        const auto same = [](const FakeHop::Message& a, const FakeHop::Message& b) {
            return a.envelope == b.envelope && a.content == b.content;
        };
        return told == other.told && std::ranges::equal(messages, other.messages, same);
    }
};

Result converse(std::uint8_t kind, std::string_view bytes, std::size_t piece) {
    Relay relay;
    relay.world.zone = gate::testing::Zone("a.test MX 1 mx.test\nb.test MX 1 mx.test\nmx.test A 192.0.2.1\nn.test MX 0 .");
    relay.settings->protocol = (kind & 1) != 0 ? gate::RelayProtocol::lmtp : gate::RelayProtocol::smtp;
    relay.settings->message_octets = 500;
    relay.settings->max_recipients = 4;
    FakeHop hop(relay);
    hop.pipelining = (kind & 2) != 0;
    hop.eight_bit = (kind & 4) != 0;
    if ((kind & 8) != 0) {
        hop.fault = FakeHop::Fault::refuses;
        hop.fault_at = kind >> 4;
    }
    relay.begin();
    for (std::size_t at = 0; at < bytes.size() && !relay.closed; at += piece) {
        relay.say(bytes.substr(at, piece));
        hop.drive();
    }
    return {relay.near, hop.messages};
}

/// Behind our Received field, which is three lines.
std::string_view as_it_came(std::string_view content) {
    require(content.starts_with("Received: from "));
    for (int lines = 0; lines < 3; ++lines) content.remove_prefix(content.find("\r\n") + 2);
    return content;
}

bool said(std::string_view bytes, std::string_view what) { return base::ifind(bytes, what) != std::string_view::npos; }

/// Without the dots that are for transparency (RFC 5321 section 4.5.2): a client may leave out, or add, what stands for nothing.
std::string without_dots(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find("\r\n", at), text.size() - 2) + 2;
        const std::string_view line = text.substr(at, end - at);
        out += line.starts_with('.') && line != ".\r\n" ? line.substr(1) : line;
        at = end;
    }
    return out;
}

/// The client said these octets behind DATA; but for the empty line that ends a header whose last line is no field.
bool said_message(std::string_view bytes, std::string_view content) {
    if (bytes.find(content) != std::string_view::npos) return true;
    for (std::size_t at = content.find("\r\n"); at != std::string_view::npos; at = content.find("\r\n", at + 1))
        if (bytes.find(std::string(content.substr(0, at)).append(content.substr(at + 2))) != std::string_view::npos) return true;
    return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0 || size > 4096) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    const Result whole = converse(data[0], bytes, std::max<std::size_t>(bytes.size(), 1));
    for (const std::size_t piece : {1u, 7u}) require(converse(data[0], bytes, piece) == whole);
    std::size_t accepted = 0;
    for (const FakeHop::Message& message : whole.messages) {
        require(message.envelope.size() >= 2 && message.envelope.front().starts_with("MAIL FROM:<"));
        for (const std::string& line : message.envelope) {
            const std::string_view path = std::string_view(line).substr(line.find('<'), line.find('>') - line.find('<') + 1);
            require(path == "<>" || said(bytes, path.substr(1, path.size() - 2)));
        }
        require(said_message(without_dots(bytes), without_dots(as_it_came(message.content))));
        accepted += message.code == 250 ? message.envelope.size() - 1 : 0;
    }
    std::size_t told = 0;
    for (std::size_t at = whole.told.find("250 2.0.0 queued"); at != std::string::npos; at = whole.told.find("250 2.0.0 queued", at + 1))
        ++told;
    require(told <= accepted);
    return 0;
}
