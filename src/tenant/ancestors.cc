#include "tenant/ancestors.h"

#include <boost/unordered/unordered_flat_map.hpp>

#include "mail/domain.h"

namespace exota::tenant {

namespace {

struct Entry {
    Number last{};
    Ancestors::Below below;
};
struct HashedAlready {
    using is_avalanching = void;
    std::size_t operator()(std::uint64_t hash) const noexcept { return hash; }
};
using Entries =
    boost::unordered_flat_map<std::uint64_t, Entry, HashedAlready>;  // no node for each: making and freeing them took a quarter of a load

}  // namespace

struct Ancestors::Table {
    Entries entries;
};

Ancestors::Ancestors(const base::HashKey& key) noexcept : key_(key) {}
Ancestors::~Ancestors() = default;
Ancestors::Ancestors(Ancestors&&) noexcept = default;
Ancestors& Ancestors::operator=(Ancestors&&) noexcept = default;

void Ancestors::add_above(std::string_view domain, Number tenant) {
    for (std::string_view name = mail::parent_of(domain); name.find('.') != std::string_view::npos; name = mail::parent_of(name))
        if (!add(name, tenant)) return;  // what lies above is known for this tenant, too
}

bool Ancestors::add(std::string_view name, Number tenant) {
    if (!table_) table_ = std::make_unique<Table>();
    const auto [entry, added] = table_->entries.try_emplace(base::hash_of(name, key_));
    if (!added && entry->second.last == tenant) return false;
    entry->second.last = tenant;
    ++entry->second.below.count;
    entry->second.below.sum += static_cast<std::uint32_t>(tenant);
    return true;
}

Ancestors::Below Ancestors::below(std::string_view name) const noexcept {
    if (!table_) return {};
    const auto found = table_->entries.find(base::hash_of(name, key_));
    return found == table_->entries.end() ? Below{} : found->second.below;
}

std::size_t Ancestors::memory_octets() const noexcept {
    return table_ ? sizeof(Table) + table_->entries.bucket_count() * (sizeof(Entries::value_type) + 1) : 0;  // an octet of metadata each
}

}  // namespace exota::tenant
