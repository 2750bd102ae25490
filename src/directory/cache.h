// Answers of a server that was asked for single keys (a look-up source), kept for a while.
//
//   age of an answer    0 ─────── ttl ────────── max_stale ──▶     confirmed again: 0
//     a tenant          served    asked again; served if the       asked again
//                                 server cannot say
//     no such tenant    served    asked again (its ttl is shorter) and never served any more
//
// Who asks while the same question is under way waits for its answer, so a key is asked once however many messages need it. What the server
// could not say is never kept: the next one asks again. (Whoever asks the server sees to it that a server which is away answers quickly.)
// Beyond most_entries the answer that was needed least recently goes. Strangers ask for names that nobody has as often as they like, and
// what is known of tenants shall serve while the server is away: so of "no such tenant" one goes first that has had its time, or any where
// they have more than their share.
//
// Without I/O and without a clock of its own. Belongs to one thread. Tested by cache_test.cc.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "directory/source.h"
#include "tenant/found.h"

namespace exota::directory {

struct CacheSettings {
    std::chrono::milliseconds ttl{std::chrono::minutes(5)};
    std::chrono::milliseconds negative_ttl{std::chrono::minutes(1)};  // of "no such tenant"
    std::chrono::milliseconds max_stale{std::chrono::hours(7 * 24)};
    std::size_t most_entries = 100'000;  // at least 1
    /// Of "no such tenant", once the cache is full; one may always be there.
    constexpr std::size_t negative_share() const noexcept { return most_entries / 8; }
};

/// Since the cache was made, for the metrics. Every find() is one of the first five.
struct CacheCounts {
    std::uint64_t hits = 0;           // served, a tenant
    std::uint64_t negative_hits = 0;  // served, no such tenant
    std::uint64_t asked = 0;          // the server was asked …
    std::uint64_t joined = 0;         // … or was being asked already
    // What became of those that were asked or joined:
    std::uint64_t stale = 0;    // served although the server could not say
    std::uint64_t unknown = 0;  // nobody could say
    std::uint64_t evicted = 0;  // answers that made room
    friend bool operator==(const CacheCounts&, const CacheCounts&) = default;
};

/// @tparam Value  what belongs to a key; copied for each who asks, so a shared_ptr where it is large.
template <class Value>
class Cache {
public:
    using Answer = tenant::Found<Value>;
    /// Called once for each find(), within it or later; not when the cache is destroyed first.
    using OnAnswer = std::move_only_function<void(const Answer&)>;
    /// Asks the server, without an exception. It calls back once, within the call or later: yes, none, or unknown where it could not say. A
    /// second call back counts for nothing, and so does one after the cache is destroyed.
    using Query = std::function<void(const std::string& key, std::function<void(Answer)> answered)>;
    using Now = std::function<Clock::time_point()>;

    /// @param hash_key  random: strangers choose the keys.
    Cache(const CacheSettings& settings, const base::HashKey& hash_key, Query query, Now now)
        : settings_(settings), query_(std::move(query)), now_(std::move(now)), entries_(0, Hash{hash_key}), pending_(0, Hash{hash_key}) {}
    Cache(const Cache&) = delete;
    Cache& operator=(const Cache&) = delete;

    void find(const std::string& key, OnAnswer on_answer) {
        if (const auto known = entries_.find(key); known != entries_.end()) {
            const Entry& entry = *known->second;
            Entries& entries = by_use(entry.answer);
            entries.splice(entries.begin(), entries, known->second);
            const bool positive = entry.answer.is(Answer::yes);
            if (!entry.is_to_be_asked && age_of(entry) < (positive ? settings_.ttl : settings_.negative_ttl)) {
                ++(positive ? counts_.hits : counts_.negative_hits);
                const Answer answer = entry.answer;  // the entry may be gone when on_answer asks for more
                return on_answer(answer);
            }
        }
        const auto [question, is_new] = pending_.try_emplace(key);
        question->second.waiting.push_back(std::move(on_answer));
        if (!is_new) {
            ++counts_.joined;
            return;
        }
        ++counts_.asked;
        const std::uint64_t number = question->second.number = ++questions_;
        query_(key, [this, key, number, alive = std::weak_ptr<const bool>(alive_)](Answer answer) {
            if (!alive.expired()) answered(key, number, std::move(answer));
        });
    }

    /// What is kept of it is not true any more: it is not served, whatever comes.
    void forget(const std::string& key) {
        const auto known = entries_.find(key);
        if (known != entries_.end()) drop(known);
    }

    /// The next who needs an answer that is kept asks the server again; where that cannot say, what is kept serves as before.
    void ask_anew() {
        for (Entries* entries : {&positives_, &negatives_})
            for (Entry& entry : *entries) entry.is_to_be_asked = true;
    }

    const CacheCounts& counts() const noexcept { return counts_; }
    /// Answers that are kept, served or not.
    std::size_t size() const noexcept { return entries_.size(); }
    /// Questions that are under way.
    std::size_t pending() const noexcept { return pending_.size(); }

private:
    struct Entry {
        std::string key;
        Answer answer;
        Clock::time_point confirmed;
        bool is_to_be_asked = false;
    };
    using Entries = std::list<Entry>;  // needed most recently first
    struct Question {
        std::uint64_t number = 0;  // a late second answer must not answer a later question
        std::vector<OnAnswer> waiting;
    };
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view key) const noexcept { return base::hash_of(key, hash_key); }
        base::HashKey hash_key;
    };
    template <class T>
    using Table = std::unordered_map<std::string, T, Hash, std::equal_to<>>;
    using Known = Table<typename Entries::iterator>;

    Entries& by_use(const Answer& answer) noexcept { return answer.is(Answer::yes) ? positives_ : negatives_; }
    void drop(typename Known::iterator known) {
        const auto entry = known->second;
        entries_.erase(known);
        by_use(entry->answer).erase(entry);
    }
    Clock::duration age_of(const Entry& entry) const { return now_() - entry.confirmed; }

    void answered(const std::string& key, std::uint64_t number, Answer answer) {
        const auto question = pending_.find(key);
        if (question == pending_.end() || question->second.number != number) return;
        std::vector<OnAnswer> waiting = std::move(question->second.waiting);
        pending_.erase(question);
        if (answer.is(Answer::unknown))
            answer = stale_answer(key, waiting.size());
        else
            keep(key, answer);
        const std::weak_ptr<const bool> alive = alive_;
        for (OnAnswer& on_answer : waiting) {
            on_answer(answer);
            if (alive.expired()) return;
        }
    }

    /// What may be served of what was known, now that the server cannot say.
    Answer stale_answer(const std::string& key, std::size_t waiting) {
        const auto known = entries_.find(key);
        if (known != entries_.end() && known->second->answer.is(Answer::yes) && age_of(*known->second) < settings_.max_stale) {
            counts_.stale += waiting;
            return known->second->answer;
        }
        counts_.unknown += waiting;
        if (known != entries_.end()) drop(known);  // it will never be served again
        return Answer(Answer::unknown);
    }

    void keep(const std::string& key, const Answer& answer) {
        if (const auto known = entries_.find(key); known != entries_.end()) {
            Entry& entry = *known->second;
            Entries &from = by_use(entry.answer), &to = by_use(answer);
            entry.answer = answer;
            entry.confirmed = now_();
            entry.is_to_be_asked = false;
            to.splice(to.begin(), from, known->second);
            return;
        }
        if (entries_.size() >= settings_.most_entries) {
            drop(entries_.find((negatives_go_first() ? negatives_ : positives_).back().key));
            ++counts_.evicted;
        }
        Entries& entries = by_use(answer);
        entries.push_front({key, answer, now_()});
        try {
            entries_.emplace(key, entries.begin());
        } catch (...) {
            entries.pop_front();
            throw;
        }
    }

    bool negatives_go_first() const {
        if (negatives_.empty() || positives_.empty()) return positives_.empty();
        return negatives_.size() >= settings_.negative_share() || age_of(negatives_.back()) >= settings_.negative_ttl;
    }

    const CacheSettings settings_;
    const Query query_;
    const Now now_;
    Entries positives_, negatives_;
    Known entries_;
    Table<Question> pending_;
    std::uint64_t questions_ = 0;
    CacheCounts counts_;
    std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

}  // namespace exota::directory
