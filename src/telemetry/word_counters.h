// Counters by word, where the words are few and known to whoever counts, not here: kinds of errors, outcomes.
//
// Written on one loop, read from anywhere. Tested by metrics_test.cc.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <string_view>

#include "net/counter.h"

namespace exota::telemetry {

class WordCounters {
public:
    /// Words that are told apart; further ones are "other".
    static constexpr std::size_t max_words = 32;
    /// What is beyond is cut off.
    static constexpr std::size_t max_word_octets = 47;

    void add(std::string_view word) noexcept {
        word = word.substr(0, max_word_octets);
        const std::size_t used = used_.load(std::memory_order_relaxed);
        for (std::size_t i = 0; i < used; ++i)
            if (word == words_[i].text.data()) return words_[i].count.add();
        if (used == max_words) return other_.add();
        std::ranges::copy(word, words_[used].text.begin());
        words_[used].count.add();
        used_.store(used + 1, std::memory_order_release);  // readers see the word whole
    }

    /// @param f  (std::string_view, std::uint64_t), for each that counted something; the view is valid as long as this object.
    void each(auto f) const {
        const std::size_t used = used_.load(std::memory_order_acquire);
        for (std::size_t i = 0; i < used; ++i) f(std::string_view(words_[i].text.data()), words_[i].count.value());
        if (other_.value() > 0) f(std::string_view("other"), other_.value());
    }

private:
    struct Word {
        std::array<char, max_word_octets + 1> text{};
        net::Counter count;
    };
    std::array<Word, max_words> words_;
    std::atomic<std::size_t> used_{0};
    net::Counter other_;
};

}  // namespace exota::telemetry
