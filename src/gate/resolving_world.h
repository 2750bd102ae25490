// For tests: a world whose DNS is a Zone. Answers come with the next turn of the loop; those of a source of tenants when the test says so.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gate/still_world.h"
#include "gate/zone_fixture.h"

namespace exota::gate::testing {

class ResolvingWorld : public StillWorld {
public:
    bool resolve(const authn::DnsQuestion& question, Answered answered) override {
        asked.push_back(question);
        if (unable) return false;
        if (!silent && asked.size() <= answers && silent_for != question.type)
            call_soon([this, question, answered = std::move(answered)] { answered(zone.answer(question)); });
        return true;
    }
    std::optional<Tenants> tenants_at_hand(const evidence::Evidence& evidence, const Snapshot& snapshot) override {
        return tenants_elsewhere ? std::nullopt : StillWorld::tenants_at_hand(evidence, snapshot);
    }
    void find(const tenant::Keys&, Found found) override { tenants_asked.push_back(std::move(found)); }
    void find_recipient(const tenant::RecipientName& name, const tenant::RecipientRules&, FoundRecipient found) override {
        recipients_asked.emplace_back(name.text(), std::move(found));
    }
    std::size_t times_asked(authn::RecordType type) const {
        return static_cast<std::size_t>(std::ranges::count(asked, type, &authn::DnsQuestion::type));
    }

    Zone zone{""};
    bool unable = false, silent = false;
    std::optional<authn::RecordType> silent_for;
    std::size_t answers = ~std::size_t{0};  // then it is silent
    std::vector<authn::DnsQuestion> asked;
    bool tenants_elsewhere = false;    // a source has to be asked for them
    std::vector<Found> tenants_asked;  // by whom
    std::vector<std::pair<std::string, FoundRecipient>> recipients_asked;
};

}  // namespace exota::gate::testing
