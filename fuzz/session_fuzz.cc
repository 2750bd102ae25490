// A whole milter session: arbitrary octets in arbitrary pieces, and dialogues made of legal and illegal steps with arbitrary contents.
//
// Properties: any cut of the same octets gives the same answers and the same end; never more is consumed than was fed; what is answered
// is bounded by what was said; every answer can be read by an MTA; and no message is ever accepted: at a relay door because every tenant
// asks for an XOORG parameter, which the milter protocol cannot carry, at an inbound one because DNS never answers.
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gate/judge.h"
#include "gate/milter_session.h"
#include "gate/still_world.h"
#include "property.h"
#include "tenant/tenants_file.h"
#include "wire/milter/mta_side.h"

namespace {

using namespace exota;
using milter::Command;
namespace mta = milter::mta;

using exota::fuzz::require;

struct NeverAccepts : gate::Observer {
    std::size_t messages = 0, errors = 0;
    void judged(const gate::Judged& message) override {
        ++messages;
        require(message.decision.verdict != decision::Verdict::accept && message.decision.judged != decision::Verdict::accept);
        require(message.decision.reply.has_value() && message.decision.header_edits.empty());
    }
    void protocol_error(std::string_view) override { ++errors; }
};

std::shared_ptr<const gate::Snapshot> snapshot() {
    static const std::shared_ptr<const gate::Snapshot> made = [] {
        tenant::Defaults defaults;
        defaults.proofs = {*tenant::Proof::parse("client-cert + xoorg"), *tenant::Proof::parse("xoorg + dkim")};
        defaults.forwarding = tenant::Forwarding::all;
        auto loaded = tenant::read_tenants(R"({"version": 2, "tenants": {
            "contoso": {"domains": ["contoso.test", "*.contoso.test"], "tenant_ids": ["1234abcd-18c5-45e8-88de-123456789abc"], "organizations": ["contoso.test"]},
            "fabrikam": {"domains": ["fabrikam.test"], "tenant_ids": ["abcd1234-18c5-45e8-88de-987654321cba"]}}})",
                                           std::move(defaults));
        require(loaded.index.has_value());
        auto snapshot = std::make_shared<gate::Snapshot>();
        snapshot->rules.mode = tenant::Mode::enforce;
        snapshot->rules.authres.authserv_ids = {"mx.test"};
        snapshot->rules.header.authserv_id = "gw.test";
        snapshot->rules.header_firewall = true;
        snapshot->rules.inbound.emplace().mode = tenant::Mode::enforce;
        snapshot->limits = {.field_octets = 2048, .header_octets = 8192, .header_fields = 40, .kept_fields = 5};
        snapshot->milter = {.max_frame_octets = 65536, .max_macro_octets = 2048};
        snapshot->tenants = std::make_shared<const tenant::Index>(*std::move(loaded.index));
        snapshot->tenant_limits = std::make_shared<gate::TenantLimits>(*snapshot->tenants, nullptr);
        return std::shared_ptr<const gate::Snapshot>(std::move(snapshot));
    }();
    return made;
}

struct Heard {
    std::string answers;
    std::size_t left_over = 0, messages = 0, errors = 0;
    gate::MilterSession::State state = gate::MilterSession::State::reading;
    friend bool operator==(const Heard&, const Heard&) = default;
};

Heard hold(std::string_view bytes, std::size_t piece, gate::Door door) {
    NeverAccepts observer;
    gate::StillWorld world;
    gate::Judge judge(observer, world);
    judge.use(snapshot());
    gate::MilterSession session(judge, [] {}, door);
    Heard heard;
    std::string input;
    for (std::size_t at = 0; at < bytes.size() && heard.state == gate::MilterSession::State::reading; at += piece) {
        input.append(bytes.substr(at, piece));
        const auto step = session.feed(input, heard.answers);
        require(step.consumed <= input.size());
        input.erase(0, step.consumed);
        heard.state = step.state;
    }
    require(heard.state != gate::MilterSession::State::waiting);
    require(heard.answers.size() <= 1024 + 8 * bytes.size() + 600 * observer.messages);
    // After the end nothing depends on how much stood behind it in the same piece.
    heard.left_over = heard.state == gate::MilterSession::State::closing ? 0 : input.size();
    heard.messages = observer.messages;
    heard.errors = observer.errors;
    return heard;
}

/// Takes choices and text out of the fuzzer's octets.
class Source {
public:
    explicit Source(std::string_view octets) : rest_(octets) {}
    bool empty() const { return rest_.empty(); }
    std::size_t choice(std::size_t count) {
        if (rest_.empty()) return 0;
        const auto octet = static_cast<unsigned char>(rest_.front());
        rest_.remove_prefix(1);
        return octet % count;
    }
    std::string_view text() {
        const std::string_view taken = rest_.substr(0, choice(64));
        rest_.remove_prefix(std::min(taken.size(), rest_.size()));
        return taken;
    }
    template <std::size_t N>
    std::string_view one_of(const std::string_view (&words)[N]) {
        const std::size_t i = choice(N + 1);
        return i < N ? words[i] : text();
    }

private:
    std::string_view rest_;
};

constexpr std::string_view names[] = {"From",
                                      "from",
                                      "Authentication-Results",
                                      "Received",
                                      "X-MS-Exchange-CrossTenant-Id",
                                      "X-OriginatorOrg",
                                      "Resent-From",
                                      "DKIM-Signature",
                                      "X-ExOTA-Authentication-Results",
                                      "X-MS-Exchange-Organization-AuthAs",
                                      "Sender",
                                      "Auto-Submitted"};
constexpr std::string_view values[] = {" jane@contoso.test",
                                       "Jane <jane@contoso.test>",
                                       "a@fabrikam.test, b@contoso.test",
                                       "mx.test; dkim=pass header.d=contoso.test",
                                       "mx.test; dkim=fail header.d=contoso.test",
                                       "gw.test; x-exota=pass",
                                       "1234abcd-18c5-45e8-88de-123456789abc",
                                       "abcd1234-18c5-45e8-88de-987654321cba",
                                       "contoso.test",
                                       "someone@gmail.test",
                                       "from a by b",
                                       "Internal"};
constexpr std::string_view macro_names[] = {
    "i", "v", "{cert_subject}", "{tls_version}", "{cipher}", "{verify}", "{cn_subject}", "{auth_type}", "{auth_authen}", "{client_addr}"};
constexpr std::string_view macro_values[] = {"QID",   "Postfix 3.7.11", "8.17.1", "mail.protection.outlook.com", "TLSv1.3", "OK",
                                             "PLAIN", "192.0.2.1",      ""};
constexpr Command stages[] = {Command::connect, Command::helo,   Command::mail,          Command::recipient,
                              Command::data,    Command::header, Command::end_of_message};

/// A dialogue: mostly in order, so that much of it is judged.
std::string dialogue(std::string_view octets) {
    Source source(octets);
    std::string out;
    mta::append_offer(out,
                      source.choice(4) == 0 ? mta::offer_of_version(static_cast<std::uint32_t>(2 + source.choice(5))) : mta::full_offer);
    mta::append_connect(out, "client.test", milter::Family::inet, 25, "192.0.2.1");
    for (std::size_t steps = 0; steps < 200 && !source.empty(); ++steps) switch (source.choice(14)) {
            case 0: {
                std::vector<mta::MacroPair> pairs;
                for (std::size_t n = source.choice(6); n > 0; --n) {
                    const std::string_view name = source.one_of(macro_names);
                    pairs.emplace_back(name, source.one_of(macro_values));
                }
                mta::append_macros(out, stages[source.choice(std::size(stages))], pairs);
                break;
            }
            case 1:
                mta::append_helo(out, source.text());
                break;
            case 2:
                mta::append_mail(out, "<a@contoso.test>");
                break;
            case 3:
                mta::append_recipient(out, source.text());
                break;
            case 4:
            case 5:
            case 6:
            case 7: {
                const std::string_view name = source.one_of(names);
                mta::append_header(out, name, source.one_of(values));
                break;
            }
            case 8:
                mta::append_body(out, source.text());
                break;
            case 9:
            case 10:
                mta::append_end_of_message(out);
                break;
            case 11:
                mta::append_abort(out);
                break;
            case 12:  // a whole message of its own
                mta::append_mail(out, "<a@contoso.test>");
                mta::append_header(out, "From", source.one_of(values));
                mta::append_end_of_message(out, source.text());
                break;
            case 13:
                mta::append_quit_new_connection(out);
                mta::append_connect(out, source.text(), milter::Family::inet6, 25, source.text());
                break;
        }
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::string_view octets(reinterpret_cast<const char*>(data + 1), size - 1);
    const std::string bytes = (data[0] & 1) != 0 ? std::string(octets) : dialogue(octets);
    for (const gate::Door door : {gate::Door::relay, gate::Door::inbound}) {
        const Heard whole = hold(bytes, std::max<std::size_t>(bytes.size(), 1), door);
        const std::size_t piece = 1 + data[0] / 2;
        require(hold(bytes, piece, door) == whole);
        std::string_view rest = whole.answers;
        require(mta::take_replies(rest).has_value() && rest.empty());
    }
    return 0;
}
