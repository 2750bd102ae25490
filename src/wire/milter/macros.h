// The macros that the MTA sent, by stage, with their lifetimes.
//
//   CONNECT, HELO        live for the connection; a HELO replaces what the HELO before brought, as a whole, even by nothing
//   MAIL and what follows live for the message: cleared by the next MAIL, by ABORT and by the end of the message
//   QUIT_NC              clears everything: another client follows on the same socket
//
// A frame of macros stands *before* the event that it belongs to, and replaces what that stage had. The same frame before each of
// thirty header fields is the common case and costs a comparison. Kept as octets in two strings, so that an idle session is small.
//
// Tested by macros_test.cc and fuzz/session_fuzz.cc.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "wire/milter/events.h"

namespace exota::milter {

class Macros {
public:
    /// @param max_octets  of all macros of the session together, names, values and a few octets for each stage.
    /// @return            macros_too_long above it; nothing is changed then.
    std::expected<void, ProtocolError> define(const MacroDefinitions& macros, std::size_t max_octets);

    // The events that end lifetimes; call them when the event itself comes.
    void connect();
    void helo();
    void mail();
    void end_message();
    void clear();

    enum class Scope : std::uint8_t {
        all,         // the connection's and the message's
        since_helo,  // without those of CONNECT, once a HELO came
    };
    /// The value of `name` (written without braces), of the stage that came last. Empty values are values.
    /// @return  a view that the next call of a function that is not const ends.
    std::optional<std::string_view> find(std::string_view name, Scope scope = Scope::all) const noexcept;

    /// True if the MACRO frame of this payload is what define() took last, for a header field: it would change nothing.
    bool repeats(std::string_view payload) const noexcept {
        if (payload.empty() || payload.front() != static_cast<char>(Command::header)) return false;
        if (message_.size() != last_in_message_ + block_head + payload.size() - 1) return false;  // a block reaches to the end
        const std::string_view last = std::string_view(message_).substr(last_in_message_);
        return last.front() == payload.front() && last.substr(block_head) == payload.substr(1);
    }

    struct Wanted {
        std::string_view name;  // without braces, not empty
        Scope scope = Scope::all;
        std::optional<std::string_view> value = {};
    };
    static constexpr std::size_t max_wanted = 32;
    /// What find() says of each name, in one walk: a message asks for ten names, and nobody for more than max_wanted.
    void find(std::span<Wanted> wanted) const noexcept;

    std::size_t octets() const noexcept { return connection_.size() + message_.size(); }

    static constexpr std::size_t block_head = 5;  // of a block: stage, length

private:
    std::string connection_, message_;                                      // blocks: stage, length in four octets, name NUL value NUL …
    std::uint32_t last_in_message_ = 0;                                     // where the block begins that was written last
    bool connect_fresh_ = false, helo_fresh_ = false, mail_fresh_ = false;  // macros came for an event that is still to come
    bool helo_seen_ = false;
};

}  // namespace exota::milter
