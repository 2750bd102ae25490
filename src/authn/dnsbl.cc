#include "authn/dnsbl.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/text.h"
#include "mail/domain.h"
#include "mail/reply.h"

namespace exota::authn {
namespace {

using base::Errc;

constexpr std::size_t v4_octets = 4;
constexpr std::size_t longest_question_octets = 64;  // of an address: 32 nibbles with their dots

template <class Number>
std::optional<Number> number(std::string_view text, Number least, Number most) {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value < least || value > most) return std::nullopt;
    return value;
}

/// "2", "2..11"
bool add_range(std::string_view text, std::bitset<256>& octets) {
    const std::size_t dots = text.find("..");
    const auto first = number<unsigned>(text.substr(0, dots), 0, 255);
    const auto last = dots == std::string_view::npos ? first : number<unsigned>(text.substr(dots + 2), 0, 255);
    if (!first || !last || *first > *last) return false;
    for (unsigned octet = *first; octet <= *last; ++octet) octets.set(octet);
    return true;
}

/// One octet of a filter, taken from `text` with the dot behind it.
bool take_octet(std::string_view& text, bool is_last, std::bitset<256>& octets) {
    if (text.starts_with('[')) {
        const std::size_t end = text.find(']');
        if (end == std::string_view::npos) return false;
        std::string_view inner = text.substr(1, end - 1);
        text.remove_prefix(end + 1);
        do {
            if (!add_range(base::take_until(inner, ';'), octets)) return false;
        } while (!inner.empty());
    } else {
        const std::size_t end = is_last ? text.size() : text.find('.');
        const auto octet = number<unsigned>(text.substr(0, end), 0, 255);
        if (!octet) return false;
        octets.set(*octet);
        text.remove_prefix(std::min(end, text.size()));
    }
    if (is_last) return text.empty();
    if (!text.starts_with('.')) return false;
    text.remove_prefix(1);
    return true;
}

bool may_be_key(std::string_view label) noexcept {
    constexpr std::size_t least_octets = 10, certain_octets = 20;
    if (!std::ranges::all_of(label, base::is_alnum)) return false;
    if (label.size() >= certain_octets) return true;
    return label.size() >= least_octets && std::ranges::any_of(label, base::is_digit) && std::ranges::any_of(label, base::is_alpha);
}

/// Octets of `zone` up to and with the last label that may be a key.
std::size_t key_octets(std::string_view zone) noexcept {
    const std::size_t last_dot = zone.rfind('.');
    const std::size_t organisation = last_dot == std::string_view::npos ? last_dot : zone.rfind('.', last_dot - 1);
    if (organisation == std::string_view::npos) return 0;
    std::size_t octets = 0, at = 0;
    while (at <= organisation) {
        const std::size_t end = zone.find('.', at);
        if (may_be_key(zone.substr(at, end - at))) octets = end + 1;
        at = end + 1;
    }
    return octets;
}

bool is_within_loopback(std::string_view address) noexcept { return address.size() == v4_octets && address[0] == 127; }
bool is_error(std::string_view address) noexcept {
    constexpr char all_ones = static_cast<char>(255);
    return is_within_loopback(address) && address[1] == all_ones && address[2] == all_ones;
}

DnsblSays failure_of(DnsStatus status) noexcept {
    return status == DnsStatus::no_data || status == DnsStatus::nxdomain ? DnsblSays::not_listed : DnsblSays::no_answer;
}

/// @param lists  whether an answer of 127.0.0.0/8 that is no error is a listing.
template <class Lists>
DnsblSays meaning_of(const DnsAnswer& answer, Lists lists) {
    if (answer.status != DnsStatus::data) return failure_of(answer.status);
    if (std::ranges::any_of(answer.records, is_error)) return DnsblSays::error;
    const bool is_listed = std::ranges::any_of(answer.records, [&](const std::string& r) { return is_within_loopback(r) && lists(r); });
    return is_listed ? DnsblSays::listed : DnsblSays::not_listed;
}

/// "1.2.0.192." or 32 nibbles; each part with its dot.
std::string reversed_octets(std::span<const std::uint8_t> octets) {
    std::string out;
    for (std::size_t i = octets.size(); i > 0; --i) out.append(std::to_string(octets[i - 1])).append(1, '.');
    return out;
}
std::string reversed_nibbles(std::span<const std::uint8_t> octets) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string out;
    for (std::size_t i = octets.size(); i > 0; --i)
        for (const int nibble : {octets[i - 1] & 15, octets[i - 1] >> 4}) out.append({digits[static_cast<std::size_t>(nibble)], '.'});
    return out;
}

/// The score as it can still become: each list that has not answered may say either. One that will not answer weighs what is best for the
/// client: nobody is refused for want of the word that would have let him in.
struct Span {
    int least = 0, most = 0;
    void add(DnsblSays says, int weight) noexcept {
        const bool is_lost = says == DnsblSays::no_answer || says == DnsblSays::error;
        if (says == DnsblSays::listed || ((is_lost || says == DnsblSays::pending) && weight < 0)) least += weight;
        if (says == DnsblSays::listed || (is_lost && weight < 0) || (says == DnsblSays::pending && weight > 0)) most += weight;
    }
};

}  // namespace

std::string_view name_of(DnsblSays says) noexcept {
    constexpr std::array<std::string_view, dnsbl_says_count> names{"pending", "listed", "not-listed", "error", "no-answer"};
    return names[static_cast<std::size_t>(says)];
}

std::string_view name_of(DnsblWorks works) noexcept {
    constexpr std::array<std::string_view, 5> names{"pending", "works", "no-answer", "lists-all", "lists-nobody"};
    return names[static_cast<std::size_t>(works)];
}

base::Result<Dnsbl> Dnsbl::parse(std::string_view text) {
    Dnsbl list;
    if (const std::size_t star = text.rfind('*'); star != std::string_view::npos) {
        const auto weight = number<int>(text.substr(star + 1), -max_dnsbl_weight, max_dnsbl_weight);
        if (!weight || *weight == 0)
            return base::fail(Errc::invalid_data, "the weight behind '*' is no number from -1000000 to 1000000 but 0");
        list.weight_ = *weight;
        text = text.substr(0, star);
    }
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos)
        if (const auto read = list.read_filter(text.substr(equals + 1)); !read) return std::unexpected(read.error());
    const auto zone = mail::Domain::parse(text.substr(0, equals));
    if (!zone) return base::fail(Errc::invalid_data, "the name of the list is no domain name");  // the reason might show it
    if (zone->text().size() + longest_question_octets > mail::Domain::max_octets)
        return base::fail(Errc::too_long, "the name of the list is too long to ask for an IPv6 address below it");
    list.zone_ = zone->text();
    const std::size_t key = key_octets(list.zone_);
    list.shown_ = list.zone_.substr(key);
    if (key > 0) list.key_ = list.zone_.substr(0, key - 1);
    return list;
}

base::Result<void> Dnsbl::read_filter(std::string_view text) {
    has_filter_ = true;
    for (std::size_t i = 0; i < filter_.size(); ++i)
        if (!take_octet(text, i + 1 == filter_.size(), filter_[i]))
            return base::fail(Errc::invalid_data, "the filter behind '=' is not four octets such as 127.0.0.2 or 127.0.[0..255].[2;4..11]");
    if (!filter_[0].test(127)) return base::fail(Errc::invalid_data, "the filter behind '=' matches nothing in 127.0.0.0/8");
    return {};
}

bool Dnsbl::lists(std::string_view address) const noexcept {
    if (!is_within_loopback(address) || is_error(address)) return false;
    if (!has_filter_) return true;
    for (std::size_t i = 0; i < filter_.size(); ++i)
        if (!filter_[i].test(static_cast<unsigned char>(address[i]))) return false;
    return true;
}

std::string Dnsbl::question(const base::IpAddress& address) const {
    const std::span octets = address.octets();
    return (address.is_v4() ? reversed_octets(octets.last(v4_octets)) : reversed_nibbles(octets)) + zone_;
}

std::string Dnsbl::safe_text(std::string_view text) const {
    for (std::size_t at = 0; at < key_.size();) {  // some quote only one of its labels
        const std::string_view label = std::string_view(key_).substr(at, key_.find('.', at) - at);
        if (may_be_key(label) && base::ifind(text, label) != std::string_view::npos) return {};
        at += label.size() + 1;
    }
    constexpr std::string_view cut = "...";
    std::string out = mail::safe_reply_text(base::trim(text.substr(0, max_dnsbl_text_octets + 1)));
    if (out.size() > max_dnsbl_text_octets) out.replace(max_dnsbl_text_octets - cut.size(), std::string::npos, cut);
    return out;
}

DnsblWorks test_dnsbl(const Dnsbl& list, bool of_ipv4, Dns& dns) {
    // RFC 5782 section 5. The addresses of IPv6 are the IPv4-mapped ones, written as those of IPv6 are.
    constexpr std::array<std::uint8_t, v4_octets> listed{127, 0, 0, 2}, never_listed{127, 0, 0, 1};
    const auto ask = [&](const std::array<std::uint8_t, v4_octets>& address) {
        std::array<std::uint8_t, 16> mapped{};
        mapped[10] = mapped[11] = 0xff;
        std::ranges::copy(address, mapped.begin() + 12);
        const DnsAnswer* answer = dns.ask((of_ipv4 ? reversed_octets(address) : reversed_nibbles(mapped)) + list.zone(), RecordType::a);
        return answer == nullptr ? DnsblSays::pending : meaning_of(*answer, [](const std::string&) { return true; });
    };
    const DnsblSays of_listed = ask(listed), of_never_listed = ask(never_listed);
    if (of_listed == DnsblSays::pending || of_never_listed == DnsblSays::pending) return DnsblWorks::pending;
    if (of_never_listed == DnsblSays::listed) return DnsblWorks::lists_all;
    if (of_listed == DnsblSays::not_listed) return DnsblWorks::lists_nobody;
    if (of_listed == DnsblSays::listed && of_never_listed == DnsblSays::not_listed) return DnsblWorks::yes;
    return DnsblWorks::no_answer;
}

DnsblOutcome check_dnsbl(const base::IpAddress& address, std::span<const AskedDnsbl> lists, int threshold, Dns& dns, bool only_known) {
    DnsblOutcome outcome;
    Span possible;
    for (const AskedDnsbl& asked : lists) {
        DnsblSays& says = outcome.says.emplace_back(DnsblSays::no_answer);
        if (!asked.in_use) {
            possible.add(says, asked.list->weight());
            continue;
        }
        const DnsAnswer* answer = dns.ask(asked.list->question(address), RecordType::a);
        if (answer != nullptr)
            says = meaning_of(*answer, [&](const std::string& record) { return asked.list->lists(record); });
        else if (!only_known)
            says = DnsblSays::pending;
        possible.add(says, asked.list->weight());
        if (says != DnsblSays::listed) continue;
        outcome.score += asked.list->weight();
        if (asked.list->weight() > 0 && (outcome.heaviest == nullptr || asked.list->weight() > outcome.heaviest->weight()))
            outcome.heaviest = asked.list;
    }
    outcome.listed = possible.least >= threshold;
    outcome.pending = !outcome.listed && possible.most >= threshold;
    if (!outcome.listed || outcome.heaviest == nullptr) return outcome;
    const DnsAnswer* text = dns.ask(outcome.heaviest->question(address), RecordType::txt);
    if (text == nullptr)
        outcome.pending = !only_known;
    else if (text->status == DnsStatus::data && !text->records.empty())
        outcome.text = outcome.heaviest->safe_text(text->records.front());
    return outcome;
}

}  // namespace exota::authn
