// One connection to `exota probe`, without I/O: an SMTP server that announces XOORG to everybody, asks for a certificate and takes any,
// writes down what comes, and accepts nothing.
//
// Nothing is ever refused for good that names a sender, a recipient or a message: what another server would refuse by 5xx is 451 4.7.1
// here, as every message is at its end. So a client that tries again loses nothing by having come. SIZE is offered without a limit for the
// same reason: a client gives a message up that is too big for it.
//
// Tested by probe_session_test.cc. programs/probe_listener.cc moves the octets.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "evidence/collector.h"
#include "net/session.h"
#include "programs/probe_record.h"
#include "wire/smtp/command.h"
#include "wire/smtp/data.h"
#include "wire/smtp/dialogue.h"
#include "wire/smtp/line.h"

namespace exota::programs {

/// Of one run of the probe: whichever comes first ends it.
struct ProbeLimits {
    std::size_t sessions = 20;
    std::chrono::milliseconds time = std::chrono::minutes(10);
    std::uint64_t octets = std::uint64_t{25} * 1024 * 1024;  // that clients say, all together
};
inline constexpr std::size_t max_probed_commands = 200;    // of one session; above: 421
inline constexpr std::chrono::seconds probe_patience{60};  // for the next line, or more of a message

/// Octets that may still come, of all sessions.
class ProbeBudget {
public:
    explicit ProbeBudget(std::uint64_t octets) noexcept : left_(octets) {}
    /// @return  false: that is more than is left, and now nothing is.
    bool take(std::uint64_t octets) noexcept {
        const bool fits = octets <= left_ && !spent_;
        spent_ = spent_ || !fits;
        left_ = fits ? left_ - octets : 0;
        return fits;
    }
    bool spent() const noexcept { return spent_; }

private:
    std::uint64_t left_;
    bool spent_ = false;
};

/// What the sessions of one run share; outlives them.
struct ProbeHouse {
    std::string hostname;                        // in greeting and EHLO
    std::shared_ptr<const net::TlsContext> tls;  // of a server; null: STARTTLS is not offered
    ProbeBudget budget;
    std::function<std::chrono::sys_seconds()> now;
    std::function<void(ProbedSession&&)> ended;  // once for each session, when it is destroyed
};

class ProbeSession final : public net::Session {
public:
    ProbeSession(ProbeHouse& house, const net::Address& client, std::size_t number);
    ~ProbeSession() override;

    Step feed(net::Leg leg, std::string_view bytes, net::Out& out) override;
    Step opened(net::Leg leg, const net::TlsFacts* tls, net::Out& out) override;
    Step ended(net::Leg leg, net::Ending why, std::string_view detail, net::Out& out) override;
    Step late(net::Out& out) override;
    std::optional<net::Deadline> deadline() const override { return net::Deadline{probe_patience, step_}; }
    bool busy() const noexcept override { return dialogue_.in_transaction(); }

private:
    Step step(std::size_t consumed) const noexcept { return {consumed, closing_ ? State::closing : State::reading}; }
    void take_line(const smtp::Line& line, bool more, net::Out& out);
    void take_command(const smtp::Command& command, bool more, net::Out& out);
    void hello(const smtp::Command& command, net::Out& out);
    void mail(const smtp::Command& command, net::Out& out);
    void recipient(const smtp::Command& command, net::Out& out);
    void read_message(std::string_view& bytes, net::Out& out);
    void end_message(net::Out& out);
    void answer(const smtp::FixedReply& reply, net::Out& out);
    void refuse(const smtp::FixedReply& reply, net::Out& out);
    void close(const smtp::FixedReply& last, std::string_view why, net::Out& out);
    /// A message whose end never came is one that was begun.
    void drop_message();
    evidence::Session session_facts() const;

    ProbeHouse& house_;
    const net::Address client_;
    const evidence::MessageLimits limits_;
    evidence::Collector collector_{limits_};
    smtp::Dialogue dialogue_;
    smtp::LineReader lines_;
    std::optional<smtp::DataReader> data_;
    std::string helo_;
    bool closing_ = false;
    std::uint32_t step_ = 0;
    ProbedSession seen_;
};

}  // namespace exota::programs
