#include "directory/ldap_tree_reader.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "directory/ldap_entry.h"
#include "directory/ldap_rows.h"

namespace exota::directory {
namespace {

using base::Errc;
using base::fail;

std::size_t octets_of(const LdapEntry& entry) {
    std::size_t octets = sizeof entry + entry.dn.size();
    for (const auto& [name, values] : entry.attributes) {
        octets += name.size();
        for (const std::string& value : values) octets += sizeof value + value.size();
    }
    return octets;
}

std::unexpected<base::Error> twice(const std::string& dn) { return fail(Errc::invalid_data, "it gives an entry twice: " + dn); }

/// A DN that two of them have.
const std::string* repeated_of(const std::vector<LdapEntry>& entries) {
    std::vector<const std::string*> dns;
    dns.reserve(entries.size());
    for (const LdapEntry& entry : entries) dns.push_back(&entry.dn);
    const auto of = [](const std::string* dn) -> std::string_view { return *dn; };
    std::ranges::sort(dns, {}, of);
    const auto found = std::ranges::adjacent_find(dns, {}, of);
    return found == dns.end() ? nullptr : *found;
}

}  // namespace

LdapTreeReader::LdapTreeReader(LdapDirectory& directory, const LdapSettings& settings, const LdapTreeLimits& limits)
    : directory_(directory),
      search_{.base = settings.base, .filter = tenants_filter, .attributes = wanted_attributes(settings), .most_entries = page_entries},
      limits_(limits) {}

void LdapTreeReader::read(Done done) {
    ++reading_;
    done_ = std::move(done);
    until_ = Clock::now() + limits_.time;
    entries_ = {};
    page_begin_.clear();
    pages_ = octets_ = 0;
    ask({}, 0);
}

void LdapTreeReader::ask(std::string cookie, std::uint64_t connection) {
    LdapSearch search = search_;
    search.page = LdapPage{.entries = page_entries, .cookie = std::move(cookie), .connection = connection};
    directory_.search(std::move(search), [this, reading = reading_](base::Result<LdapFound> found) {
        if (reading == reading_) take(std::move(found));
    });
}

void LdapTreeReader::take(base::Result<LdapFound> found) {
    if (!found) return end(std::unexpected(found.error()));
    // All of its entries are not there.
    if (found->more) return end(fail(Errc::too_long, "it gives more than the " + std::to_string(page_entries) + " entries of a page"));
    // Whoever gives the same page again and again would else be known as such only at the end, which does not come.
    if (!found->entries.empty() && found->entries.front().dn == std::exchange(page_begin_, found->entries.front().dn) && pages_ > 0)
        return end(twice(page_begin_));
    for (LdapEntry& entry : found->entries) {
        octets_ += octets_of(entry);
        entries_.push_back(std::move(entry));
    }
    if (entries_.size() > limits_.entries)
        return end(fail(Errc::too_long, "it has more than " + std::to_string(limits_.entries) + " tenants"));
    if (octets_ > limits_.octets)
        return end(fail(Errc::too_long, "its tenants have more than " + std::to_string(limits_.octets) + " octets"));
    if (found->cookie.empty()) {
        if (const std::string* const dn = repeated_of(entries_)) return end(twice(*dn));
        return end(LdapTree{std::exchange(entries_, {}), found->connection});
    }
    if (++pages_ >= limits_.pages) return end(fail(Errc::too_long, "it has more than " + std::to_string(limits_.pages) + " pages"));
    if (Clock::now() > until_)  // slow, not too large: what was read before serves on
        return end(fail(Errc::unavailable, "it does not come to an end within " + std::to_string(limits_.time.count()) + " s"));
    ask(std::move(found->cookie), found->connection);
}

void LdapTreeReader::end(base::Result<LdapTree> result) {
    entries_ = {};
    std::exchange(done_, nullptr)(std::move(result));
}

}  // namespace exota::directory
