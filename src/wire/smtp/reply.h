// Replies of ours, as a client reads them (RFC 5321 section 4.2): those whose words are known when this is compiled, with the codes that
// the gateway promises, and the writing of any.
//
// Tested by reply_test.cc.
#pragma once

#include <string>
#include <string_view>

#include "mail/reply.h"

namespace exota::smtp {

/// A reply of one line. Words of ours only: nothing that a stranger wrote.
struct FixedReply {
    int code = 0;
    std::string_view enhanced, text;
    friend constexpr bool operator==(const FixedReply&, const FixedReply&) = default;
};

namespace reply {

inline constexpr FixedReply ok{250, "2.0.0", "Ok"};
inline constexpr FixedReply bye{221, "2.0.0", "Bye"};
inline constexpr FixedReply start_mail_input{354, "", "End data with <CR><LF>.<CR><LF>"};
inline constexpr FixedReply ready_for_tls{220, "2.0.0", "Ready to start TLS"};
inline constexpr FixedReply cannot_verify{252, "2.0.0", "Cannot verify; send mail and see"};

// Syntax of a command (RFC 5321 section 4.2.2)
inline constexpr FixedReply unknown_command{500, "5.5.1", "Command not recognized"};
inline constexpr FixedReply line_too_long{500, "5.5.2", "Line too long"};
inline constexpr FixedReply bad_octets{500, "5.5.2", "Bare CR, bare LF or NUL in a command"};
inline constexpr FixedReply not_offered{502, "5.5.1", "Command not offered"};
inline constexpr FixedReply hello_of_other_protocol{500, "5.5.1", "This is LMTP: send LHLO"};
inline constexpr FixedReply no_argument_allowed{501, "5.5.4", "This command takes no argument"};
inline constexpr FixedReply bad_hello{501, "5.5.4", "Name a domain or an address literal"};
inline constexpr FixedReply bad_mail{501, "5.5.4", "Syntax: MAIL FROM:<address> [parameters]"};
inline constexpr FixedReply bad_recipient_command{501, "5.5.4", "Syntax: RCPT TO:<address> [parameters]"};
inline constexpr FixedReply bad_sender{501, "5.1.7", "Bad sender address syntax"};
inline constexpr FixedReply bad_recipient{501, "5.1.3", "Bad recipient address syntax"};
inline constexpr FixedReply needs_smtputf8{553, "5.6.7", "Address is not ASCII, and SMTPUTF8 was not asked for"};
inline constexpr FixedReply parameter_not_offered{555, "5.5.4", "Parameter not offered"};
inline constexpr FixedReply parameter_malformed{501, "5.5.4", "Malformed parameter"};
inline constexpr FixedReply parameter_twice{501, "5.5.4", "Parameter given twice"};
inline constexpr FixedReply bad_xoorg{501, "5.5.4", "XOORG is no domain name"};

// Order of commands (RFC 5321 section 4.1.4)
inline constexpr FixedReply hello_first{503, "5.5.1", "Say hello first"};
inline constexpr FixedReply mail_first{503, "5.5.1", "MAIL first"};
inline constexpr FixedReply recipient_first{503, "5.5.1", "RCPT first"};
inline constexpr FixedReply nested_mail{503, "5.5.1", "A transaction is open already"};
inline constexpr FixedReply tls_active{503, "5.5.1", "TLS is active already"};
inline constexpr FixedReply not_in_transaction{503, "5.5.1", "Not within a transaction: RSET first"};
inline constexpr FixedReply tls_first{530, "5.7.0", "Must issue a STARTTLS command first"};
inline constexpr FixedReply no_valid_recipients{554, "5.5.1", "No valid recipients"};

// Limits
inline constexpr FixedReply too_many_recipients{452, "4.5.3", "Too many recipients"};
inline constexpr FixedReply message_too_big{552, "5.3.4", "Message too big"};
inline constexpr FixedReply header_too_big{552, "5.3.4", "Header too big"};
inline constexpr FixedReply text_line_too_long{550, "5.6.0", "Text line too long"};
inline constexpr FixedReply bad_line_ends{550, "5.6.11", "Bare CR, bare LF or NUL in the message"};

// The end of a session
inline constexpr FixedReply too_many_errors{421, "4.7.0", "Too many errors"};
inline constexpr FixedReply spoke_too_early{421, "4.5.1", "Octets before they were asked for"};
inline constexpr FixedReply session_over{421, "4.3.0", "Session is over"};

// What became of the far side
inline constexpr FixedReply far_side_failed{451, "4.4.2", "Next server failed; try again"};
inline constexpr FixedReply out_of_time{451, "4.4.1", "Next server did not answer in time; try again"};

}  // namespace reply

/// Appends one line with its CRLF. A code that is none (200 to 599) becomes 451, which promises nothing.
void append_reply(std::string& out, const FixedReply& reply);
/// The same. Text and enhanced status pass through safe_reply_text once more, so that no line break gets out whoever made the value.
void append_reply(std::string& out, const mail::Reply& reply);

/// The value of the same words.
mail::Reply to_reply(const FixedReply& reply);

}  // namespace exota::smtp
