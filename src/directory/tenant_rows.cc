#include "directory/tenant_rows.h"

#include <algorithm>
#include <set>

#include "base/utf8.h"
#include "tenant/raw_tenants.h"

namespace exota::directory {
namespace {

// Not by JsonObject, which makes one text of all: these are fed to the reader in pieces, and nobody holds them twice. A tenant is a line of
// what is read, and problems find the tenant by it.
constexpr std::string_view head = "{\"version\":2,\"tenants\":{\n", tail = "\n}}";

constexpr std::size_t first_line = 2;  // where the first tenant stands

constexpr std::size_t max_name_octets = 128;

std::string path_of(const std::string& name) { return "tenants." + name.substr(0, max_name_octets); }

bool is_error(const tenant::Problem& problem) { return problem.severity == tenant::Problem::Severity::error; }

}  // namespace

/// A line in the text that is read.
struct TenantRows::Candidate {
    const std::string* name = nullptr;
    const std::string* line = nullptr;
    bool kept = false;
    Row* row = nullptr;
};

struct TenantRows::Refused {
    std::map<std::string_view, Wrong> rows;  // whose line is not served
    std::set<std::string_view> kept;         // nor is their last good version
    std::size_t passes = 0;
    bool each_was_asked = false;  // whether it is wrong by itself

    void add(const Candidate& candidate, Wrong why) {
        if (candidate.kept)
            kept.insert(*candidate.name);
        else
            rows.insert_or_assign(*candidate.name, std::move(why));
    }
};

TenantRows::Row TenantRows::read(const TenantRow& given) {
    Row row;
    if (given.document.size() > max_document_octets) {
        row.wrong = Wrong{path_of(given.name), "has more than " + std::to_string(max_document_octets) + " octets"};
        return row;
    }
    if (given.name.size() > max_name_octets) {
        row.wrong = Wrong{path_of(given.name), "its name has more than " + std::to_string(max_name_octets) + " octets"};
        return row;
    }
    if (!base::is_utf8(given.name)) {
        row.wrong = Wrong{path_of(given.name), "its name is no UTF-8"};
        return row;
    }
    if (!given.wrong.empty()) {
        row.wrong = Wrong{path_of(given.name), given.wrong};
        return row;
    }
    auto read = tenant::read_raw_tenant(given.name, given.document);
    if (read)
        row.line = tenant::one_line(*read);
    else
        row.wrong = Wrong{path_of(given.name), read.error().detail};
    return row;
}

void TenantRows::remember(const std::string& name) {
    const auto row = rows_.find(name);
    before_.try_emplace(name, row == rows_.end() ? std::nullopt : std::optional(row->second));
}

void TenantRows::put(std::string name, Row row) {
    const auto known = rows_.find(name);
    if (known != rows_.end() && known->second.line == row.line && (!row.line.empty() || known->second.wrong == row.wrong)) return;
    remember(name);
    if (known != rows_.end())
        row.good = known->second.served == Row::Served::line ? std::move(known->second.line) : std::move(known->second.good);
    rows_.insert_or_assign(std::move(name), std::move(row));
}

void TenantRows::remove(const std::string& name) {
    if (!rows_.contains(name)) return;
    remember(name);
    rows_.erase(name);
}

base::Result<TenantRows::Taken> TenantRows::take_all(std::vector<TenantRow> rows) {
    begin();
    std::vector<std::string> names;
    names.reserve(rows.size());
    for (TenantRow& row : rows) {
        names.push_back(row.name);
        Row taken = read(row);
        row.document = {};
        put(std::move(row.name), std::move(taken));
    }
    std::ranges::sort(names);
    std::vector<std::string> gone;
    for (const auto& [name, _] : rows_)
        if (!std::ranges::binary_search(names, name)) gone.push_back(name);
    for (const std::string& name : gone) remove(name);
    return build(Ask::whether_changed);
}

base::Result<TenantRows::Taken> TenantRows::take(std::vector<TenantRow> rows, const std::vector<std::string>& gone) {
    begin();
    for (const std::string& name : gone) remove(name);
    for (TenantRow& row : rows) {
        Row taken = read(row);
        put(std::move(row.name), std::move(taken));
    }
    return build(Ask::whether_changed);
}

void TenantRows::begin() {
    if (taking_) take_back();
    forget_batch();
    taking_ = true;
}

void TenantRows::forget_batch() {
    before_.clear();
    defaults_before_.reset();
    over_by_batch_.clear();
}

void TenantRows::take_back() {
    if (taking_ || (last_ && last_->whole)) {  // it was built with the batch, or may have been
        whole_ = {};
        over_.clear();
    }
    for (const std::string& name : over_by_batch_) over_.erase(name);
    over_by_batch_.clear();
    taking_ = true;
    last_.reset();
    if (defaults_before_) defaults_ = *std::move(defaults_before_);
    defaults_before_.reset();
    while (!before_.empty()) {  // each once, should there be no memory for one
        auto& [name, row] = *before_.begin();
        if (row)
            rows_.insert_or_assign(name, *std::move(row));
        else
            rows_.erase(name);
        before_.erase(before_.begin());
    }
    taking_ = false;
}

base::Result<TenantRows::Taken> TenantRows::restore(std::string_view lines) {
    begin();
    std::string text(head);
    std::size_t count = 0;
    for (std::size_t at = 0; at < lines.size(); ++count) {
        const std::size_t end = std::min(lines.find('\n', at), lines.size());
        if (count > 0) text += ",\n";
        text += lines.substr(at, end - at);
        at = end + 1;
    }
    text += tail;
    const auto all = tenant::RawTenants::read(text);
    if (!all) return std::unexpected(all.error());
    for (const tenant::RawTenant& one : all->all()) {
        Row row;
        row.line = tenant::one_line(one);
        put(one.name, std::move(row));
    }
    return build(Ask::anew);
}

base::Result<TenantRows::Taken> TenantRows::use(tenant::Defaults defaults) {
    begin();
    defaults_before_ = std::exchange(defaults_, std::move(defaults));
    for (auto& [name, row] : rows_) {
        if (row.line.empty() || !row.wrong) continue;
        remember(name);
        row.wrong.reset();
    }
    return build(Ask::anew);
}

/// Those that were served come first, then those whose tenant was, then what is new, then what is only kept: who comes later is in the way.
std::vector<TenantRows::Candidate> TenantRows::candidates(const Refused& refused) {
    std::vector<Candidate> out;
    out.reserve(rows_.size());
    const auto rank_of = [](const Row& row) { return row.served == Row::Served::line ? 0 : row.good.empty() ? 2 : 1; };
    for (const int rank : {0, 1, 2})
        for (auto& [name, row] : rows_)
            if (rank_of(row) == rank && !refused.rows.contains(name)) out.push_back({&name, &row.line, false, &row});
    for (const auto& [name, _] : refused.rows) {
        const auto row = rows_.find(std::string(name));
        if (!row->second.good.empty() && !refused.kept.contains(name)) out.push_back({&row->first, &row->second.good, true, &row->second});
    }
    return out;
}

/// One tenant a line.
tenant::LoadedTenants TenantRows::read_lines(const std::vector<Candidate>& candidates) const {
    std::vector<const std::string*> lines;
    lines.reserve(candidates.size());
    for (const Candidate& candidate : candidates) lines.push_back(candidate.line);
    return read_texts(lines);
}

tenant::LoadedTenants TenantRows::read_texts(const std::vector<const std::string*>& lines) const {
    tenant::TenantsReader reader(defaults_, hash_key_);
    reader.feed(head);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (i > 0) reader.feed(",\n");
        reader.feed(*lines[i]);
    }
    reader.feed(tail);
    return reader.finish();
}

/// What is wrong with a row, whatever others there are.
std::optional<TenantRows::Wrong> TenantRows::wrong_alone(const std::string& line) const {
    tenant::LoadedTenants alone = read_lines({{&line, &line, false}});
    const auto error = std::ranges::find_if(alone.problems, is_error);
    if (error == alone.problems.end()) return std::nullopt;
    return Wrong{std::move(error->path), std::move(error->text)};
}

/// Leaves out who is wrong.
base::Result<void> TenantRows::refuse_wrong(const std::vector<tenant::Problem>& problems, const std::vector<Candidate>& candidates,
                                            Refused& refused) {
    std::map<std::size_t, Wrong> wrong;  // the first of each line
    for (const tenant::Problem& problem : problems) {
        if (!is_error(problem)) continue;
        if (problem.place.line >= first_line && problem.place.line - first_line < candidates.size())
            wrong.try_emplace(problem.place.line - first_line, problem.path, problem.text);
        else if (wrong.empty())
            return base::fail(base::Errc::invalid_data, problem.text);  // of the whole: too many names
    }
    if (wrong.empty()) return base::fail(base::Errc::invalid_data, "cannot be used");
    bool any_alone = false;
    if (wrong.size() >= many_bad && !refused.each_was_asked) {
        refused.each_was_asked = true;
        for (const Candidate& candidate : candidates) {
            if (const base::Result<void> more = go_on(); !more) return more;
            if (leave_out_if_wrong_alone(candidate, refused)) any_alone = true;
        }
    } else {
        for (const auto& [number, _] : wrong)
            if (leave_out_if_wrong_alone(candidates[number], refused)) any_alone = true;
    }
    if (any_alone) return {};
    // What is left are rows that exclude each other. Without the first of them, another one may be in nobody's way.
    const bool exact = refused.passes++ < most_exact_passes;
    for (auto& [number, why] : wrong) {
        refused.add(candidates[number], std::move(why));
        if (exact) break;
    }
    return {};
}

/// @return  whether it is.
bool TenantRows::leave_out_if_wrong_alone(const Candidate& candidate, Refused& refused) {
    std::optional<Wrong> alone = wrong_alone(*candidate.line);
    if (!alone) return false;
    if (!candidate.kept) {
        remember(*candidate.name);
        rows_.find(*candidate.name)->second.wrong = *alone;
    }
    refused.add(candidate, *std::move(alone));
    return true;
}

base::Result<void> TenantRows::go_on() const {
    if (ends_ && ends_()) return base::fail(base::Errc::closed, "given up");
    return {};
}

/// There is an index: which rows are good by that.
TenantRows::Taken TenantRows::settle(tenant::LoadedTenants loaded, const Refused& refused, const std::vector<Candidate>& candidates,
                                     bool changed) {
    Taken out{std::make_shared<const tenant::Index>(*std::move(loaded.index)), std::move(loaded.problems), refused.rows.size(), 0, changed};
    whole_ = {};
    over_.clear();
    over_by_batch_.clear();
    const auto note = [this](std::string name, const tenant::Problem& problem) { whole_.problems.emplace_back(std::move(name), problem); };
    for (tenant::Problem& problem : out.problems) {
        const std::size_t number = problem.place.line - first_line;  // no line: as good as too large
        problem.place = {};
        note(number < candidates.size() ? *candidates[number].name : "", problem);
    }
    std::uint32_t number = 0;  // as they were read
    for (const Candidate& candidate : candidates) candidate.row->number = tenant::Number{number++};
    for (auto& [name, row] : rows_) {
        const auto wrong = refused.rows.find(name);
        const bool good = wrong == refused.rows.end(), kept = !good && !row.good.empty() && !refused.kept.contains(name);
        const Row::Served served = good ? Row::Served::line : kept ? Row::Served::good : Row::Served::nothing;
        if (served != row.served || (good && !row.good.empty())) remember(name);
        if (served == Row::Served::nothing) row.number = in_no_index;
        if (good) {
            row.good.clear();
        } else {
            whole_.excludes = whole_.excludes || !row.wrong || (!kept && !row.good.empty());
            out.kept += kept ? 1 : 0;
            out.problems.push_back({tenant::Problem::Severity::error,
                                    {},
                                    wrong->second.path,
                                    wrong->second.text + (kept ? " (its last good version is served)" : " (it is not served)")});
            note(name, out.problems.back());
        }
        row.served = served;
    }
    whole_.index = out.index;
    whole_.bad = out.bad;
    whole_.kept = out.kept;
    return out;
}

base::Result<TenantRows::Taken> TenantRows::build(Ask ask) {
    const bool changed = ask == Ask::anew || !before_.empty();
    if (!changed && last_) {
        last_->changed = false;
        taking_ = false;
        return *last_;
    }
    std::optional<Taken> over = ask == Ask::anew ? std::nullopt : build_over(changed);
    base::Result<Taken> taken = over ? base::Result<Taken>(*std::move(over)) : build_whole(changed);
    if (taken) last_ = *taken;
    taking_ = false;
    return taken;
}

base::Result<TenantRows::Taken> TenantRows::build_whole(bool changed) {
    Refused refused;
    for (const auto& [name, row] : rows_)
        if (row.wrong) refused.rows.emplace(name, *row.wrong);
    for (;;) {
        const std::vector<Candidate> all = candidates(refused);
        tenant::LoadedTenants loaded = read_lines(all);
        if (loaded.index) return settle(std::move(loaded), refused, all, changed);
        base::Result<void> smaller = refuse_wrong(loaded.problems, all, refused);
        if (smaller) smaller = go_on();
        if (!smaller) {
            take_back();
            return std::unexpected(smaller.error());
        }
    }
}

std::string TenantRows::served_lines() const {
    std::string out;
    for (const auto& [name, row] : rows_) {
        if (row.served != Row::Served::nothing) out.append(row.served == Row::Served::line ? row.line : row.good) += '\n';
    }
    return out;
}

std::vector<std::string> TenantRows::bad_ones() const {
    std::vector<std::string> out;
    for (const auto& [name, row] : rows_)
        if (row.served != Row::Served::line) out.push_back(name);
    return out;
}

Fingerprint TenantRows::fingerprint() const {
    Fingerprint content;
    for (const auto& [name, row] : rows_) {
        content.feed(row.line.empty() ? std::string_view(name) : std::string_view(row.line));
        content.feed("\n");
    }
    return content;
}

}  // namespace exota::directory
