// Which of up to millions of IP prefixes contains an address, and until when: for lists of clients that operators and list makers write.
//
// The prefixes of one family are flattened into intervals that do not overlap, each with the prefix above it that is in force longest.
// Their first addresses lie in a tree of nodes of sixteen without pointers: node i of one level is where entry i of the level above points.
//
//   level 0                 [ 0   4096 …  ]                  one node
//   level 1       [ 0  256 … ] [ 4096 … ] …                  node i: between entries i and i + 1 of level 0
//   level 2   [ 0 16 … ] [ 256 … ] …                         all intervals
//
// So a look-up reads one node a level: five levels for a million IPv4 prefixes, three for a thousand, and all but the last stay in the
// processor's cache.
//
// Immutable once built. Tested by prefix_table_test.cc; bench/prefixes.cc measures it.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "base/ip.h"

namespace exota::base {

class PrefixTable {
public:
    static constexpr std::chrono::sys_days forever{std::chrono::days{std::numeric_limits<std::int32_t>::max()}};

    struct Entry {
        IpPrefix prefix;
        std::uint32_t line = 0;                    // where it was written, for people
        std::chrono::sys_days last_day = forever;  // on which it is in force
    };
    struct Match {
        std::uint32_t line = 0;
        friend bool operator==(const Match&, const Match&) = default;
    };

    /// Contains nothing.
    PrefixTable() = default;
    /// @param entries  in any order; one prefix may be there several times. At most 2^30.
    explicit PrefixTable(std::vector<Entry> entries);

    /// @param today  entries whose last day is before it are none.
    /// @return  of the entries that contain the address the one in force longest, of equals the most specific.
    std::optional<Match> find(const IpAddress& address, std::chrono::sys_days today) const noexcept;

    /// Entries that it was built of.
    std::size_t size() const noexcept { return size_; }
    std::size_t memory_octets() const noexcept;

private:
    __extension__ using Wide = unsigned __int128;

    static constexpr std::size_t node_size = 16;
    static constexpr std::int32_t never = std::numeric_limits<std::int32_t>::min();

    /// What holds in an interval: the line, and the last day since 1970.
    struct Value {
        std::uint32_t line = 0;
        std::int32_t last_day = never;  // never: no prefix contains these addresses
        friend bool operator==(const Value&, const Value&) = default;
    };
    template <class Key>
    struct Range {
        Key first, last;
        Value value;
    };

    template <class Key>
    class Tree {
    public:
        /// @param ranges  nested or apart, as prefixes are.
        void build(std::vector<Range<Key>> ranges);
        Value find(Key address) const noexcept;
        std::size_t memory_octets() const noexcept;

    private:
        void add(Key first, Value value);
        /// Puts the levels above the lowest one.
        void grow();

        std::vector<std::vector<Key>> levels_;  // from the top; each filled up to whole nodes with the highest key
        std::vector<Value> values_;             // of the lowest level's entries that count
    };

    Tree<std::uint32_t> v4_;
    Tree<Wide> v6_;
    std::size_t size_ = 0;
};

}  // namespace exota::base
