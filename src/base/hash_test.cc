#include "base/hash.h"

#include <gtest/gtest.h>

#include <bit>
#include <set>
#include <string>

namespace exota::base {
namespace {

std::uint64_t stream_of(std::string_view text) {
    StreamHash hash;
    hash.feed(text);
    return hash.value();
}

/// Texts that accidents make of one another: an octet changed, two exchanged, some lost at the end.
std::set<std::string> relatives(const std::string& text) {
    std::set<std::string> all{text};
    for (std::size_t i = 0; i < text.size(); ++i) {
        std::string changed = text;
        for (const int bit : {1, 2, 4, 8, 16, 32, 64, 128}) {
            changed[i] = static_cast<char>(text[i] ^ bit);
            all.insert(changed);
        }
        changed = text;
        for (std::size_t j = i + 1; j < text.size(); ++j) {
            std::swap(changed[i], changed[j]);
            all.insert(changed);
            std::swap(changed[i], changed[j]);
        }
        all.insert(text.substr(0, i));
        all.insert(text.substr(0, i) + std::string(text.size() - i, '\0'));
    }
    return all;
}

TEST(Hash, tells_relatives_apart) {
    for (const std::size_t size : {1U, 7U, 8U, 9U, 16U, 17U, 31U, 32U, 33U, 64U, 100U}) {
        std::string text;
        for (std::size_t i = 0; i < size; ++i) text += static_cast<char>('a' + i * 7 % 26);
        const std::set<std::string> all = relatives(text);
        std::set<std::uint64_t> names, streams, upper_halves;
        for (const std::string& one : all) {
            names.insert(hash_of(one));
            streams.insert(stream_of(one));
            upper_halves.insert(hash_of(one) >> 32);
        }
        EXPECT_EQ(names.size(), all.size()) << size;
        EXPECT_EQ(streams.size(), all.size()) << size;
        EXPECT_GE(upper_halves.size() + 3, all.size()) << size;  // 5,000 texts in 32 bits: a collision is rare, three are not to be
    }
}

TEST(Hash, adjoining_changes_do_not_cancel) {
    // All pairs of values of two octets, which stand in one lane of two blocks one after the other, or in two lanes of one block.
    for (const std::size_t second : {1U, 7U, 8U, 32U, 39U}) {
        std::set<std::uint64_t> seen;
        std::string text(64, 'x');
        for (int a = 0; a < 256; ++a)
            for (int b = 0; b < 256; ++b) {
                text[0] = static_cast<char>(a);
                text[second] = static_cast<char>(b);
                seen.insert(stream_of(text));
            }
        EXPECT_EQ(seen.size(), 65536U) << second;
    }
}

TEST(Hash, every_bit_reaches_every_half) {
    const std::string text = "contoso-online.example";
    for (std::size_t i = 0; i < text.size(); ++i) {
        std::string changed = text;
        changed[i] = static_cast<char>(changed[i] ^ 1);
        const std::uint64_t difference = hash_of(text) ^ hash_of(changed);
        EXPECT_GT(std::popcount(difference >> 32), 4) << i;
        EXPECT_GT(std::popcount(difference & 0xffffffff), 4) << i;
    }
}

TEST(StreamHash, does_not_depend_on_how_the_text_is_cut) {
    std::string text;
    for (int i = 0; i < 150; ++i) text += static_cast<char>(i * 37);
    for (std::size_t first = 0; first <= text.size(); ++first)
        for (const std::size_t step : {1U, 31U, 32U, 33U, 150U}) {
            StreamHash hash;
            hash.feed(std::string_view(text).substr(0, first));
            for (std::size_t at = first; at < text.size(); at += step) hash.feed(std::string_view(text).substr(at, step));
            hash.feed("");
            ASSERT_EQ(hash.value(), stream_of(text)) << first << ' ' << step;
        }
}

TEST(StreamHash, goes_on_after_its_value_was_asked_for) {
    StreamHash hash;
    hash.feed("a");
    EXPECT_EQ(hash.value(), stream_of("a"));
    hash.feed("b");
    EXPECT_EQ(hash.value(), stream_of("ab"));
    EXPECT_NE(stream_of(""), stream_of(std::string(1, '\0')));
}

}  // namespace
}  // namespace exota::base
