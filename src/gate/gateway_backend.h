// The far leg of a gateway's session: from nothing to where MAIL may be sent, by way of the list of backends.
//
//   away ─connect▶ dialling ─▶ greeting ─▶ hello ─▶ [securing ─▶ hello] ─▶ connected ─introduce▶ [naming] ─▶ introduced
//    ▲                │            │          │          │
//    │                └────────────┴──────────┴──────────┴─ a failure here: the next of the list, then `away`
//    └── any failure from `connected` on, and drop()
//
// securing: STARTTLS and the handshake, where backend_tls asks for it. naming: XCLIENT and the EHLO behind it. A failure waits for
// take_failure(), so that the session acts on it in one place.
//
// A backend that does not take XCLIENT with ADDR from us, where it is to learn the client by XCLIENT, is not used at all: it would take our
// own address, which it trusts, for the client's.
//
// Tested by gateway_backend_test.cc and gateway_redial_test.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gate/gateway_session.h"
#include "wire/smtp/client_dialogue.h"
#include "wire/smtp/xclient.h"

namespace exota::gate {

class BackendLink {
public:
    enum class Stage : std::uint8_t { away, dialling, greeting, hello, securing, connected, naming, introduced };
    struct Failure {
        BackendFailure why{};
        bool was_connected = false;   // it had said what it offers
        bool was_introduced = false;  // it could have been a matter of time; else it never got as far
    };

    /// All outlive the link.
    BackendLink(const GatewaySettings& settings, const GatewayClient& client, GatewayHouse& house)
        : settings_(settings), client_(client), house_(house) {}

    Stage stage() const noexcept { return stage_; }
    bool is_connected() const noexcept { return stage_ >= Stage::connected; }
    bool is_introduced() const noexcept { return stage_ == Stage::introduced; }
    /// What it knows, or will know, of the client is what is said here.
    bool suits(std::string_view helo, bool extended) const noexcept;
    const smtp::Extensions& extensions() const noexcept;  // of a connected one
    smtp::ClientDialogue::Phase phase() const noexcept;
    std::size_t backend() const noexcept { return backend_; }      // the present or last one's number
    bool awaits_reply() const noexcept;                            // something was said to it, or is
    std::uint32_t progress() const noexcept { return progress_; }  // grows with whatever is said or done

    /// From `away`: the list from its start.
    /// @param helo  what the client calls itself.
    void connect(std::string_view helo, LegOut& out);
    /// From `connected`.
    void introduce(const smtp::XclientFacts& facts, LegOut& out);

    bool may_send(smtp::Sent command) const noexcept { return is_introduced() && !reset_wanted_ && dialogue_->may_send(command); }
    /// @param octets  with their CRLF; of a message, nothing: it was written already.
    void send(smtp::Sent command, std::string_view octets, LegOut& out);
    /// Ends a transaction, if there is one, as soon as that may be said.
    void reset(LegOut& out);
    /// Closes without a word; no failure.
    void drop(LegOut& out);
    /// The same with QUIT, where that may be said. The legs are closed with what is in `out`.
    void quit(LegOut& out);
    void give_up(BackendFailure why, std::string_view detail, LegOut& out);

    void opened(const LegTls* tls, LegOut& out);
    void ended(LegEnding why, std::string_view detail, LegOut& out);
    void late(LegOut& out) { give_up(BackendFailure::late, "no answer in time", out); }
    /// @return  the next answer to MAIL, RCPT, DATA or a message; what is for the link alone it takes itself. nullopt: `bytes` is used up,
    ///          or the link is lost.
    std::optional<smtp::Answer> feed(std::string_view& bytes, LegOut& out);

    bool has_failure() const noexcept { return failure_.has_value(); }
    std::optional<Failure> take_failure() noexcept { return std::exchange(failure_, std::nullopt); }

private:
    void dial_next(LegOut& out);
    void say(smtp::Sent command, std::string_view octets, LegOut& out);
    void say_hello(smtp::Sent verb, LegOut& out);
    void after_hello(LegOut& out);
    void say_xclient(LegOut& out);
    void write_proxy_header(LegOut& out) const;
    /// @return  the answer, if it is not the link's own.
    std::optional<smtp::Answer> take(smtp::Answer answer, LegOut& out);

    const GatewaySettings& settings_;
    const GatewayClient& client_;
    GatewayHouse& house_;
    Stage stage_ = Stage::away;
    std::size_t next_ = 0, backend_ = 0;
    std::optional<smtp::ClientDialogue> dialogue_;  // of a dialled one
    std::string helo_;                              // connect()'s, then introduce()'s
    bool extended_ = true;
    bool reset_wanted_ = false, reset_said_ = false;
    std::vector<std::string> xclient_;  // commands still to be said, the next one last
    std::uint32_t progress_ = 0;
    std::optional<Failure> failure_;
};

}  // namespace exota::gate
