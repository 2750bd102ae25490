// A whole session towards Exchange: the client's octets against a next hop that takes mail. The first octet says which protocol, and how
// the hop behaves; and whether it announces XOORG to us, who may vouch for senders of one tenant.
//
// Properties: cutting the client's octets anywhere gives the same conversation and the same mail; each command and each message that the
// hop got is one that the client said, in those words; what the client was told is accepted the hop has, once for each time. XOORG= is
// said under TLS and of that tenant's senders alone, in no other words than ours, and no field that only Microsoft may write stands beside
// it.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "evidence/field_kind.h"
#include "gate/relay_hop.h"
#include "mail/domain.h"
#include "property.h"
#include "tenant/tenants_file.h"

namespace {

using namespace exota;
using gate::testing::FakeHop;
using gate::testing::Relay;

using exota::fuzz::require;

constexpr std::string_view organization = "contoso.onmicrosoft.test", domain = "contoso.test";

std::shared_ptr<const gate::Snapshot> tenants() {
    static const std::shared_ptr<const gate::Snapshot> known = [] {
        tenant::Defaults defaults;
        defaults.proofs = {*tenant::Proof::parse("client-cert + dkim-aligned")};
        auto loaded = tenant::read_tenants(
            R"({"version": 2, "tenants": {"contoso": {"domains": ["contoso.test"], "organizations": ["contoso.onmicrosoft.test"]}}})",
            std::move(defaults));
        require(loaded.index.has_value());
        auto snapshot = std::make_shared<gate::Snapshot>();
        snapshot->tenants = std::make_shared<const tenant::Index>(*std::move(loaded.index));
        return snapshot;
    }();
    return known;
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
    } else if ((kind & 16) != 0) {
        relay.house.tenants = tenants();
        relay.settings->xoorg_for = {gate::XoorgFor::parse("127.0.0.0/8 " + std::string(organization)).value()};
        hop.starttls = hop.xoorg = true;
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

/// Of its header: name, and all of it.
std::vector<std::pair<std::string_view, std::string_view>> fields_of(std::string_view content) {
    std::vector<std::pair<std::string_view, std::string_view>> fields;
    while (!content.empty()) {
        std::size_t end = content.find("\r\n") + 2;
        if (end == 2 || content.starts_with(".\r\n")) break;
        while (end < content.size() && (content[end] == ' ' || content[end] == '\t')) end = content.find("\r\n", end) + 2;
        const std::string_view field = content.substr(0, end);
        fields.emplace_back(base::trim(field.substr(0, field.find(':'))), field);
        content.remove_prefix(end);
    }
    return fields;
}

bool is_covered(std::string_view sender) {
    const auto found = mail::Domain::parse(sender.substr(sender.rfind('@') + 1));
    return found && (found->text() == organization || found->text() == domain);
}

/// @param mail  the hop's MAIL line, with our XOORG=.
void check_vouched(std::string_view bytes, std::string_view mail, const FakeHop::Message& message) {
    require(message.secure);
    const std::string_view sender = mail.substr(mail.find('<') + 1, mail.rfind('>') - mail.find('<') - 1);
    std::size_t authors = 0, covered_authors = 0;
    for (const auto& [name, field] : fields_of(message.content)) {
        require(!evidence::is_firewall_field(name));
        if (!base::iequals(name, "From")) continue;
        ++authors;
        if (base::ifind(field, "contoso") != std::string_view::npos) ++covered_authors;
    }
    require(sender.empty() ? authors == 1 && covered_authors == 1 : is_covered(sender));
    // With fields left out it is no more one text that the client said, but each line is.
    const std::string clean = without_dots(bytes), content = without_dots(as_it_came(message.content));
    for (std::string_view rest = content; !rest.empty();) {
        const std::string_view line = rest.substr(0, rest.find("\r\n") + 2);
        require(clean.find(line) != std::string::npos);
        rest.remove_prefix(line.size());
    }
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
        const std::string_view mail = message.envelope.front();
        const bool vouched = mail.ends_with(" XOORG=" + std::string(organization));
        require(vouched ? (data[0] & 24) == 16 : base::ifind(mail.substr(mail.rfind('>')), "XOORG") == std::string_view::npos);
        if (vouched)
            check_vouched(bytes, mail, message);
        else
            require(said_message(without_dots(bytes), without_dots(as_it_came(message.content))));
        accepted += message.code == 250 ? message.envelope.size() - 1 : 0;
    }
    std::size_t told = 0;
    for (std::size_t at = whole.told.find("250 2.0.0 queued"); at != std::string::npos; at = whole.told.find("250 2.0.0 queued", at + 1))
        ++told;
    require(told <= accepted);
    return 0;
}
