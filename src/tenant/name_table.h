// Names to tenants, compactly: a million domains in tens of megabytes.
//
//   slots (open addressing, 8 octets each)         arena (pieces of 1 MiB, never moved)
//   ┌──────────────┬───────┐                       … │ policy │ tenant │ length │ c o n t o s o . c o m │ …
//   │ fingerprint  │  ref ─┼───────────────────────────────────────────▲
//   └──────────────┴───────┘                          4 octets  4        1
//
// The fingerprint is half of the hash: it gives the place in the table, so growing reads no names, and it keeps almost every other
// name from being looked at. What belongs to a name lies right before it, so a look-up that succeeds touches one slot and one name.
// A name has a tenant before it, and a policy before that only if it has one of its own (index_tables.h).
//
// Internal to this folder. Tested by index_test.cc.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace exota::tenant {

/// Where the length of a name lies in the arena; 0 is nowhere.
using NameRef = std::uint32_t;

class NameArena {
public:
    static constexpr std::size_t piece_octets = std::size_t{1} << 20;
    static constexpr std::size_t max_name_octets = 255;
    static constexpr std::size_t max_pieces = 4095;  // a NameRef has 32 bits

    explicit NameArena(std::size_t most_pieces = max_pieces) noexcept : most_pieces_(most_pieces) {}

    /// Stores `name` behind `words` (at most two) and its length.
    /// @return 0 when the arena is full or the name longer than max_name_octets.
    NameRef add(std::string_view name, std::initializer_list<std::uint32_t> words) {
        const std::size_t octets = words.size() * sizeof(std::uint32_t) + 1 + name.size();
        if (name.size() > max_name_octets) return 0;
        if (pieces_.empty() || used_ + octets > piece_octets) {
            if (pieces_.size() >= most_pieces_) return 0;
            pieces_.push_back(std::make_unique_for_overwrite<char[]>(piece_octets));
            used_ = 1;  // so that no NameRef is 0
        }
        char* to = pieces_.back().get() + used_;
        for (const std::uint32_t word : words) {
            std::memcpy(to, &word, sizeof word);
            to += sizeof word;
        }
        const auto ref = static_cast<NameRef>((pieces_.size() - 1) * piece_octets + static_cast<std::size_t>(to - pieces_.back().get()));
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
    std::size_t octets() const noexcept { return pieces_.size() * piece_octets; }

private:
    const char* where(NameRef ref) const noexcept { return pieces_[ref / piece_octets].get() + ref % piece_octets; }

    std::vector<std::unique_ptr<char[]>> pieces_;
    std::size_t used_ = 0;
    std::size_t most_pieces_;
};

/// A name whose hash is known, so that it is computed once for several tables.
struct HashedName {
    template <class T>
        requires std::convertible_to<const T&, std::string_view>
    HashedName(const T& name) noexcept : HashedName(name, 0) {  // NOLINT(google-explicit-constructor): it is the name
        fingerprint = static_cast<std::uint32_t>(std::uint64_t{std::hash<std::string_view>{}(text)} >> 32);
    }
    /// @param known  the fingerprint of the same name.
    HashedName(std::string_view name, std::uint32_t known) noexcept : text(name), fingerprint(known) {}

    std::string_view text;
    std::uint32_t fingerprint;
};

class NameTable {
public:
    /// @return 0 when the name is not in the table.
    NameRef find(const HashedName& name, const NameArena& arena) const noexcept {
        return find_if(name, arena, [](NameRef) { return true; });
    }
    /// A name may be there several times; the first that `accepts` takes, or 0.
    template <class Accepts>
    NameRef find_if(const HashedName& name, const NameArena& arena, Accepts accepts) const noexcept {
        if (count_ == 0) return 0;
        for (std::size_t i = home(name.fingerprint);; i = i + 1 == slots_.size() ? 0 : i + 1) {
            const Slot slot = slots_[i];
            if (slot.ref == 0) return 0;
            if (slot.fingerprint == name.fingerprint && arena.name(slot.ref) == name.text && accepts(slot.ref)) return slot.ref;
        }
    }
    /// Lets the processor fetch what find() will look at first.
    void prefetch(const HashedName& name) const noexcept {
        if (count_ > 0) __builtin_prefetch(&slots_[home(name.fingerprint)]);
    }

    /// `name` lies at `ref`, which must not be in the table yet.
    void insert(NameRef ref, const HashedName& name) {
        if ((count_ + 1) * 5 > slots_.size() * 4) grow();
        place({name.fingerprint, ref});
        ++count_;
    }

    /// `name`, which lies at `from`, lies at `to` now.
    void replace(const HashedName& name, NameRef from, NameRef to) noexcept {
        for (std::size_t i = home(name.fingerprint);; i = i + 1 == slots_.size() ? 0 : i + 1) {
            if (slots_[i].ref == from) slots_[i].ref = to;
            if (slots_[i].ref == to || slots_[i].ref == 0) return;
        }
    }

    std::size_t count() const noexcept { return count_; }
    std::size_t octets() const noexcept { return slots_.capacity() * sizeof(Slot); }

    template <class Visit>
    void for_each(Visit visit) const {
        for (const Slot slot : slots_)
            if (slot.ref != 0) visit(slot.ref);
    }

private:
    struct Slot {
        std::uint32_t fingerprint = 0;
        NameRef ref = 0;
    };

    std::size_t home(std::uint32_t fingerprint) const noexcept {
        return static_cast<std::size_t>(std::uint64_t{fingerprint} * slots_.size() >> 32);
    }
    void place(Slot slot) noexcept {
        std::size_t i = home(slot.fingerprint);
        while (slots_[i].ref != 0) i = i + 1 == slots_.size() ? 0 : i + 1;
        slots_[i] = slot;
    }
    /// Half as many again: memory while loading matters more here than the copies, which go through the slots in order.
    void grow() {
        std::vector<Slot> old(slots_.size() < 16 ? 16 : slots_.size() + slots_.size() / 2);
        old.swap(slots_);
        for (const Slot slot : old)
            if (slot.ref != 0) place(slot);
    }

    std::vector<Slot> slots_;
    std::size_t count_ = 0;
};

}  // namespace exota::tenant
