#include "gate/reverse_name.h"

#include <utility>

#include "base/text.h"
#include "wire/smtp/path.h"

namespace exota::gate {

using authn::DnsAnswer;
using authn::DnsQuestion;
using authn::DnsStatus;
using authn::RecordType;

std::string reverse_question(const base::IpAddress& address) {
    const auto& octets = address.octets();
    std::string name;
    if (address.is_v4()) {
        for (std::size_t i = octets.size(); i > octets.size() - 4; --i) name.append(std::to_string(octets[i - 1])).append(".");
        return name + "in-addr.arpa";
    }
    constexpr std::string_view digits = "0123456789abcdef";
    for (std::size_t i = octets.size(); i > 0; --i) {
        name.append(1, digits[octets[i - 1] & 15]).append(".");
        name.append(1, digits[octets[i - 1] >> 4]).append(".");
    }
    return name + "ip6.arpa";
}

/// What call-backs of the world hold weakly.
struct ReverseName::Lookup : std::enable_shared_from_this<Lookup> {
    Lookup(World& of_loop, std::optional<base::IpAddress> of, std::function<void()> when_settled)
        : world(of_loop), address(std::move(of)), settled(std::move(when_settled)) {
        if (!address) state = State::none;
    }

    void ask() {
        state = State::asking;
        if (!resolve({reverse_question(*address), RecordType::ptr}, [](Lookup& of, const DnsAnswer& answer) { of.named(answer); })) {
            state = State::failed;
            return;
        }
        timer = world.call_after(deadline, [weak = weak_from_this()] {
            if (const auto late = weak.lock()) late->settle(State::failed);
        });
    }

    template <class Then>
    bool resolve(const DnsQuestion& question, Then then) {
        return world.resolve(question, [weak = weak_from_this(), then](const DnsAnswer& answer) {
            if (const auto asked = weak.lock(); asked && asked->state == State::asking) then(*asked, answer);
        });
    }

    void named(const DnsAnswer& answer) {
        if (answer.status != DnsStatus::data) return settle(is_known(answer.status) ? State::none : State::failed);
        for (const std::string& record : answer.records) {
            std::string claimed = base::lower(record);
            if (!smtp::is_domain_name(claimed)) continue;
            if (asked == max_names) {
                unknown = true;  // it might lead back
                break;
            }
            ++asked;
            const DnsQuestion question{claimed, address->is_v4() ? RecordType::a : RecordType::aaaa};
            const bool is_asked = resolve(question, [claimed = std::move(claimed)](Lookup& of, const DnsAnswer& addresses) {
                --of.outstanding;
                of.confirm(claimed, addresses);
            });
            if (is_asked)
                ++outstanding;
            else
                unknown = true;
        }
        if (outstanding == 0) settle(unknown ? State::failed : State::none);
    }

    void confirm(const std::string& claimed, const DnsAnswer& addresses) {
        const std::size_t octets = address->is_v4() ? 4 : 16;
        const auto& all = address->octets();
        const std::string own(all.end() - static_cast<std::ptrdiff_t>(octets), all.end());
        if (addresses.status == DnsStatus::data)
            for (const std::string& record : addresses.records)
                if (record == own) {
                    name = claimed;
                    return settle(State::known);
                }
        unknown |= !is_known(addresses.status);
        if (outstanding == 0) settle(unknown ? State::failed : State::none);
    }

    static bool is_known(DnsStatus status) noexcept { return status != DnsStatus::temporary_failure && status != DnsStatus::bogus; }

    void settle(State with) {
        state = with;
        timer.reset();
        settled();
    }

    World& world;
    std::optional<base::IpAddress> address;
    std::function<void()> settled;
    std::shared_ptr<void> timer;
    State state = State::unasked;
    std::string name;
    std::size_t asked = 0, outstanding = 0;  // names
    bool unknown = false;                    // of some of them DNS did not say
};

ReverseName::ReverseName(World& world, const std::optional<base::IpAddress>& address, std::function<void()> settled)
    : lookup_(std::make_shared<Lookup>(world, address, std::move(settled))) {}
ReverseName::~ReverseName() = default;

void ReverseName::ask() {
    if (lookup_->state == State::unasked) lookup_->ask();
}

ReverseName::State ReverseName::state() const noexcept { return lookup_->state; }
std::string_view ReverseName::name() const noexcept { return lookup_->name; }

}  // namespace exota::gate
