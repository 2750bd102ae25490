#include "wire/smtp/lmtp.h"

#include <cassert>
#include <utility>

#include "wire/smtp/reply.h"

namespace exota::smtp {

void RecipientReplies::give(std::size_t recipient, mail::Reply reply) {
    assert(recipient < replies_.size());
    if (!replies_[recipient]) replies_[recipient] = std::move(reply);
}

void RecipientReplies::give_rest(const mail::Reply& reply) {
    for (auto& given : replies_)
        if (!given) given = reply;
}

void RecipientReplies::append_ready(std::string& out) {
    for (; appended_ < replies_.size() && replies_[appended_]; ++appended_) append_reply(out, *replies_[appended_]);
}

}  // namespace exota::smtp
