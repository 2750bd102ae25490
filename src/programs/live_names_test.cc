// Live names against servers that do not help: time is bounded, and what could not be found out is never an absence.
#include "programs/live_names.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "net/descriptor.h"

namespace exota::programs {
namespace {

/// A UDP socket that nobody reads: questions to it stay without an answer.
class SilentServer {
public:
    SilentServer() : socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        if (::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
            ::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0)
            std::abort();
        address_ = "127.0.0.1@" + std::to_string(ntohs(address.sin_port));
    }
    const std::string& address() const { return address_; }

private:
    net::Descriptor socket_;
    std::string address_;
};

TEST(LiveNames, OneDeadlineForAllQuestions) {
    const SilentServer server;
    net::ResolverSettings settings;
    settings.servers = {server.address()};
    for (const net::Dnssec dnssec : {net::Dnssec::off, net::Dnssec::automatic}) {
        settings.dnssec = dnssec;
        LiveNames names(settings, std::chrono::milliseconds(200));
        const auto began = std::chrono::steady_clock::now();
        authn::Dns dns;
        for (const char* name : {"a.example", "b.example", "c.example"}) {
            names.answer({{name, authn::RecordType::txt}, {name, authn::RecordType::a}}, dns);
            for (const auto type : {authn::RecordType::txt, authn::RecordType::a}) {
                const authn::DnsAnswer* answer = dns.ask(name, type);
                ASSERT_NE(answer, nullptr);
                EXPECT_EQ(answer->status, authn::DnsStatus::temporary_failure);
            }
        }
        EXPECT_LT(std::chrono::steady_clock::now() - began, settings.timeout) << "the time limit of one question was waited for";
    }
}

TEST(LiveNames, SettingsThatLibunboundRefusesAreATemporaryFailure) {
    net::ResolverSettings settings;
    settings.servers = {"no address"};
    LiveNames names(settings, std::chrono::milliseconds(200));
    authn::Dns dns;
    names.answer({{"a.example", authn::RecordType::txt}}, dns);
    ASSERT_NE(dns.ask("a.example", authn::RecordType::txt), nullptr);
    EXPECT_EQ(dns.ask("a.example", authn::RecordType::txt)->status, authn::DnsStatus::temporary_failure);
}

}  // namespace
}  // namespace exota::programs
