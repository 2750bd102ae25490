#include "gate/verification.h"

#include "authn/arc.h"
#include "authn/dmarc.h"
#include "authn/iprev.h"
#include "authn/spf.h"
#include "base/text.h"
#include "decision/keys.h"
#include "decision/own_verification.h"
#include "decision/sighting.h"
#include "mail/author.h"

namespace exota::gate {
namespace {

using evidence::DkimResult;

DkimResult::Value value_of(authn::DkimValue value) noexcept {
    switch (value) {
        case authn::DkimValue::pass:
            return DkimResult::Value::pass;
        case authn::DkimValue::fail:
            return DkimResult::Value::fail;
        case authn::DkimValue::permerror:
            return DkimResult::Value::permerror;
        case authn::DkimValue::neutral:
            return DkimResult::Value::neutral;
        case authn::DkimValue::policy:
            return DkimResult::Value::policy;
        case authn::DkimValue::temperror:
            break;
    }
    return DkimResult::Value::temperror;
}

DkimResult result_of(const authn::DkimSignatureResult& signature) {
    DkimResult result{.value = value_of(signature.value), .source = evidence::Source::own_verification, .counts = signature.counts};
    if (auto sdid = mail::Domain::parse(signature.sdid)) result.sdid = std::move(*sdid);
    result.detail = signature.value == authn::DkimValue::pass ? signature.detail : signature.reason;
    return result;
}

/// A result that stands for what could not be looked at: of no domain, so it may be any.
DkimResult unknown_dkim(std::string detail) {
    return {
        .value = DkimResult::Value::temperror, .source = evidence::Source::own_verification, .counts = false, .detail = std::move(detail)};
}

evidence::SpfValue value_of(authn::SpfValue value) noexcept {
    static_assert(static_cast<int>(authn::SpfValue::permerror) == static_cast<int>(evidence::SpfValue::permerror));
    return static_cast<evidence::SpfValue>(value);
}

/// One round: each check where it is wanted, in the order in which they build on each other.
class Round {
public:
    Round(evidence::Evidence& evidence, MessageHashing* message, const decision::Rules& rules, authn::Dns& dns,
          std::chrono::sys_seconds now, authn::KeyCache& keys)
        : evidence_(evidence), message_(message), rules_(rules), dns_(dns), now_(now), keys_(keys) {}

    /// @return true: something waits for an answer, and is a temporary error until then.
    bool run(const decision::Wanted& wanted) {
        evidence_.verification = {};
        pending_ = false;
        if (wanted.dkim) check_dkim();
        if (wanted.spf || wanted.dmarc) check_spf();
        if (wanted.arc) check_arc();
        if (wanted.dmarc) check_dmarc(wanted.published);
        if (wanted.iprev) check_iprev();
        return pending_;
    }

    /// The same, and leaves out what waits for an answer: nobody will ask.
    void run_without_pending(const decision::Wanted& wanted) {
        leaves_out_pending_ = true;
        run(wanted);
    }

private:
    bool is_complete() const noexcept { return message_ != nullptr && message_->is_complete(); }
    bool leaves_out(bool pending) const noexcept { return pending && leaves_out_pending_; }

    void check_dkim() {
        auto& results = evidence_.verification.dkim.emplace();
        if (!is_complete()) return results.push_back(unknown_dkim(std::string(evidence::connection_without_bodies)));
        const authn::DkimOutcome outcome = message_->verifier().check_dkim(dns_, now_, keys_);
        pending_ |= outcome.pending;
        for (const authn::DkimSignatureResult& signature : outcome.signatures)
            if (!leaves_out(signature.pending)) results.push_back(result_of(signature));
        if (outcome.incomplete) results.push_back(unknown_dkim(std::string(header_above_limit)));
        if (results.empty() && !outcome.signatures.empty()) evidence_.verification.dkim.reset();
    }

    void check_spf() {
        const auto* address = evidence::value_of(evidence_.session.client.address);
        auto& spf = evidence_.verification.spf.emplace();
        if (address == nullptr) return;  // a local client: nothing that SPF speaks of
        const authn::SpfResult result = authn::check_spf({.ip = *address,
                                                          .helo = evidence_.session.helo,
                                                          .mail_from = evidence_.envelope.reverse_path,
                                                          .now = now_.time_since_epoch().count()},
                                                         dns_);
        pending_ |= result.pending;
        if (leaves_out(result.pending)) return evidence_.verification.spf.reset();
        spf.value = result.pending ? evidence::SpfValue::temperror : value_of(result.value);
        if (auto domain = mail::Domain::parse(result.domain)) spf.domain = std::move(*domain);
        spf.detail = result.detail;
    }

    void check_arc() {
        auto& arc = evidence_.verification.arc.emplace();
        if (!is_complete()) {
            arc.value = evidence::ArcValue::temperror;
            arc.detail = evidence::connection_without_bodies;
            return;
        }
        authn::ArcOutcome outcome = message_->verifier().check_arc(dns_, now_, keys_);
        pending_ |= outcome.pending;
        if (leaves_out(outcome.pending)) return evidence_.verification.arc.reset();
        arc = decision::meaning_of(std::move(outcome));
    }

    void check_dmarc(bool published) {
        auto& dmarc = evidence_.verification.dmarc.emplace();
        const mail::Mailbox* const author = value_of(evidence_.header.author);
        if (author == nullptr) return;  // refused before any proof is looked at
        authn::DmarcQuery query = decision::dmarc_query(author->domain, evidence_.verification, rules_);
        query.align_without_record = published;
        const authn::DmarcResult result = authn::check_dmarc(query, dns_);
        pending_ |= result.pending;
        if (leaves_out(!decision::is_certain(result, pending_))) return evidence_.verification.dmarc.reset();
        dmarc = decision::meaning_of(result, {.body_came = is_complete(), .published = published});
    }

    void check_iprev() {
        const auto* address = evidence::value_of(evidence_.session.client.address);
        if (address == nullptr) return;
        const authn::IprevResult result = authn::check_iprev(*address, dns_);
        pending_ |= result.pending;
        if (!leaves_out(result.pending)) evidence_.verification.iprev = decision::meaning_of(result);
    }

    evidence::Evidence& evidence_;
    MessageHashing* message_;
    const decision::Rules& rules_;
    authn::Dns& dns_;
    std::chrono::sys_seconds now_;
    authn::KeyCache& keys_;
    bool pending_ = false;
    bool leaves_out_pending_ = false;
};

}  // namespace

MessageHashing::MessageHashing(const Snapshot& snapshot, Body body)
    : MessageHashing(snapshot, body, {.dkim = true, .arc = !snapshot.rules.arc_trusted_sealers.empty()}) {}

MessageHashing::MessageHashing(const Snapshot& snapshot, Body body, authn::MessageVerifier::Wanted checks)
    : snapshot_(&snapshot),
      body_is_coming_(body == Body::comes),
      verifier_(
          authn::VerifyLimits{
              .header = {.max_octets = snapshot.limits.header_octets, .max_fields = snapshot.limits.header_fields}, .dkim = {}, .arc = {}},
          checks) {}

void MessageHashing::header_field(std::string_view name, std::string_view value) {
    if (!in_header_) return;
    verifier_.header_field(name, value);
    if (!snapshot_->looks_up || !base::iequals(name, "From")) return;
    if (const auto mailbox = mail::parse_single_mailbox(value)) author_domain_ = mailbox->domain.text();
}

void MessageHashing::end_of_header() {
    in_header_ = false;
    const tenant::Index* tenants = snapshot_->tenants.get();
    verifier_.end_of_header([this, tenants](std::string_view sdid) {
        const bool is_served = tenants != nullptr ? tenants->covering(sdid) || tenants->with_dkim_domain(sdid)
                                                  : decision::is_likely_sdid(sdid, author_domain_, snapshot_->rules);
        return is_served ? authn::Interest::first : authn::Interest::later;
    });
}

void MessageHashing::body(std::string_view chunk) {
    if (in_header_) end_of_header();
    verifier_.body(chunk);
}

void MessageHashing::end_of_message() {
    if (in_header_) end_of_header();
    verifier_.end_of_body();
}

bool verify_round(evidence::Evidence& evidence, MessageHashing* message, const decision::Rules& rules, const tenant::Index* tenants,
                  authn::Dns& dns, std::chrono::sys_seconds now, authn::KeyCache& keys) {
    evidence.verification = {};
    const decision::Wanted wanted = decision::wanted(evidence, tenants, rules);
    Round round(evidence, message, rules, dns, now, keys);
    if (!round.run(wanted)) return false;
    // What is known may suffice: one good signature needs no word about the other forty-nine, and where none of fifty could count,
    // nobody need be asked.
    if (decision::decide(evidence, tenants, rules).may_change || decision::may_become_a_sighting(evidence, tenants, rules)) return true;
    round.run_without_pending(wanted);
    return false;
}

bool verify_inbound_round(evidence::Evidence& evidence, MessageHashing* message, const decision::Rules& rules, const tenant::Index* tenants,
                          const decision::InboundFacts& facts, authn::Dns& dns, std::chrono::sys_seconds now, authn::KeyCache& keys) {
    evidence.verification = {};
    const decision::Wanted wanted = decision::wanted_inbound(evidence, tenants, rules, facts);
    Round round(evidence, message, rules, dns, now, keys);
    if (!round.run(wanted)) return false;
    if (decision::judge_inbound(evidence, tenants, rules, facts).may_change) return true;
    round.run_without_pending(wanted);
    return false;
}

bool verify_round(evidence::Evidence& evidence, MessageHashing& message, const decision::Rules& rules, authn::Dns& dns,
                  std::chrono::sys_seconds now, authn::KeyCache& keys, const decision::Wanted& wanted) {
    return Round(evidence, &message, rules, dns, now, keys).run(wanted);
}

}  // namespace exota::gate
