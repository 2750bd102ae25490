// Names to tenants, compactly: a million domains in tens of megabytes.
//
//   slots (open addressing, 8 octets each)         arena (pieces of up to 1 MiB, never moved)
//   ┌──────────────┬───────┐                       … │ policy │ tenant │ length │ c o n t o s o . c o m │ …
//   │ fingerprint  │  ref ─┼───────────────────────────────────────────▲
//   └──────────────┴───────┘                          4 octets  4        1
//
// The fingerprint is half of the hash: it gives the place in the table, so growing reads no names, and it keeps almost every other
// name from being looked at. What belongs to a name lies right before it, so a look-up that succeeds touches one slot and one name.
// A name has a tenant before it, and a policy before that only if it has one of its own (index_tables.h).
//
// A table is in shards by the first octet of the fingerprint. Each grows by itself, within a processor's cache, so that memory while
// loading is hardly more than after it. The slots of a shard are sorted: a slot's home is the share of the shard that its fingerprint is
// of all fingerprints, and it stands there or, where that is taken, behind it. So a look-up that fails ends early, and growing is one
// walk from slot to slot.
//
// A few names cost little: a table begins as one shard, and the first pieces of an arena are small (an index of the tenants that one
// message asks for has a few names).
//
// The hash has a key, which whoever loads a file draws for it (directory/tenants_file_source.h). Without one, who may put many names
// into the file (a customer of the operator, say) could choose k of them with one fingerprint: a look-up of that fingerprint would cost
// up to k comparisons of names, loading them k² / 2, and whoever writes mail could name them again and again.
//
// Internal to this folder. Tested by name_table_test.cc and index_test.cc.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/hash.h"

namespace exota::tenant {

/// Where the length of a name lies in the arena; 0 is nowhere.
using NameRef = std::uint32_t;

class NameArena {
public:
    static constexpr std::size_t piece_octets = std::size_t{1} << 20;
    static constexpr std::size_t max_name_octets = 255;
    /// Before the pieces of piece_octets: 1, 8, 64 and 512 KiB. Each has a MiB of NameRefs all the same.
    static constexpr std::size_t small_pieces = 4;
    static constexpr std::size_t max_pieces = 4095 - small_pieces;  // a NameRef has 32 bits

    /// @param most_pieces  of piece_octets.
    explicit NameArena(std::size_t most_pieces = max_pieces) noexcept : most_pieces_(most_pieces + small_pieces) {}

    /// Stores `name` behind `words` (at most two) and its length.
    /// @return 0 when the arena is full or the name longer than max_name_octets.
    NameRef add(std::string_view name, std::initializer_list<std::uint32_t> words) {
        const std::size_t word_octets = words.size() * sizeof(std::uint32_t), octets = word_octets + 1 + name.size();
        if (name.size() > max_name_octets) return 0;
        if (octets > end_ - used_ && !add_piece()) return 0;
        const auto ref = static_cast<NameRef>((pieces_.size() - 1) * piece_octets + used_ + word_octets);
        char* to = pieces_.back().get() + used_;
        for (const std::uint32_t word : words) {
            std::memcpy(to, &word, sizeof word);
            to += sizeof word;
        }
        *to = static_cast<char>(name.size());
        name.copy(to + 1, name.size());
        used_ += octets;
        return ref;
    }

    std::string_view name(NameRef ref) const noexcept {
        if (ref == 0) return {};
        const char* at = where(ref);
        return {at + 1, static_cast<unsigned char>(*at)};
    }
    /// The word stored last before the length (`back` 1) or the one before it (2).
    std::uint32_t word(NameRef ref, std::size_t back) const noexcept {
        std::uint32_t value = 0;
        std::memcpy(&value, where(ref) - back * sizeof value, sizeof value);
        return value;
    }
    void set_word(NameRef ref, std::size_t back, std::uint32_t value) noexcept {
        std::memcpy(pieces_[ref / piece_octets].get() + ref % piece_octets - back * sizeof value, &value, sizeof value);
    }
    std::size_t octets() const noexcept { return octets_; }

private:
    static constexpr std::size_t room_of(std::size_t piece) noexcept {
        return piece < small_pieces ? std::size_t{1024} << 3 * piece : piece_octets;
    }
    bool add_piece() {
        if (pieces_.size() >= most_pieces_) return false;
        const std::size_t room = room_of(pieces_.size());
        pieces_.push_back(std::make_unique_for_overwrite<char[]>(room));
        octets_ += room;
        end_ = room;
        used_ = 1;  // so that no NameRef is 0
        return true;
    }
    const char* where(NameRef ref) const noexcept { return pieces_[ref / piece_octets].get() + ref % piece_octets; }

    std::vector<std::unique_ptr<char[]>> pieces_;
    std::size_t used_ = 0, end_ = 0;  // octets of the last piece
    std::size_t octets_ = 0;          // of all pieces
    std::size_t most_pieces_;
};

/// A name whose hash is known, so that it is computed once for several tables of the same key.
struct HashedName {
    HashedName(std::string_view name, const base::HashKey& key) noexcept
        : HashedName(name, static_cast<std::uint32_t>(base::hash_of(name, key) >> 32)) {}
    /// @param known  the fingerprint of the same name, under the same key.
    HashedName(std::string_view name, std::uint32_t known) noexcept : text(name), fingerprint(known) {}

    std::string_view text;
    std::uint32_t fingerprint;
};

class NameTable {
    struct Slot;

public:
    /// Where a name would be inserted; good until the table changes.
    class Place {
    public:
        Place() noexcept : slot_(nullptr) {}

    private:
        friend NameTable;
        Slot* slot_;
    };

    /// @return 0 when the name is not in the table.
    NameRef find(const HashedName& name, const NameArena& arena) const noexcept {
        return find_if(name, arena, [](NameRef) { return true; });
    }
    /// A name may be there several times; the first that `accepts` takes, or 0.
    template <class Accepts>
    NameRef find_if(const HashedName& name, const NameArena& arena, Accepts accepts) const noexcept {
        if (count_ == 0) return 0;
        for (const Slot* slot = shard_of(name.fingerprint).home(name.fingerprint); !slot->is_behind(name.fingerprint); ++slot)
            if (slot->fingerprint == name.fingerprint && arena.name(slot->ref) == name.text && accepts(slot->ref)) return slot->ref;
        return 0;
    }
    /// Visits all places of the name, so that finding it and inserting it are one walk.
    /// @return  for insert().
    template <class Visit>
    Place find_all(const HashedName& name, const NameArena& arena, Visit visit) const noexcept {
        Place behind;
        if (count_ == 0) return behind;
        for (behind.slot_ = shard_of(name.fingerprint).home(name.fingerprint); !behind.slot_->is_behind(name.fingerprint); ++behind.slot_)
            if (behind.slot_->fingerprint == name.fingerprint && arena.name(behind.slot_->ref) == name.text) visit(behind.slot_->ref);
        return behind;
    }
    /// Lets the processor fetch what find() will look at: the slots from home on, few of which are beyond the second line of a cache.
    void prefetch(const HashedName& name) const noexcept {
        if (count_ == 0) return;
        const Slot* home = shard_of(name.fingerprint).home(name.fingerprint);
        __builtin_prefetch(home);
        __builtin_prefetch(home + cache_line_octets / sizeof(Slot));
    }

    /// `name` lies at `ref`, which must not be in the table yet.
    /// @param place  what find_all() returned for this name, if it was asked and the table is as it was then.
    void insert(NameRef ref, const HashedName& name, Place place = {}) {
        if (count_ == grows_at_) [[unlikely]] {
            grow();
            place = {};
        }
        shard_of(name.fingerprint).insert({name.fingerprint, ref}, place.slot_);
        ++count_;
    }

    /// `name`, which lies at `from`, lies at `to` now.
    void replace(const HashedName& name, NameRef from, NameRef to) noexcept {
        if (count_ == 0) return;
        for (Slot* slot = shard_of(name.fingerprint).home(name.fingerprint); !slot->is_behind(name.fingerprint); ++slot)
            if (slot->ref == from) slot->ref = to;
    }

    std::size_t count() const noexcept { return count_; }
    std::size_t octets() const noexcept {
        std::size_t octets = shards_.capacity() * sizeof(Shard);
        for (const Shard& shard : shards_) octets += shard.slot_count() * sizeof(Slot);
        return octets;
    }

    template <class Visit>
    void for_each(Visit visit) const {
        for_each_slot([&](const Slot& slot) { visit(slot.ref); });
    }

private:
    static constexpr unsigned fingerprint_bits = 32, shard_bits = 8;
    static constexpr std::size_t most_in_one_shard = 256;  // then there are 2^shard_bits of them
    static constexpr std::size_t cache_line_octets = 64;

    struct Slot {
        std::uint32_t fingerprint = 0;
        NameRef ref = 0;  // 0: the slot is empty
        /// Neither this slot nor one after it has `wanted`.
        bool is_behind(std::uint32_t wanted) const noexcept { return ref == 0 || fingerprint > wanted; }
    };

    class Shard {
    public:
        /// @param same_bits  in which the fingerprints of all its slots are the same, the first ones.
        explicit Shard(std::uint32_t same_bits) : same_bits_(same_bits) {}
        Slot* home(std::uint32_t fingerprint) const noexcept { return &slots_[home_of(fingerprint, homes_)]; }
        /// @param at  behind the slots that are not behind it, or null.
        void insert(Slot slot, Slot* at) {
            if ((count_ + 1) * 5 > homes_ * 4) {
                rebuild(homes_ + homes_ / 4 + least_slots, std::max(beyond(), std::size_t{least_slots}));
                at = nullptr;
            }
            if (at == nullptr) at = place_of(slot.fingerprint);
            for (; slot.ref != 0; ++at) std::swap(*at, slot);  // each moves up by one, as far as the next slot that is empty
            ++count_;
            if (at == &slots_[slot_count_]) rebuild(homes_, 2 * beyond());  // that was the last one, which stays empty
        }
        std::size_t slot_count() const noexcept { return slot_count_; }
        template <class Visit>
        void for_each(Visit visit) const {
            for (std::size_t i = 0; i < slot_count_; ++i)
                if (slots_[i].ref != 0) visit(slots_[i]);
        }

    private:
        static constexpr std::uint32_t least_slots = 8;

        std::size_t home_of(std::uint32_t fingerprint, std::uint32_t homes) const noexcept {
            return static_cast<std::size_t>(std::uint64_t{fingerprint << same_bits_} * homes >> fingerprint_bits);
        }
        std::size_t beyond() const noexcept { return slot_count_ - homes_; }
        Slot* place_of(std::uint32_t fingerprint) const noexcept {
            Slot* at = home(fingerprint);
            while (!at->is_behind(fingerprint)) ++at;
            return at;
        }
        /// With so many homes, and at least so much room behind the last one for what finds no place before.
        void rebuild(std::uint32_t homes, std::size_t beyond) {
            const std::size_t slot_count = homes + beyond;  // the last one stays empty
            auto slots = std::make_unique<Slot[]>(slot_count);
            std::size_t next = 0;
            // Without a branch on whether a slot is empty, which no processor foresees: the home of an empty one is 0, and what is put for
            // it is put over.
            for (const Slot& slot : std::span(slots_.get(), slot_count_)) {
                next = std::max(home_of(slot.fingerprint, homes), next);
                if (next + 1 == slot_count) return rebuild(homes, 2 * beyond);
                slots[next] = slot;
                next += slot.ref != 0 ? 1U : 0U;
            }
            slots_ = std::move(slots);
            slot_count_ = slot_count;
            homes_ = homes;
        }

        std::unique_ptr<Slot[]> slots_ = std::make_unique<Slot[]>(1);  // so that a home is always there
        std::size_t slot_count_ = 1;
        std::uint32_t homes_ = 0, count_ = 0, same_bits_;
    };

    /// From no shard to one, from one to many.
    [[gnu::noinline]] void grow() {
        if (shards_.empty()) {
            shards_.emplace_back(0U);
            grows_at_ = most_in_one_shard;
            return;
        }
        std::vector<Shard> shards;
        shards.reserve(std::size_t{1} << shard_bits);
        while (shards.size() < shards.capacity()) shards.emplace_back(shard_bits);
        for_each_slot([&](const Slot& slot) { shards[slot.fingerprint >> (fingerprint_bits - shard_bits)].insert(slot, nullptr); });
        shards_ = std::move(shards);
        bits_within_shard_ = fingerprint_bits - shard_bits;
        grows_at_ = static_cast<std::size_t>(-1);
    }
    template <class Visit>
    void for_each_slot(Visit visit) const {
        for (const Shard& shard : shards_) shard.for_each(visit);
    }

    const Shard& shard_of(std::uint32_t fingerprint) const noexcept { return shards_[std::uint64_t{fingerprint} >> bits_within_shard_]; }
    Shard& shard_of(std::uint32_t fingerprint) noexcept { return shards_[std::uint64_t{fingerprint} >> bits_within_shard_]; }

    std::vector<Shard> shards_;
    unsigned bits_within_shard_ = fingerprint_bits;
    std::size_t grows_at_ = 0;  // names
    std::size_t count_ = 0;
};

}  // namespace exota::tenant
