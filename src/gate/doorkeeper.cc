#include "gate/doorkeeper.h"

#include <cassert>
#include <chrono>
#include <string>
#include <utility>

#include "decision/judge_inbound.h"
#include "decision/recipient_step.h"
#include "decision/reply.h"
#include "evidence/collector.h"
#include "gate/door_lists.h"
#include "gate/judge.h"
#include "gate/world.h"

namespace exota::gate {
namespace {

/// Of directories, for one recipient; then it is put off. Sendmail waits ten seconds for a milter's word on a command (Postfix thirty).
constexpr std::chrono::seconds recipient_deadline{8};

std::optional<base::IpAddress> address_of(const evidence::Session& session) {
    const base::IpAddress* const address = evidence::value_of(session.client.address);
    return address == nullptr ? std::nullopt : std::optional(*address);
}

/// Exists everywhere, so it tells nothing about whoever names it.
bool is_postmaster(std::string_view recipient, const tenant::RecipientRules& rules) {
    const auto name = tenant::RecipientName::parse(recipient, rules);
    return name && name->is_postmaster(rules);
}

/// Why a message that this recipient is let in with would not be held for it; empty: it would be.
std::string why_unheld(HoldQueue hold_queue, std::string_view recipient, const Doorkeeper::Ahead& ahead) {
    if (hold_queue == HoldQueue::none) return std::string(decision::no_hold_queue);
    if (recipient.size() > evidence::max_path_octets)
        return "; of more than " + std::to_string(evidence::max_path_octets) + " octets it cannot be held with its message";
    if (ahead.collected.at_mail().envelope.recipients.size() + ahead.open < evidence::max_recipients_kept) return {};
    return "; behind " + std::to_string(evidence::max_recipients_kept) + " others it cannot be held with its message";
}

/// One that was let through because its message would be held, and will not be. Without a hold queue the others' message would be put
/// off with it, each time; behind too many, its sender says it again, and then it is among fewer.
void put_off(decision::Decision& refusal, const std::string& why, const decision::Rules& rules) {
    refusal.verdict = decision::Verdict::tempfail;
    refusal.header_edits.clear();
    refusal.why += why;
    decision::Explanation& explanation = refusal.inbound->explanation;
    explanation.text += why;
    explanation.code = 0;  // 421 would end the session, and the message to the others with it
    decision::render_reply(refusal, explanation, {}, rules);
}

}  // namespace

std::optional<decision::RecipientIs> recipient_at_hand(std::string_view recipient, const tenant::Index& tenants, const DoorLists* lists) {
    using enum decision::RecipientIs;
    if (lists == nullptr || (!lists->recipients && !lists->ask_recipients)) return not_asked;
    if (decision::recipient_type(recipient, tenants) != tenant::RecipientType::authoritative) return not_asked;
    const auto name = tenant::RecipientName::parse(recipient, lists->recipient_rules);
    if (!name) return unknown;
    if (lists->recipients) return lists->recipients->knows(*name, lists->recipient_rules) ? known : unknown;
    return name->is_postmaster(lists->recipient_rules) ? std::optional(known) : std::nullopt;
}

void find_recipient(World& world, std::string_view recipient, const DoorLists& lists, std::function<void(decision::RecipientIs)> found) {
    const auto name = tenant::RecipientName::parse(recipient, lists.recipient_rules);
    assert(name);
    world.find_recipient(*name, lists.recipient_rules, std::move(found));
}

Doorkeeper::Doorkeeper(Judge& judge, const FrontEnd& front, const std::function<void()>& wake)
    : judge_(judge), front_(front), wake_(wake) {}
Doorkeeper::~Doorkeeper() = default;

bool Doorkeeper::ask(const evidence::Session& session) {
    const auto address = address_of(session);
    if (!check_ || address != address_) {
        address_ = address;
        counts_ = {};
        check_ = std::make_unique<ClientCheck>(judge_.world(), judge_.current(), session, wake_);
    }
    return check_->ask();
}

bool Doorkeeper::ask_recipient(std::string_view recipient) {
    if (asked_ == recipient && !is_at_hand_) return recipient_.has_value();
    forget_recipient();
    asked_ = recipient;
    in_force_ = judge_.current();
    static const evidence::Evidence nothing;  // all that may be at hand is a snapshot's
    World& world = judge_.world();
    tenants_ = world.tenants_at_hand(nothing, *in_force_);
    const bool are_at_hand = tenants_.has_value();
    const tenant::Keys keys = are_at_hand ? tenant::Keys() : decision::keys_of_recipient(recipient);
    if (!tenants_ && keys == tenant::Keys()) tenants_ = Tenants(Tenants::none);
    asking_ = std::make_shared<int>();
    if (tenants_ && look_up_recipient()) {
        is_at_hand_ = are_at_hand;
        asking_.reset();
        return true;
    }
    timer_ = world.call_after(recipient_deadline, [this] { is_out_of_time(); });
    if (!tenants_)
        world.find(keys, [this, weak = std::weak_ptr(asking_)](Tenants found) {
            if (!weak.expired()) answered(std::move(found));
        });
    return false;
}

bool Doorkeeper::look_up_recipient() {
    const tenant::Index* const tenants = index();
    recipient_ = tenants == nullptr ? decision::RecipientIs::not_asked : recipient_at_hand(*asked_, *tenants, in_force_->door.get());
    if (recipient_) return true;
    find_recipient(judge_.world(), *asked_, *in_force_->door, [this, weak = std::weak_ptr(asking_)](decision::RecipientIs found) {
        if (!weak.expired()) answered(found);
    });
    return false;
}

void Doorkeeper::forget_recipient() noexcept {
    asked_.reset();
    tenants_.reset();
    recipient_.reset();
    in_force_.reset();
    asking_.reset();
    timer_.reset();
    is_at_hand_ = false;
}

void Doorkeeper::answered(Tenants tenants) {
    tenants_ = std::move(tenants);
    if (look_up_recipient()) answered(*recipient_);
}

void Doorkeeper::answered(decision::RecipientIs recipient) {
    asking_.reset();
    timer_.reset();  // which may be what calls
    recipient_ = recipient;
    wake_();
}

void Doorkeeper::is_out_of_time() {
    using enum decision::RecipientIs;
    const bool are_known = tenants_.has_value();
    if (!are_known) tenants_ = Tenants(Tenants::unknown);
    answered(are_known ? unavailable : not_asked);
}

const tenant::Index* Doorkeeper::index() const noexcept {
    static const tenant::Index nobody;
    if (!tenants_ || tenants_->is(Tenants::unknown)) return nullptr;
    return tenants_->is(Tenants::yes) ? (*tenants_)->get() : &nobody;
}

std::optional<decision::Decision> Doorkeeper::refuse_client(const evidence::Session& session) const {
    const decision::Rules& rules = judge_.current()->rules;
    if (!rules.inbound) return std::nullopt;
    return decision::refuse_client(session, rules, client());
}

std::optional<decision::Decision> Doorkeeper::judge_recipient(const evidence::Session& session, std::string_view recipient,
                                                              decision::RecipientIs is, const Ahead& ahead) const {
    const Snapshot& snapshot = *in_force_;
    if (!snapshot.rules.inbound) return std::nullopt;
    auto refusal = decision::refuse_recipient(session, recipient, is, counts_, index(), snapshot.rules);
    if (refusal && tenants_of(snapshot) == TenantsAre::stale) {
        evidence::Evidence evidence;
        evidence.session = session;
        decision::defer_foreign_recipients(*refusal, evidence, snapshot.rules);
    }
    if (!refusal) return std::nullopt;
    const bool is_to_be_held = std::exchange(refusal->quarantine, false);  // there is nothing to hold before the message
    if (!is_to_be_held) return refusal;
    if (const std::string why = why_unheld(front_.hold_queue, recipient, ahead); !why.empty()) put_off(*refusal, why, snapshot.rules);
    return refusal;
}

std::optional<decision::Decision> Doorkeeper::refuse_recipient(const evidence::Session& session, std::string_view recipient,
                                                               const Ahead& ahead) {
    assert(recipient_ && asked_ == recipient);
    const decision::RecipientIs is = *recipient_;
    auto refusal = judge_recipient(session, recipient, is, ahead);
    // Where the mode lets refused mail pass, a client that guesses may go on: it is told of once, not for each guess.
    if (refusal && refusal->verdict == decision::Verdict::accept && refusal->reason == decision::Reason::too_many_unknown &&
        counts_.unknown > in_force_->rules.inbound->max_unknown)
        refusal.reset();
    if (is == decision::RecipientIs::unknown) ++counts_.unknown;
    if (!refusal && is == decision::RecipientIs::known && !is_postmaster(recipient, in_force_->door->recipient_rules))
        ++counts_.accepted;  // who guesses knows of him
    asked_.reset();          // the rest stays for report()
    return refusal;
}

bool Doorkeeper::would_refuse(const evidence::Session& session, std::string_view recipient, const Ahead& ahead) const {
    assert(recipient_ && asked_ == recipient);
    const auto refusal = judge_recipient(session, recipient, *recipient_, ahead);
    return refusal && refusal->verdict != decision::Verdict::accept;
}

bool Doorkeeper::is_trusted(const evidence::Session& session) const {
    const decision::Rules& rules = judge_.current()->rules;
    return rules.inbound && decision::is_trusted_client(session, rules);
}

void Doorkeeper::report(const decision::Decision& refusal, const evidence::Evidence& evidence, Stage stage,
                        const Delivery& delivery) const {
    const Snapshot& snapshot = stage == Stage::recipient && in_force_ ? *in_force_ : *judge_.current();
    judge_.observer().judged(Judged{refusal, evidence, snapshot, {}, front_, stage, delivery});
}

}  // namespace exota::gate
