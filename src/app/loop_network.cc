#include "app/loop_network.h"

#include "app/loop_counts.h"
#include "app/loop_recipients.h"
#include "app/loop_tenants.h"
#include "authn/dns_message.h"

namespace exota::app {
authn::DnsAnswer read_answer(const net::RawAnswer& raw, const authn::DnsQuestion& question) {
    if (raw.validation == net::Validation::bogus) return {.status = authn::DnsStatus::bogus};
    if (!raw.answered) return {.status = authn::DnsStatus::temporary_failure};
    authn::DnsAnswer answer = authn::read_dns_message(raw.packet, question);
    answer.secure = raw.validation == net::Validation::secure;
    return answer;
}

LoopNetwork::LoopNetwork(net::Loop& loop, net::ResolverSettings settings, std::function<void(const News&)> tell)
    : loop_(loop), settings_(std::move(settings)), tell_(std::move(tell)) {}

net::Resolver* LoopNetwork::resolver() {
    if (std::exchange(tried_, true)) return resolver_.get();
    auto made = net::Resolver::create(loop_, settings_, &counters_);
    if (!made) {
        tell_({.text = made.error().detail});
        return nullptr;
    }
    resolver_ = std::move(*made);
    resolver_->watch_dnssec([this](const News& news) { tell_(news); });
    return resolver_.get();
}

void LoopNetwork::look_again() {
    if (resolver_) resolver_->look_again();
}

bool LoopNetwork::resolve(const authn::DnsQuestion& question, Answered answered) {
    net::Resolver* const ask = resolver();
    if (ask == nullptr) return false;
    if (ask->in_flight() >= settings_.max_in_flight) {  // nothing is asked, so nobody can be said to be silent
        counters_.questions.add();
        counters_.refused.add();
        return false;
    }
    ask->resolve(question.name, static_cast<std::uint16_t>(question.type),
                 [question, answered = std::move(answered)](const net::RawAnswer& raw) { answered(read_answer(raw, question)); });
    return true;
}

std::shared_ptr<void> LoopNetwork::call_after(std::chrono::milliseconds delay, std::function<void()> late) {
    auto timer = std::make_shared<net::Timer>(loop_);
    timer->start(delay, std::move(late));
    return timer;
}

void LoopNetwork::find(const tenant::Keys& keys, Found found) {
    if (tenants_ == nullptr) return World::find(keys, std::move(found));
    tenants_->find(keys, [this, found = std::move(found)](gate::Tenants tenants) {
        // What is kept is there at once, and whoever asks is called back later.
        loop_.post([found, tenants = std::move(tenants)] { found(tenants); });
    });
}

void LoopNetwork::find_recipient(const tenant::RecipientName& name, const tenant::RecipientRules& rules, FoundRecipient found) {
    if (recipients_ == nullptr) return World::find_recipient(name, rules, std::move(found));
    recipients_->find(name, rules, [this, found = std::move(found)](directory::RecipientLookup::Is is) {
        using enum decision::RecipientIs;
        using Is = directory::RecipientLookup::Is;
        const decision::RecipientIs recipient = is == Is::known ? known : is == Is::unknown ? unknown : unavailable;
        loop_.post([found, recipient] { found(recipient); });  // as those of tenants
    });
}

std::optional<gate::CountAnswer> LoopNetwork::count_at_hand(const gate::Counted& message, const gate::Snapshot& snapshot) {
    if (counts_ != nullptr) return counts_->count_at_hand(message, instant());
    if (tenants_ == nullptr || !snapshot.looks_up) return World::count_at_hand(message, snapshot);
    return tenants_->limits().count(message.tenant_name, message.limits, message.recipients, instant());
}

void LoopNetwork::count(const gate::Counted& message, Passed passed) {
    if (counts_ == nullptr) return World::count(message, std::move(passed));
    counts_->count(message, instant(), std::move(passed));
}

void LoopNetwork::call_soon(std::function<void()> then) { loop_.post(std::move(then)); }

gate::Instant LoopNetwork::instant() { return loop_.now(); }

std::chrono::sys_seconds LoopNetwork::now() { return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()); }

}  // namespace exota::app
