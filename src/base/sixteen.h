// Sixteen octets of a text at once: a question is put to all of them with one or two instructions. The vectors are clang's
// (ext_vector_type); every processor has some form of them.
//
// Tested by sixteen_test.cc.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace exota::base {

/// As signed numbers: what is no ASCII is below 0.
using SixteenOctets = signed char __attribute__((ext_vector_type(16)));
inline constexpr std::size_t sixteen = 16;
static_assert(std::endian::native == std::endian::little, "the first octet's answer has to be the lowest bit");

/// `at` has at least sixteen.
inline SixteenOctets sixteen_octets(const char* at) noexcept {
    SixteenOctets octets;
    std::memcpy(&octets, at, sizeof octets);
    return octets;
}

/// What a comparison of SixteenOctets answered: a bit is set for each yes, the first octet's lowest.
template <class Answers>
unsigned bits_of(Answers answers) noexcept {
    using Bits = bool __attribute__((ext_vector_type(16)));
    return std::bit_cast<std::uint16_t>(__builtin_convertvector(answers, Bits));
}

/// The first octet from `at` on to which the answer is yes.
/// @param question  takes SixteenOctets as well as one signed char.
template <class Question>
const char* find_octet(const char* at, const char* end, Question question) noexcept {
    for (; static_cast<std::size_t>(end - at) >= sixteen; at += sixteen)
        if (const unsigned answers = bits_of(question(sixteen_octets(at))); answers != 0) return at + std::countr_zero(answers);
    while (at != end && !question(static_cast<signed char>(*at))) ++at;
    return at;
}

}  // namespace exota::base
