// TenantRows where few of them changed: their index is laid over the last whole one (tenant/index_over.h).
//
// Tested by tenant_rows_over_test.cc and fuzz/tenant_rows_fuzz.cc.
#include <algorithm>
#include <utility>

#include "directory/tenant_rows.h"
#include "tenant/index_over.h"

namespace exota::directory {

/// Whether all that the batch changed is good, and was, or was not there; and what of it stands in the last whole index.
bool TenantRows::note_what_was() {
    for (const auto& [name, before] : before_) {
        const auto now = rows_.find(name);
        if (now != rows_.end() && (now->second.line.empty() || now->second.wrong)) return false;
        if (before && before->served != Row::Served::line) return false;
    }
    for (const auto& [name, before] : before_) {
        Was was;
        if (before && before->number != in_no_index) was = {before->number, before->line};
        if (over_.try_emplace(name, std::move(was)).second) over_by_batch_.push_back(name);
    }
    return true;
}

/// From what changed since the last whole index, as it was and as it is.
/// @return  nullopt: only a whole index will do.
std::optional<TenantRows::Taken> TenantRows::build_over(bool changed) {
    if (!whole_.index || whole_.excludes || over_.size() + before_.size() > over_most_ || !note_what_was()) return std::nullopt;
    std::vector<const std::string*> were, are, names;
    std::vector<tenant::Number> gone;
    std::size_t octets = 0;
    for (const auto& [name, was] : over_) {
        if (was.number != in_no_index) {
            gone.push_back(was.number);
            were.push_back(&was.line);
            octets += was.line.size();
        }
        if (const auto now = rows_.find(name); now != rows_.end()) {
            are.push_back(&now->second.line);
            names.push_back(&name);
            octets += now->second.line.size();
        }
    }
    if (octets > most_octets_over) return std::nullopt;
    tenant::LoadedTenants before = read_texts(were), after = read_texts(are);
    if (!before.index || !after.index) return std::nullopt;
    auto index = tenant::over(whole_.index, gone, *before.index, *std::move(after.index));
    if (!index) return std::nullopt;

    Taken out{std::make_shared<const tenant::Index>(*std::move(index)), {}, whole_.bad, whole_.kept, changed, false};
    for (const auto& [name, problem] : whole_.problems)
        if (!over_.contains(name)) out.problems.push_back(problem);
    for (tenant::Problem& problem : after.problems) {
        const bool of_all = problem.place.line == 0;
        problem.place = {};
        if (of_all &&
            std::ranges::any_of(out.problems, [&](const auto& one) { return one.path == problem.path && one.text == problem.text; }))
            continue;  // said of the others as well
        out.problems.push_back(std::move(problem));
    }
    for (const std::string* name : names) {
        Row& row = rows_.find(*name)->second;
        row.good.clear();
        row.served = Row::Served::line;
    }
    return out;
}

}  // namespace exota::directory
