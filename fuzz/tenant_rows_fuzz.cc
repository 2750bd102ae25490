// Rows of a server, batch by batch, as anybody could write them: a line is a batch, in it "NAME DOCUMENT" between tabs; a line that begins
// with '-' takes the names away that follow, one with '!' takes the last batch back.
//   1. There is always an index, whatever the rows are; what is served is a text that a load takes, with as many tenants and the same
//      domains, though the index may be one of what changed over another one.
//   2. A batch that is taken back leaves what was served as it was.
//   3. What is served, restored, is served.
// And what notifications say: either everything is to be read, or fit names, sorted and each once.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "directory/postgres_tables.h"
#include "directory/tenant_rows.h"
#include "property.h"
#include "tenant/index_builder.h"

namespace {

using namespace exota;

using exota::fuzz::require;

tenant::Defaults defaults() {
    tenant::Defaults defaults;
    defaults.proofs = {*tenant::Proof::parse("client-cert + dkim-aligned")};
    return defaults;
}

void check(const directory::TenantRows& rows, const base::Result<directory::TenantRows::Taken>& taken) {
    require(taken.has_value() && taken->index != nullptr && taken->kept <= taken->bad && taken->bad <= rows.count());
    std::string lines = rows.served_lines();
    require(taken->index->tenant_count() == static_cast<std::size_t>(std::ranges::count(lines, '\n')));
    directory::TenantRows again(defaults(), {});
    const auto restored = again.restore(lines);
    require(restored && restored->bad == 0 && again.served_lines() == lines);
    const tenant::Index &is = *taken->index, &anew = *restored->index;
    require(is.domain_count() == anew.domain_count() && is.all_have_organizations() == anew.all_have_organizations());
    tenant::IndexBuilder::for_each_domain(anew, [&](std::string_view domain) {
        const auto owner = is.with_literal_domain(domain), covers = anew.with_literal_domain(domain);
        require(owner && covers && is.name(*owner) == anew.name(*covers));
    });
}

std::vector<std::string> words(std::string_view text) {
    std::vector<std::string> out;
    while (!text.empty()) out.emplace_back(base::take_until(text, '\t'));
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view text(reinterpret_cast<const char*>(data), size);
    const directory::ToRead wanted = directory::to_read(words(text));
    require(std::ranges::is_sorted(wanted.names) && std::ranges::adjacent_find(wanted.names) == wanted.names.end());
    require(!wanted.everything || wanted.names.empty());
    require(std::ranges::none_of(wanted.names, [](const std::string& name) { return name.empty() || name.size() > 128; }));

    directory::TenantRows rows(defaults(), {});
    while (!text.empty()) {
        std::string_view line = base::take_until(text, '\n');
        if (line.starts_with('!')) {
            rows.take_back();
            check(rows, rows.take({}, {}));
            continue;
        }
        const bool gone = line.starts_with('-');
        std::vector<directory::TenantRow> batch;
        std::vector<std::string> names = words(gone ? line.substr(1) : line);
        if (!gone) {
            for (const std::string& word : names) {
                const std::size_t blank = std::min(word.find(' '), word.size());
                batch.push_back({word.substr(0, blank), word.substr(std::min(blank + 1, word.size()))});
            }
            names.clear();
        }
        const std::string before = rows.served_lines();
        const auto first = rows.take(batch, names);
        require(first.has_value());
        rows.take_back();
        require(rows.served_lines() == before);
        check(rows, rows.take(std::move(batch), names));
    }
    return 0;
}
