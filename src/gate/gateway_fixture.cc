// The player of conversations as text; what it plays is in the other gateway_*_test.cc.
#include "gate/gateway_fixture.h"

#include "base/text.h"

namespace exota::gate::testing {
namespace {

std::string octets_of(std::string_view text) {
    const bool cut = text.ends_with('\\');
    if (cut) text.remove_suffix(1);
    std::string octets;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char next = text[i] == '\\' && i + 1 < text.size() ? text[i + 1] : 0;
        if (next == 'r' || next == 'n' || next == '0') {
            octets += next == 'r' ? '\r' : next == 'n' ? '\n' : '\0';
            ++i;
        } else {
            octets += text[i];
        }
    }
    return cut ? octets : octets + "\r\n";
}

}  // namespace

void GatewayTest::act(std::string_view what) {
    const auto is = [&](std::string_view word) { return what == word; };
    if (is("far-opened")) return wire->far_opened();
    if (is("far-unreachable")) return wire->far_ended(LegEnding::unreachable);
    if (is("far-closed")) return wire->far_ended(LegEnding::peer_closed);
    if (is("far-no-tls")) return wire->far_ended(LegEnding::no_tls);
    if (is("far-written")) return wire->far_written();
    if (is("near-closed")) return wire->near_ended(LegEnding::peer_closed);
    if (is("drain")) return wire->near_ended(LegEnding::drained);
    if (is("turn")) return wire->turn();
    if (is("near-tls-nobody")) return wire->near_secured({"TLSv1.3", "TLS_AES_256_GCM_SHA384", {}});
    if (is("far-tls") || is("far-tls-unknown")) {
        LegTls tls = tls_of_client("backend.test");
        tls.certificate->purpose = CertificatePurpose::server;
        tls.certificate->verified = is("far-tls");
        return wire->far_opened(&tls);
    }
    if (is("late")) {
        world.clock += wire->session.deadline().after;
        return wire->late();
    }
    if (what.starts_with("pass ")) {
        std::size_t seconds = 0;
        for (const char digit : what.substr(5)) seconds = seconds * 10 + static_cast<std::size_t>(digit - '0');
        world.clock += std::chrono::seconds(seconds);
        return wire->late();
    }
    if (what.starts_with("near-tls ")) return wire->near_secured(tls_of_client(std::string(what.substr(9))));
    if (is("no-reverse")) {
        world.answer("1.2.0.192.in-addr.arpa", {.status = authn::DnsStatus::nxdomain});
        return wire->turn();
    }
    if (what.starts_with("reverse ")) {
        const std::string name(what.substr(8));
        world.answer("1.2.0.192.in-addr.arpa", {.status = authn::DnsStatus::data, .records = {name}});
        world.answer(base::lower(name), {.status = authn::DnsStatus::data, .records = {std::string("\xc0\x00\x02\x01", 4)}});
        return wire->turn();
    }
    FAIL() << "do " << what;
}

/// What streams asks to hear when the backend took it; conversations are about what is said.
void GatewayTest::take_what_streams() {
    while (!wire->noted.empty() && wire->noted.front() == "is more-far") {
        wire->noted.pop_front();
        wire->far_written();
    }
}

void GatewayTest::say(std::string_view octets, void (Wire::*to)(std::string_view)) {
    const std::size_t piece = octet_by_octet ? 1 : octets.size();
    for (std::size_t at = 0; at < octets.size(); at += piece) ((*wire).*to)(octets.substr(at, piece));
}

void GatewayTest::play(std::string_view text) {
    if (HasFatalFailure()) return;
    start();
    std::size_t number = 0;
    while (!text.empty()) {
        std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        ++number;
        line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
        if (line.empty()) continue;
        SCOPED_TRACE("line " + std::to_string(number) + ": " + std::string(line));
        if (line.starts_with("C:")) {
            say(octets_of(line.substr(std::min<std::size_t>(3, line.size()))), &Wire::client);
        } else if (line.starts_with("B:")) {
            say(octets_of(line.substr(std::min<std::size_t>(3, line.size()))), &Wire::backend);
        } else if (line.starts_with("do ")) {
            act(line.substr(3));
        } else {
            if (line != "is more-far") take_what_streams();
            ASSERT_FALSE(wire->noted.empty()) << "nothing of the kind";
            ASSERT_EQ(wire->noted.front(), line);
            wire->noted.pop_front();
        }
    }
    take_what_streams();
    std::string left;
    for (const std::string& line : wire->noted) left += line + '\n';
    EXPECT_EQ(left, "") << "was not expected";
    wire->noted.clear();
}

}  // namespace exota::gate::testing
