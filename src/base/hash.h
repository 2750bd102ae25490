// Hashing octets, eight at a time: for tables in memory and for telling one content from another.
//
// Each step multiplies 64 by 64 bits and folds the 128 bits of the product, so that every bit of what went in reaches about half of the
// bits that come out, the lowest ones too. Without a key whoever may choose many texts can choose them so that their hashes are the
// same. With one that nobody knows (both factors are part of it) the differences that a text makes cannot be foreseen, so a table of
// strangers' names takes a key (tenant/name_table.h), and other users say what chosen texts would do to them. Results differ between
// machines of different byte order.
//
// Tested by hash_test.cc.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/octets.h"

namespace exota::base {

/// Odd numbers with as many ones as zeros and no pattern: the fractions of the square roots of 2, 3, 5 and 7.
inline constexpr std::array<std::uint64_t, 4> hash_factors{0x6a09e667f3bcc909, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1};

constexpr std::uint64_t folded_product(std::uint64_t a, std::uint64_t b) noexcept {
    __extension__ using Wide = unsigned __int128;
    const Wide product = Wide{a} * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

/// What a hash depends on besides the text.
struct HashKey {
    /// The one that everybody knows; for what needs no other.
    constexpr HashKey() noexcept = default;
    /// @param random  from a source that nobody can foresee. An even factor would lose a bit of each word.
    explicit constexpr HashKey(const std::array<std::uint64_t, 3>& random) noexcept
        : start(random[0]), factor(random[1] | 1), last_factor(random[2] | 1) {}
    friend constexpr bool operator==(const HashKey&, const HashKey&) = default;

    std::uint64_t start = hash_factors[0], factor = hash_factors[1], last_factor = hash_factors[2];
};

/// Of a short text, such as a name. Texts of different lengths are different even where one is the other and zeros.
inline std::uint64_t hash_of(std::string_view text, const HashKey& key = {}) noexcept {
    std::uint64_t hash = key.start ^ text.size();
    std::uint64_t last = 0;
    if (text.size() >= sizeof last) {
        for (std::size_t at = 0; at + sizeof last < text.size(); at += sizeof last)
            hash = folded_product(hash ^ first_octets(text.substr(at)), key.factor);
        last = first_octets(text.substr(text.size() - sizeof last));  // overlaps, which costs less than a loop
    } else {
        for (const char c : text) last = last << 8 | static_cast<unsigned char>(c);
    }
    return folded_product(hash ^ last, key.last_factor);
}

/// Of a long text that comes in pieces, however it is cut. Four lanes side by side, so that it costs less than reading the text from
/// memory does.
class StreamHash {
public:
    void feed(std::string_view piece) noexcept {
        octets_ += piece.size();
        if (held_ > 0) {
            const std::size_t taken = piece.copy(block_.data() + held_, block_.size() - held_);
            piece.remove_prefix(taken);
            held_ += taken;
            if (held_ < block_.size()) return;
            take({block_.data(), block_.size()});
        }
        for (; piece.size() >= block_.size(); piece.remove_prefix(block_.size())) take(piece);
        held_ = piece.copy(block_.data(), block_.size());
    }
    /// Of everything so far; more may be fed after it.
    std::uint64_t value() const noexcept {
        std::uint64_t hash = hash_of({block_.data(), held_}) ^ octets_;
        for (const std::uint64_t lane : lanes_) hash = folded_product(hash ^ lane, hash_factors[3]);
        return hash;
    }

private:
    void take(std::string_view block) noexcept {
        for (std::size_t i = 0; i < lanes_.size(); ++i)
            lanes_[i] = folded_product(lanes_[i] ^ first_octets(block.substr(i * sizeof(std::uint64_t))), hash_factors[i]);
    }

    std::array<std::uint64_t, 4> lanes_ = hash_factors;
    std::array<char, 32> block_{};  // the octets of a block that is not full yet
    std::size_t held_ = 0;
    std::uint64_t octets_ = 0;
};

}  // namespace exota::base
