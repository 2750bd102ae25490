// Events of a conversation → Evidence. Both front ends, `explain` and `eval` make the same calls; nothing here asks which it is.
//
// Connection and message are two states: mail(), reset_message() and finish() end the second, connected() both. complete() is the end of
// everything: what comes behind it changes nothing.
// Gathering never judges: no event is refused here, a limit that is passed becomes Evidence::too_complex.
//
// Tested by collector_test.cc, collector_at_mail_test.cc, corpus_test.cc and fuzz/session_fuzz.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "evidence/evidence.h"

namespace exota::evidence {

/// Limits on a message (not on the protocol): above them the message gets a verdict, nobody is hung up on. What is passed is still
/// counted, but no longer kept: memory stays below header_octets and a constant.
struct MessageLimits {
    std::size_t field_octets = 256 * 1024;    // name, colon, value and CRLF of one field
    std::size_t header_octets = 1024 * 1024;  // of all fields
    std::size_t header_fields = 2000;
    std::size_t kept_fields = 100;  // of one kind that is looked at (From, Authentication-Results …)
};

/// Blanks before the colon included. With a longer name MTAs differ on whether the line is a field, and so on where the header ends and
/// whether it has a From: Sendmail takes names of 100 octets, Postfix finds a colon in the first 2,048 of a line and folds what it sends
/// behind 998.
inline constexpr std::size_t max_field_name_octets = 100;

inline constexpr std::size_t max_path_octets = 1024;  // a longer reverse-path is too complex, a longer recipient is only counted

class Collector {
public:
    /// What costs time and is needed by some configurations only.
    struct Interests {
        bool firewall_fields = true;  // fields that only Microsoft may write, counted by name: for the header firewall
        bool signed_fields = true;    // what a validator's results are compared with: DKIM-Signature, and fields that are there twice
        bool eop = true;              // what Exchange Online Protection says: for an inbound door, and the factor eop
        bool indirect = true;         // marks of an indirect way, and X-ExOTA-Disposition: for an inbound door
        bool forward_mark = true;     // whether some field tells of a forwarder or a list: for discovery
    };

    /// @param limits  must outlive the collector.
    explicit Collector(const MessageLimits& limits, Interests interests);
    explicit Collector(const MessageLimits& limits) : Collector(limits, Interests()) {}
    /// For one message, whose evidence is gathered where it stays: complete() instead of finish().
    /// @param into  as it was made; must outlive the collector. Until complete() nobody else writes to it.
    Collector(const MessageLimits& limits, Interests interests, Evidence& into);

    // Connection
    void connected(Client client, std::string_view mta = {});
    void tls(Tls facts);  // replaces all TLS facts
    void helo(std::string_view name);
    void authenticated(bool yes);
    /// All of these at once; a message that is under way stays.
    void session(Session&& facts) noexcept { gathered_->session = std::move(facts); }

    // Message
    /// @param reverse_path  with or without angle brackets. Clears what was collected of a message before.
    void mail(std::string_view reverse_path);
    void xoorg(std::string_view value, Source source);
    void recipient(std::string_view forward_path);
    void queue_id(std::string_view id);
    /// What the caller has found out of a field's name: plain is of printable ASCII and blanks only, and not empty.
    enum class NameIs : bool { unknown, plain };
    /// @param value  as on the wire behind the colon (one leading blank or not, folding with CRLF or LF).
    void header_field(std::string_view name, std::string_view value, NameIs name_is = NameIs::unknown);
    /// The message is complete: its evidence; the message state is clear afterwards.
    Evidence finish();
    /// The same where the evidence stays: it is all there. Nothing more is collected.
    void complete();
    /// Session and envelope as they are by now, nothing of the header: what is known at MAIL. The message goes on.
    Evidence at_mail() const;
    /// ABORT, RSET: drops the message, keeps the connection.
    void reset_message();

    const Session& session() const noexcept { return gathered_->session; }
    bool in_message() const noexcept { return message_ != nullptr; }

private:
    struct Message;  // allocated at mail(), so that an idle session is small
    Message& message();
    void begin_message();
    const MessageLimits* limits_;
    Interests interests_;
    std::unique_ptr<Evidence> own_;  // nullptr: the evidence stays elsewhere
    Evidence* gathered_;
    std::unique_ptr<Message> message_;

public:
    ~Collector();
    Collector(Collector&&) noexcept;
    Collector& operator=(Collector&&) noexcept;
};

}  // namespace exota::evidence
