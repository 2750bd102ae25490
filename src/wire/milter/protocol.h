// The words of the milter protocol (versions 2 to 6, as Sendmail and Postfix speak it): codes with the protocol's own values, and their
// names for logs and tests.
//
// Tested by events_test.cc, negotiate_test.cc and replies_test.cc.
#pragma once

#include <cstdint>
#include <string_view>

namespace exota::milter {

/// What the MTA says: the first octet of a frame.
enum class Command : char {
    abort = 'A',
    body = 'B',
    connect = 'C',
    macro = 'D',
    end_of_message = 'E',
    helo = 'H',
    quit_new_connection = 'K',
    header = 'L',
    mail = 'M',
    end_of_header = 'N',
    negotiate = 'O',
    quit = 'Q',
    recipient = 'R',
    data = 'T',
    unknown = 'U',
};

/// What the filter says.
enum class ReplyCode : char {
    accept = 'a',
    continue_ = 'c',
    discard = 'd',
    add_header = 'h',
    insert_header = 'i',
    change_header = 'm',
    negotiate = 'O',
    progress = 'p',
    quarantine = 'q',
    reject = 'r',
    skip = 's',
    tempfail = 't',
    reply_code = 'y',
};

/// Bits of the third word of an option negotiation: steps that the filter does not want, replies that it will not send.
namespace step {
inline constexpr std::uint32_t no_connect = 0x1, no_helo = 0x2, no_mail = 0x4, no_recipient = 0x8, no_body = 0x10, no_headers = 0x20;
inline constexpr std::uint32_t no_end_of_header = 0x40, no_reply_header = 0x80, no_unknown = 0x100, no_data = 0x200, skip = 0x400;
inline constexpr std::uint32_t rejected_recipients = 0x800, no_reply_connect = 0x1000, no_reply_helo = 0x2000, no_reply_mail = 0x4000;
inline constexpr std::uint32_t no_reply_recipient = 0x8000, no_reply_data = 0x10000, no_reply_unknown = 0x20000;
inline constexpr std::uint32_t no_reply_end_of_header = 0x40000, no_reply_body = 0x80000, header_leading_space = 0x100000;
inline constexpr std::uint32_t all_of_version_6 = 0x1fffff, all_of_version_2 = 0x7f;
}  // namespace step

/// Bits of the second word: what the filter may do to a message.
namespace action {
inline constexpr std::uint32_t add_headers = 0x1, change_body = 0x2, add_recipients = 0x4, delete_recipients = 0x8, change_headers = 0x10;
inline constexpr std::uint32_t quarantine = 0x20, change_sender = 0x40, add_recipients_with_parameters = 0x80, set_macro_lists = 0x100;
inline constexpr std::uint32_t all_of_version_6 = 0x1ff, all_of_version_2 = 0x3f;
}  // namespace action

/// Numbers of the stages for which a filter may ask for macros of its own choice.
enum class MacroStage : std::uint32_t { connect = 0, helo = 1, mail = 2, recipient = 3, data = 4, end_of_message = 5, end_of_header = 6 };

/// Why a connection cannot go on: the peer breaks the protocol. Hang up and count; nothing is said to it.
enum class ProtocolError : std::uint8_t {
    empty_frame,
    frame_too_long,
    unknown_command,
    malformed_payload,
    unsupported_version,
    header_changes_not_offered,
    out_of_order,
    macros_too_long,
};

constexpr std::string_view name_of(ProtocolError error) noexcept {
    constexpr std::string_view names[] = {
        "empty frame",          "frame above the limit",  "unknown command",
        "malformed payload",    "unsupported version",    "the MTA does not offer header changes",
        "command out of order", "macros above the limit",
    };
    return names[static_cast<unsigned>(error)];
}

constexpr std::string_view name_of(Command command) noexcept {
    switch (command) {
        case Command::abort:
            return "ABORT";
        case Command::body:
            return "BODY";
        case Command::connect:
            return "CONNECT";
        case Command::macro:
            return "MACRO";
        case Command::end_of_message:
            return "EOM";
        case Command::helo:
            return "HELO";
        case Command::quit_new_connection:
            return "QUIT_NC";
        case Command::header:
            return "HEADER";
        case Command::mail:
            return "MAIL";
        case Command::end_of_header:
            return "EOH";
        case Command::negotiate:
            return "OPTNEG";
        case Command::quit:
            return "QUIT";
        case Command::recipient:
            return "RCPT";
        case Command::data:
            return "DATA";
        case Command::unknown:
            return "UNKNOWN";
    }
    return "?";
}

}  // namespace exota::milter
