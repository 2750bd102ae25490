// Ids of a gateway's transactions: 16 letters and digits, 80 bits at random, so that nobody meets another's or guesses one.
//
// Tested by transaction_ids_test.cc.
#pragma once

#include <sys/random.h>

#include <array>
#include <cstdlib>
#include <string>
#include <string_view>

namespace exota::app {

/// Of one loop.
class TransactionIds {
public:
    std::string next() {
        constexpr std::string_view alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";  // none that is easily read as another
        static_assert(alphabet.size() == 32);
        std::string id(16, '\0');
        for (char& c : id) c = alphabet[octet() % alphabet.size()];
        return id;
    }

private:
    unsigned char octet() {
        if (at_ == random_.size()) {
            // Never short, nor interrupted, for so few octets.
            if (getrandom(random_.data(), random_.size(), 0) != static_cast<ssize_t>(random_.size())) std::abort();
            at_ = 0;
        }
        return random_[at_++];
    }

    std::array<unsigned char, 256> random_{};
    std::size_t at_ = 256;
};

}  // namespace exota::app
