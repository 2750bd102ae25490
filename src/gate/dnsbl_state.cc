#include "gate/dnsbl_state.h"

namespace exota::gate {

using authn::DnsblSays;
using authn::DnsblWorks;

std::string_view name_of(DnsblState::Family family) noexcept { return family == DnsblState::Family::ipv4 ? "ipv4" : "ipv6"; }

void DnsblState::tested(Family family, DnsblWorks works) noexcept {
    OfFamily& state = of(family);
    state.silences = 0;
    switch (works) {
        case DnsblWorks::yes:
            state.use = Use::in_use;
            return;
        case DnsblWorks::lists_all:
        case DnsblWorks::lists_nobody:
            state.use = Use::failed;
            return;
        case DnsblWorks::no_answer:
            if (state.use != Use::failed) state.use = Use::silent;
            return;
        case DnsblWorks::pending:
            return;
    }
}

void DnsblState::said(Family family, DnsblSays says) noexcept {
    counts_[static_cast<std::size_t>(says)].fetch_add(1, std::memory_order_relaxed);
    OfFamily& state = of(family);
    if (says != DnsblSays::no_answer) {
        if (state.silences.load(std::memory_order_relaxed) != 0) state.silences = 0;
    } else if (state.silences.fetch_add(1) + 1 >= most_silences) {
        Use in_use = Use::in_use;
        state.use.compare_exchange_strong(in_use, Use::silent);
    }
}

}  // namespace exota::gate
