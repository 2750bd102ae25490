// Which names of the header firewall's fields were seen, so that each is kept once: for the collector, field by field.
//
// A message of Microsoft 365 has some twenty such names, and then nothing beats comparing their hashes one after another. A hostile one has
// as many as it may have fields; beyond `few` they are kept in order as well, by hash and then by name, since whoever knows the hash
// can make a thousand names with the same one. So n names cost n log n, whatever they are: 2,000 half of what a search one after another
// takes, 10,000 an eighth, and 100,000, which limits.header_fields allows at most, a quarter of a second instead of five.
//
// Tested by collector_test.cc.
#pragma once

#include <compare>
#include <cstdint>
#include <set>
#include <string_view>
#include <vector>

#include "base/octets.h"
#include "base/text.h"
#include "evidence/evidence.h"

namespace exota::evidence {

class FirewallNames {
public:
    static constexpr std::size_t usual = 24, few = 48;

    /// @param fields  where the names stand: the same ones in each call, in the order of add().
    /// @return the place of `name` among them, without regard to letter case; fields.size() if it is not there.
    std::size_t find(std::string_view name, const std::vector<RemovableField>& fields) {
        const std::uint32_t hash = asked_ = hash_of(name);
        if (order_.empty()) {
            for (std::size_t i = 0; i < hashes_.size(); ++i)
                if (hashes_[i] == hash && base::same_name(fields[i].name, name)) return i;
            return fields.size();
        }
        const auto found = order_.find(Wanted{hash, name, &fields});
        return found == order_.end() ? fields.size() : found->place;
    }

    /// The name that find() was asked for last and did not find; the caller has appended it to `fields`.
    void add(const std::vector<RemovableField>& fields) {
        hashes_.reserve(usual);
        hashes_.push_back(asked_);
        if (hashes_.size() <= few) return;
        for (std::size_t place = order_.size(); place < hashes_.size(); ++place)
            order_.insert({hashes_[place], static_cast<std::uint32_t>(place), &fields});
    }

private:
    struct Place {
        std::uint32_t hash, place;
        const std::vector<RemovableField>* fields;
        std::string_view name() const { return (*fields)[place].name; }
    };
    struct Wanted {
        std::uint32_t hash;
        std::string_view text;
        const std::vector<RemovableField>* fields;
        std::string_view name() const { return text; }
    };
    struct Before {
        using is_transparent = void;
        bool operator()(const auto& a, const auto& b) const {
            return a.hash != b.hash ? a.hash < b.hash : order_of(a.name(), b.name()) < 0;
        }
    };

    /// Some order in which names that differ in letter case alone are equal.
    static std::strong_ordering order_of(std::string_view a, std::string_view b) noexcept {
        if (a.size() != b.size()) return a.size() <=> b.size();
        for (; a.size() >= 8; a.remove_prefix(8), b.remove_prefix(8)) {
            const std::uint64_t x = base::lower_octets(base::first_octets(a)), y = base::lower_octets(base::first_octets(b));
            if (x != y) return x <=> y;
        }
        for (std::size_t i = 0; i < a.size(); ++i)
            if (const char x = base::to_lower(a[i]), y = base::to_lower(b[i]); x != y) return x <=> y;
        return std::strong_ordering::equal;
    }

    /// Of the name in lower case.
    static std::uint32_t hash_of(std::string_view name) noexcept {
        std::uint64_t hash = name.size();
        const auto mix = [&hash](std::uint64_t octets) { hash = (hash ^ octets) * 0x9e3779b97f4a7c15U; };
        const std::string_view last = name.substr(name.size() < 8 ? 0 : name.size() - 8);  // overlaps, which costs less than a loop
        for (; name.size() > 8; name.remove_prefix(8)) mix(base::lower_octets(base::first_octets(name)));
        if (last.size() == 8)
            mix(base::lower_octets(base::first_octets(last)));
        else
            for (const char c : last) mix(static_cast<unsigned char>(base::to_lower(c)));
        return static_cast<std::uint32_t>(hash >> 32);
    }

    std::uint32_t asked_ = 0;            // hash of the last name that find() was asked for
    std::vector<std::uint32_t> hashes_;  // of all names, by place
    std::set<Place, Before> order_;      // the same names; empty while they are few
};

}  // namespace exota::evidence
