// Which of up to millions of IP prefixes contains an address, and until when: for lists of clients that operators and list makers write.
//
// The prefixes of one family are flattened into intervals that do not overlap, each with the prefix above it that is in force longest.
// Their first addresses lie in a tree of nodes of sixteen without pointers: node i of one level is where entry i of the level above points.
//
//   level 0                 [ 0   4096 …  ]                  one node
//   level 1       [ 0  256 … ] [ 4096 … ] …                  node i: between entries i and i + 1 of level 0
//   level 2   [ 0 16 … ] [ 256 … ] …                         all intervals
//
// So a look-up reads one node a level: five levels for a million IPv4 prefixes, three for a thousand. Of a large table the last levels do
// not stay in the processor's cache, and most addresses are in none of its prefixes. So there the beginnings of long prefixes (24 bits of
// IPv4, 48 of IPv6) are noted in blocks of one cache line, and a small tree has the short prefixes: what neither knows is told by reading
// one line.
//
// Immutable once built. Tested by prefix_table_test.cc; bench/doors.cc measures it.
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

    /// A set of beginnings that may say yes for one that it has not, and never no for one that it has.
    class Beginnings {
    public:
        void build(const std::vector<std::uint64_t>& beginnings);
        bool may_have(std::uint64_t beginning) const noexcept;
        std::size_t memory_octets() const noexcept { return blocks_.capacity() * sizeof(Block); }

    private:
        static constexpr std::size_t marks_in_block = 32;
        struct alignas(64) Block {
            std::array<std::uint16_t, marks_in_block> marks{};  // filled from the front; one that is full has everything
        };
        struct Place {
            std::size_t block;
            std::uint16_t mark;  // never 0
        };
        Place place_of(std::uint64_t beginning) const noexcept;

        std::vector<Block> blocks_;
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

    /// The tree of one family, and what is asked before it where it is large.
    template <class Key>
    struct Family {
        static constexpr int begin_bits = sizeof(Key) == sizeof(std::uint32_t) ? 24 : 48;
        static constexpr std::size_t few = 4096;  // whose tree stays in the cache
        static std::uint64_t beginning_of(Key address) noexcept {
            return static_cast<std::uint64_t>(address >> (8 * sizeof(Key) - begin_bits));
        }

        void build(std::vector<Range<Key>> ranges);
        Value find(Key address) const noexcept;
        std::size_t memory_octets() const noexcept;

        Tree<Key> all, short_ones;
        Beginnings of_long_ones;
        bool is_large = false;
    };

    Family<std::uint32_t> v4_;
    Family<Wide> v6_;
    std::size_t size_ = 0;
};

}  // namespace exota::base
