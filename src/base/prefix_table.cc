#include "base/prefix_table.h"

#include <algorithm>
#include <utility>

#include "base/hash.h"

namespace exota::base {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr std::size_t v4_offset = 12;

Wide wide(const IpAddress& address) noexcept {
    Wide value = 0;
    for (const std::uint8_t octet : address.octets()) value = value << 8 | octet;
    return value;
}

std::uint32_t narrow(const IpAddress& address) noexcept {
    std::uint32_t value = 0;
    for (std::size_t i = v4_offset; i < address.octets().size(); ++i) value = value << 8 | address.octets()[i];
    return value;
}

/// The highest key. std::numeric_limits knows 128 bits only under GNU's dialect.
template <class Key>
constexpr Key highest = static_cast<Key>(~Key{0});

}  // namespace

template <class Key>
void PrefixTable::Tree<Key>::add(Key first, Value value) {
    std::vector<Key>& keys = levels_.back();
    if (!keys.empty() && keys.back() == first) {  // nothing is left of the interval before
        keys.pop_back();
        values_.pop_back();
    }
    if (!values_.empty() && values_.back() == value) return;
    keys.push_back(first);
    values_.push_back(value);
}

template <class Key>
void PrefixTable::Tree<Key>::build(std::vector<Range<Key>> ranges) {
    levels_.assign(1, {});
    values_.clear();
    // Whatever contains others comes before them.
    std::ranges::sort(ranges,
                      [](const Range<Key>& a, const Range<Key>& b) { return a.first != b.first ? a.first < b.first : a.last > b.last; });
    struct Open {
        Key last;
        Value best;  // of this one and all that contain it
    };
    std::vector<Open> open;
    const auto close = [&] {
        const Key last = open.back().last;
        open.pop_back();
        if (last != highest<Key>) add(last + 1, open.empty() ? Value{} : open.back().best);
    };
    add(0, {});
    for (const Range<Key>& range : ranges) {
        while (!open.empty() && open.back().last < range.first) close();
        Value best = range.value;
        if (!open.empty() && open.back().best.last_day > best.last_day) best = open.back().best;
        open.push_back({range.last, best});
        add(range.first, best);
    }
    while (!open.empty()) close();
    grow();
}

template <class Key>
void PrefixTable::Tree<Key>::grow() {
    while (levels_.front().size() > node_size) {
        std::vector<Key> above;
        for (std::size_t i = 0; i < levels_.front().size(); i += node_size) above.push_back(levels_.front()[i]);
        levels_.insert(levels_.begin(), std::move(above));
    }
    for (std::vector<Key>& level : levels_) level.resize((level.size() + node_size - 1) / node_size * node_size, highest<Key>);
    for (std::vector<Key>& level : levels_) level.shrink_to_fit();
    values_.shrink_to_fit();
}

template <class Key>
PrefixTable::Value PrefixTable::Tree<Key>::find(Key address) const noexcept {
    if (levels_.empty()) return {};
    std::size_t node = 0;
    for (const std::vector<Key>& level : levels_) {
        const Key* const keys = level.data() + node * node_size;
        std::size_t below = 0;  // keys up to the address; the first one always is, but in a level filled up for the highest address
        for (std::size_t i = 0; i < node_size; ++i) below += keys[i] <= address ? 1U : 0U;
        node = node * node_size + below - 1;
        if (address == highest<Key>) {  // which what fills the nodes up is equal to
            const std::size_t next_nodes = &level == &levels_.back() ? values_.size() : (&level + 1)->size() / node_size;
            node = std::min(node, next_nodes - 1);
        }
    }
    return values_[node];
}

template <class Key>
std::size_t PrefixTable::Tree<Key>::memory_octets() const noexcept {
    std::size_t octets = values_.capacity() * sizeof(Value);
    for (const std::vector<Key>& level : levels_) octets += level.capacity() * sizeof(Key);
    return octets;
}

PrefixTable::Beginnings::Place PrefixTable::Beginnings::place_of(std::uint64_t beginning) const noexcept {
    const std::uint64_t hash = folded_product(beginning ^ hash_factors[0], hash_factors[1]);
    return {static_cast<std::size_t>((hash >> 32) * blocks_.size() >> 32), static_cast<std::uint16_t>(hash | 1)};
}

void PrefixTable::Beginnings::build(const std::vector<std::uint64_t>& beginnings) {
    blocks_.resize(2 * beginnings.size() / marks_in_block + 1);
    for (const std::uint64_t beginning : beginnings) {
        const Place place = place_of(beginning);
        auto& marks = blocks_[place.block].marks;
        const auto at = std::ranges::find_if(marks, [&](std::uint16_t mark) { return mark == 0 || mark == place.mark; });
        if (at != marks.end()) *at = place.mark;
    }
}

bool PrefixTable::Beginnings::may_have(std::uint64_t beginning) const noexcept {
    if (blocks_.empty()) return false;
    const Place place = place_of(beginning);
    const auto& marks = blocks_[place.block].marks;
    unsigned found = marks.back();
    for (const std::uint16_t mark : marks) found |= mark == place.mark ? 1U : 0U;
    return found != 0;
}

template <class Key>
void PrefixTable::Family<Key>::build(std::vector<Range<Key>> ranges) {
    is_large = ranges.size() > few;
    if (is_large) {
        std::vector<Range<Key>> wide_ones;
        std::vector<std::uint64_t> beginnings;
        for (const Range<Key>& range : ranges) {
            if (beginning_of(range.first) == beginning_of(range.last))
                beginnings.push_back(beginning_of(range.first));
            else
                wide_ones.push_back(range);
        }
        std::ranges::sort(beginnings);
        const auto repeated = std::ranges::unique(beginnings);
        beginnings.erase(repeated.begin(), repeated.end());
        of_long_ones.build(beginnings);
        short_ones.build(std::move(wide_ones));
    }
    all.build(std::move(ranges));
}

template <class Key>
PrefixTable::Value PrefixTable::Family<Key>::find(Key address) const noexcept {
    if (is_large && !of_long_ones.may_have(beginning_of(address)) && short_ones.find(address).last_day == never) return {};
    return all.find(address);
}

template <class Key>
std::size_t PrefixTable::Family<Key>::memory_octets() const noexcept {
    return all.memory_octets() + short_ones.memory_octets() + of_long_ones.memory_octets();
}

PrefixTable::PrefixTable(std::vector<Entry> entries) : size_(entries.size()) {
    if (entries.empty()) return;
    std::vector<Range<std::uint32_t>> v4;
    std::vector<Range<Wide>> v6;
    const IpPrefix all_of_v4 = IpPrefix::parse("0.0.0.0/0").value();
    for (const Entry& entry : entries) {
        const Value value{entry.line, static_cast<std::int32_t>(entry.last_day.time_since_epoch().count())};
        if (all_of_v4.contains(entry.prefix.network()) && entry.prefix.bits() >= all_of_v4.bits()) {
            v4.push_back({narrow(entry.prefix.network()), narrow(entry.prefix.last()), value});
            continue;
        }
        if (entry.prefix.contains(all_of_v4.network())) v4.push_back({0, highest<std::uint32_t>, value});  // "::/0" means them too
        v6.push_back({wide(entry.prefix.network()), wide(entry.prefix.last()), value});
    }
    entries = {};
    if (!v4.empty()) v4_.build(std::move(v4));
    if (!v6.empty()) v6_.build(std::move(v6));
}

std::optional<PrefixTable::Match> PrefixTable::find(const IpAddress& address, std::chrono::sys_days today) const noexcept {
    const Value value = address.is_v4() ? v4_.find(narrow(address)) : v6_.find(wide(address));
    if (value.last_day == never || value.last_day < today.time_since_epoch().count()) return std::nullopt;
    return Match{value.line};
}

std::size_t PrefixTable::memory_octets() const noexcept { return v4_.memory_octets() + v6_.memory_octets(); }

}  // namespace exota::base
