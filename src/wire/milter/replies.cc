#include "wire/milter/replies.h"

namespace exota::milter {
namespace {

void append_plain(std::string& out, ReplyCode code) { FrameWriter frame(out, static_cast<char>(code)); }

/// What stands between the colon and the value, where we have to say so.
std::string_view behind_colon(const Terms& terms) noexcept { return (terms.steps & step::header_leading_space) != 0 ? " " : ""; }

}  // namespace

void append_continue(std::string& out) { append_plain(out, ReplyCode::continue_); }
void append_skip(std::string& out) { append_plain(out, ReplyCode::skip); }
void append_progress(std::string& out) { append_plain(out, ReplyCode::progress); }

void append_reply(std::string& out, const mail::Reply& reply) {
    if (reply.code < 400 || reply.code > 599) return append_plain(out, ReplyCode::tempfail);
    std::string line;
    for (const char c : reply.line()) {
        line.push_back(c);
        if (c == '%') line.push_back(c);
    }
    FrameWriter(out, static_cast<char>(ReplyCode::reply_code)).string(line);
}

void append_header_edit(std::string& out, const mail::HeaderEdit& edit, const Terms& terms) {
    switch (edit.op) {
        case mail::EditOp::add:
            FrameWriter(out, static_cast<char>(ReplyCode::add_header)).string(edit.name).string(edit.value, behind_colon(terms));
            return;
        case mail::EditOp::insert:
            FrameWriter(out, static_cast<char>(ReplyCode::insert_header))
                .word(edit.index)
                .string(edit.name)
                .string(edit.value, behind_colon(terms));
            return;
        case mail::EditOp::remove:  // an empty value deletes
            FrameWriter(out, static_cast<char>(ReplyCode::change_header)).word(edit.index).string(edit.name).string("");
            return;
    }
}

void append_quarantine(std::string& out, std::string_view reason) {
    FrameWriter(out, static_cast<char>(ReplyCode::quarantine)).string(reason);
}

}  // namespace exota::milter
