// For tests: a world whose DNS is a Zone. Answers come with the next turn of the loop.
#pragma once

#include <algorithm>
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
        if (!silent) call_soon([this, question, answered = std::move(answered)] { answered(zone.answer(question)); });
        return true;
    }
    std::size_t times_asked(authn::RecordType type) const {
        return static_cast<std::size_t>(std::ranges::count(asked, type, &authn::DnsQuestion::type));
    }

    Zone zone{""};
    bool unable = false, silent = false;
    std::vector<authn::DnsQuestion> asked;
};

}  // namespace exota::gate::testing
