// DNS lists of addresses (RFC 5782): what one is called, which of its answers mean a listing, and what several of them make of a client.
//
//   NAME                           any answer of 127.0.0.0/8 counts 1
//   NAME=127.0.0.[2..11]*2         only these answers, and they count 2
//   NAME=127.0.[0..255].[1;3]*-2   a list of those to be let in: below zero
//
// as Postfix' postscreen writes them. An answer outside 127.0.0.0/8 says nothing (a name server that answers for names that do not exist),
// and one of 127.255.255.0/24 is the list's word that it was asked wrongly (an open resolver, a quota): neither lists anybody, whatever a
// filter says.
//
// Everything by value, as all of DNS here (dns.h): a check is called again until nothing is pending.
//
// Tested by dnsbl_test.cc and fuzz/dnsbl_fuzz.cc.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "authn/dns.h"
#include "base/ip.h"
#include "base/result.h"

namespace exota::authn {

inline constexpr std::size_t max_dnsbl_lists = 50;
inline constexpr int max_dnsbl_weight = 1'000'000;  // either way
inline constexpr std::size_t max_dnsbl_text_octets = 300;

class Dnsbl {
public:
    /// @param text  "NAME", "NAME=FILTER", "NAME*WEIGHT" or "NAME=FILTER*WEIGHT"; each of the four octets of a filter is a number, or
    ///              numbers and ranges in brackets, parted by ';'. A weight is not 0.
    /// @return  invalid_data, with the reason; it does not show the name.
    static base::Result<Dnsbl> parse(std::string_view text);

    /// What is asked, lower case. May hold a secret: a customer's key is part of the name of some lists.
    const std::string& zone() const noexcept { return zone_; }
    /// For replies, logs and metrics: what follows the last label that may be a key. Such a label is of ten letters and digits or more, has
    /// both and nothing else, or is of twenty or more of them; the last two labels are none.
    const std::string& shown() const noexcept { return shown_; }
    int weight() const noexcept { return weight_; }
    /// @param address  four octets of an A record.
    bool lists(std::string_view address) const noexcept;

    /// The name to be asked for an address: reversed octets, or nibbles.
    std::string question(const base::IpAddress& address) const;

    /// Its text (a TXT record) for a reply: one line of printable ASCII of at most max_dnsbl_text_octets; empty where it names the key.
    std::string safe_text(std::string_view text) const;

    friend bool operator==(const Dnsbl&, const Dnsbl&) = default;

private:
    Dnsbl() = default;
    base::Result<void> read_filter(std::string_view text);

    std::string zone_, shown_, key_;  // key_: what is not shown, without its dots at the ends
    int weight_ = 1;
    bool has_filter_ = false;
    std::array<std::bitset<256>, 4> filter_;
};

/// What one answer to a question for an A record says of the address.
enum class DnsblSays : std::uint8_t {
    pending,     // it has not answered yet
    listed,      // as the list's filter wants it
    not_listed,  // an answer outside of the filter or of 127.0.0.0/8 is none
    error,       // 127.255.255.0/24: the list does not answer us
    no_answer,   // DNS failed
};
inline constexpr std::size_t dnsbl_says_count = 5;
std::string_view name_of(DnsblSays says) noexcept;

/// Whether a list works for one family of addresses (RFC 5782 section 5): 127.0.0.2 is listed and 127.0.0.1 is not; ::FFFF:7F00:2 and
/// ::FFFF:7F00:1. Filters play no part.
enum class DnsblWorks : std::uint8_t {
    pending,
    yes,
    no_answer,     // DNS did not say, or the list answers with an error
    lists_all,     // 127.0.0.1 too: taken for a listing, its answers would refuse everybody
    lists_nobody,  // not even 127.0.0.2: gone, or no list of this family
};
std::string_view name_of(DnsblWorks works) noexcept;
DnsblWorks test_dnsbl(const Dnsbl& list, bool of_ipv4, Dns& dns);

/// A list that is asked for a client.
struct AskedDnsbl {
    const Dnsbl* list = nullptr;
    bool in_use = true;  // false: it failed its test, and is passed over
};

struct DnsblOutcome {
    bool pending = false;              // call again with the answers to what was asked
    int score = 0;                     // of what has answered
    bool listed = false;               // the score reaches the threshold, whatever is still to come
    std::vector<DnsblSays> says = {};  // by list; pending where nobody waits for it any more
    const Dnsbl* heaviest = nullptr;   // of those that list it, with a weight above 0; nullptr: none does
    std::string text = {};             // of that one, safe; empty: it has none, or it did not say. Only where listed
};

/// Asks all lists at once, each name once, and waits only while an answer could still change which side of the threshold the score is on.
/// Then, of a listed client, for the text of the heaviest list.
/// @param threshold  at least 1.
/// @param only_known  time is up: what is not known is `no_answer`, and nothing is pending.
DnsblOutcome check_dnsbl(const base::IpAddress& address, std::span<const AskedDnsbl> lists, int threshold, Dns& dns,
                         bool only_known = false);

}  // namespace exota::authn
