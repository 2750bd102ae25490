// What an inbound door has found out before a message is judged, and hands in as values: what its perimeter says of the client, what its
// directory says of each recipient. Nothing here is asked for by decision/.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace exota::decision {

/// What the perimeter says of a client.
struct ClientStanding {
    enum class Is : std::uint8_t {
        passes,           // not asked, not listed, or nobody answered
        allowed,          // by perimeter.allow_file
        blocked,          // by perimeter.block_file
        listed,           // the DNS lists' score is at or above the threshold
        no_reverse_name,  // perimeter.require_ptr
    };
    Is is = Is::passes;
    std::string list;  // of `listed`: the list of most weight, without what is secret of its name; of `blocked`: may be empty
    std::string text;  // what the list says of the address; made a safe line by whoever replies
    friend bool operator==(const ClientStanding&, const ClientStanding&) = default;
};
std::string_view name_of(ClientStanding::Is is) noexcept;

/// What is known of a recipient's address. Only what is asked of (authoritative domains, where there is a source) is known or unknown.
enum class RecipientIs : std::uint8_t { not_asked, known, unknown, unavailable };
std::string_view name_of(RecipientIs is) noexcept;

/// Of the session so far, this recipient not among them.
struct RecipientCounts {
    std::uint32_t unknown = 0, accepted = 0;
};

struct InboundFacts {
    ClientStanding client;
    /// In the order of Envelope::recipients; fewer: the others were not asked about.
    std::vector<RecipientIs> recipients;
};

}  // namespace exota::decision
