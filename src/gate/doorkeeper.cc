#include "gate/doorkeeper.h"

#include <utility>

#include "decision/judge_inbound.h"
#include "gate/door_lists.h"
#include "gate/judge.h"

namespace exota::gate {
namespace {

std::optional<base::IpAddress> address_of(const evidence::Session& session) {
    const base::IpAddress* const address = evidence::value_of(session.client.address);
    return address == nullptr ? std::nullopt : std::optional(*address);
}

}  // namespace

decision::RecipientIs recipient_is(std::string_view recipient, const tenant::Index& tenants, const DoorLists* lists) {
    using enum decision::RecipientIs;
    if (lists == nullptr || !lists->recipients) return not_asked;
    if (decision::recipient_type(recipient, tenants) != tenant::RecipientType::authoritative) return not_asked;
    const auto name = tenant::RecipientName::parse(recipient, lists->recipient_rules);
    return name && lists->recipients->knows(*name, lists->recipient_rules) ? known : unknown;
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

std::optional<decision::Decision> Doorkeeper::refuse_client(const evidence::Session& session) const {
    const decision::Rules& rules = judge_.current()->rules;
    if (!rules.inbound) return std::nullopt;
    return decision::refuse_client(session, rules, client());
}

decision::RecipientIs Doorkeeper::look_up(std::string_view recipient) const {
    const Snapshot& snapshot = *judge_.current();
    if (!snapshot.tenants) return decision::RecipientIs::not_asked;
    return recipient_is(recipient, *snapshot.tenants, snapshot.door.get());
}

std::optional<decision::Decision> Doorkeeper::judge_recipient(const evidence::Session& session, std::string_view recipient,
                                                              decision::RecipientIs is) const {
    const Snapshot& snapshot = *judge_.current();
    if (!snapshot.rules.inbound) return std::nullopt;
    return decision::refuse_recipient(session, recipient, is, counts_, snapshot.tenants.get(), snapshot.rules);
}

std::optional<decision::Decision> Doorkeeper::refuse_recipient(const evidence::Session& session, std::string_view recipient) {
    const decision::RecipientIs is = look_up(recipient);
    auto refusal = judge_recipient(session, recipient, is);
    if (is == decision::RecipientIs::unknown) ++counts_.unknown;
    if (!refusal && is != decision::RecipientIs::unknown) ++counts_.accepted;
    return refusal;
}

bool Doorkeeper::would_refuse(const evidence::Session& session, std::string_view recipient) const {
    return judge_recipient(session, recipient, look_up(recipient)).has_value();
}

void Doorkeeper::report(const decision::Decision& refusal, const evidence::Evidence& evidence, Stage stage,
                        const Delivery& delivery) const {
    judge_.observer().judged(Judged{refusal, evidence, *judge_.current(), {}, front_, stage, delivery});
}

}  // namespace exota::gate
