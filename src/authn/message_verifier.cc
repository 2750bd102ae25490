// The stages of verifying a message.
//
// Tested by message_verifier_test.cc.
#include "authn/message_verifier.h"

namespace exota::authn {

void MessageVerifier::end_of_header(const InterestIn& interest) {
    assert(stage_ == Stage::header);
    stage_ = Stage::body;
    header_.close();
    if (wanted_.dkim) dkim_.begin(header_, limits_.dkim, interest, bodies_);
    if (wanted_.arc) arc_.begin(header_, limits_.arc, bodies_);
}

void MessageVerifier::ask_keys(Dns& dns) const {
    assert(stage_ != Stage::header);
    if (wanted_.dkim) dkim_.ask_keys(dns);
    if (wanted_.arc) arc_.ask_keys(dns);
}

void MessageVerifier::end_of_body() {
    assert(stage_ == Stage::body);
    stage_ = Stage::done;
    bodies_.finish();
}

DkimOutcome MessageVerifier::check_dkim(Dns& dns, std::chrono::sys_seconds now, KeyCache& keys) {
    assert(stage_ == Stage::done && wanted_.dkim);
    return dkim_.check(header_, bodies_, dns, now, keys);
}

ArcOutcome MessageVerifier::check_arc(Dns& dns, std::chrono::sys_seconds now, KeyCache& keys) {
    assert(stage_ == Stage::done && wanted_.arc);
    return arc_.check(header_, bodies_, dns, now, keys);
}

}  // namespace exota::authn
