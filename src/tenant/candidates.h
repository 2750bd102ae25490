// Who may become a tenant: author domains that no tenant covers, as mail that can be learned from showed them (decision/sighting.h says
// which mail can). For an operator who brings his customers in; nothing here ever authorises anything.
//
// Bounded, and a forger gains nothing by making up domains. Whoever can send through Exchange Online at all can have as many domains with
// good signatures as he buys, but each tenant id costs him a tenant. So where there is no room, somebody leaves who belongs to the
// tenant id with the most candidates (the one seen least): a flood displaces itself. Of one organisational domain and tenant id there are
// never more than `of_one_group`, so that a wildcard in DNS fills nothing. What a forger *can* do is to redirect a customer's signed
// message through a tenant of his own: then the candidate has an id that is not the customer's. All ids are kept and such a candidate is
// shown as conflicting; whoever turns it into a tenant asks Microsoft (`exota tenant candidates adopt`).
//
// As text, one candidate a line, so that it can be kept in a file and looked at there:
//
//   exota candidates 1
//   DOMAIN ORGANISATIONAL-DOMAIN FIRST-SEEN LAST-SEEN MESSAGES TENANT-IDS ORGANISATIONS SDIDS
//   end COUNT
//
// where times are seconds since 1970 and the last three are "-", or NAME=MESSAGES,NAME=MESSAGES…, with ",+" behind where there were more
// names than are kept.
//
// Tested by candidates_test.cc and fuzz/candidates_fuzz.cc.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "mail/tenant_id.h"

namespace exota::tenant {

/// What one message showed. Domains are canonical.
struct Sighting {
    std::string author_domain;
    std::string organizational_domain;  // the author domain, or what it is below
    std::optional<mail::TenantId> tenant_id;
    std::vector<std::string> organizations;  // each once
    std::vector<std::string> sdids;          // of signatures that passed, the author's among them; each once
};

/// Names of one kind, in the order in which they were first seen.
struct SeenNames {
    struct Name {
        std::string text;
        std::uint64_t messages = 0;
        friend bool operator==(const Name&, const Name&) = default;
    };
    std::vector<Name> names;  // max_names_of_candidate at most
    bool more = false;        // there were others, which were not kept
    friend bool operator==(const SeenNames&, const SeenNames&) = default;
};
inline constexpr std::size_t max_names_of_candidate = 8;

struct Candidate {
    std::string domain, organizational_domain;
    std::chrono::sys_seconds first_seen, last_seen;
    std::uint64_t messages = 0;
    SeenNames tenant_ids, organizations, sdids;

    /// Tenant ids compete: at most one of them is the customer's.
    bool is_conflicting() const noexcept { return tenant_ids.names.size() + (tenant_ids.more ? 1 : 0) > 1; }
    /// The one that most messages named, of several the first; empty: none did.
    std::string_view usual_tenant_id() const noexcept;
    friend bool operator==(const Candidate&, const Candidate&) = default;
};

struct CandidateLimits {
    std::size_t most = 10'000;      // at least 1
    std::size_t of_one_group = 20;  // of one organisational domain and (usual) tenant id; at least 1
};

/// More are not read, whatever the limits are.
inline constexpr std::size_t most_candidates_read = 50'000;

class Candidates {
public:
    explicit Candidates(CandidateLimits limits = {}) : limits_(limits) {}

    struct Noted {
        const Candidate& candidate;  // until the next call
        bool is_new = false;
        bool conflicts_now = false;            // and did not before
        std::optional<std::string> displaced;  // domain of the candidate that left for it
    };
    Noted note(const Sighting& sighting, std::chrono::sys_seconds now);

    /// Removes those of whom `gone` says so. @return  how many.
    template <class Gone>
    std::size_t remove_if(Gone gone) {
        return std::erase_if(by_domain_, [&gone](const auto& entry) { return gone(entry.second); });
    }

    const Candidate* find(const std::string& domain) const;
    std::size_t size() const noexcept { return by_domain_.size(); }
    std::size_t conflicting() const noexcept;
    /// The most seen first.
    std::vector<const Candidate*> by_messages() const;

    std::string text() const;
    /// Of what is above the limits, which may be others than when it was written, those leave that would leave for one more.
    /// @return  invalid_data: not of this form or version, cut short, or with a line that this never writes; in a sentence.
    static base::Result<Candidates> read(std::string_view text, CandidateLimits limits = {});

    friend bool operator==(const Candidates& a, const Candidates& b) { return a.by_domain_ == b.by_domain_; }

private:
    /// Whoever leaves for a candidate of this group; nullopt: there is room.
    std::optional<std::string> who_leaves_for(std::string_view organizational_domain, std::string_view tenant_id) const;

    void make_room();

    CandidateLimits limits_;
    std::map<std::string, Candidate> by_domain_;
};

}  // namespace exota::tenant
