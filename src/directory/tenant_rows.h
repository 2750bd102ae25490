// Tenants of a source that gives them one by one, as rows: which of them are served, and the index of those.
//
//   a row that checks                  is served
//   one that does not                  is named, and its last good version is served if there was one; nothing else stops for it
//   two that exclude each other        a good row wins over a kept one; of two good ones the one that was served, else the one whose tenant
//                                      was, else the first by name
//
// A batch of changes is taken as a whole or taken back (too many domains would be lost). Rows are kept as lines of a version-2 text, so
// all of them together are one, which tenant::TenantsReader checks as it checks a file. What cannot be served is looked for by reading
// again: one bad row costs one more reading of all, and rows that exclude each other one each, up to most_exact_passes. A batch that an
// exception cut short (no memory) is taken back with the next call.
//
// Where few rows change, their index is laid over the last whole one (tenant/index_over.h): what changed since that one is read, as it was
// and as it is. All are read, and a whole one is built, where
//   - more tenants changed since than most_over, or more octets of them than most_octets_over. So of most_over changes one costs as much as
//     all tenants, and each of the others as much as two times so many at most;
//   - something is wrong with a row of the batch, or was, or it is in another's way;
//   - some row is not served because another one is: who goes may make room for it;
//   - the defaults are others, or a batch was taken back for which a whole one was built.
// Either way the same rows are served, and all look-ups say the same. Where nothing changed, nothing is built. A warning that is of no one
// tenant (some have no proofs of their own, say) may outlast the last of those tenants until the next whole index.
//
// Without I/O, one thread. Tested by tenant_rows_test.cc, tenant_rows_over_test.cc and fuzz/tenant_rows_fuzz.cc.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "base/result.h"
#include "directory/shrink_guard.h"
#include "tenant/index.h"
#include "tenant/tenants_file.h"

namespace exota::directory {

/// As a source gives it.
struct TenantRow {
    std::string name;
    std::string document;    // its fields, as an object of the version-2 file
    std::string wrong = {};  // why the source cannot say what its fields are; empty: it does
};

class TenantRows {
public:
    static constexpr std::size_t max_document_octets = std::size_t{64} * 1024 * 1024;
    /// So many times rows that exclude each other are left out one by one; then all that are in somebody's way at once.
    static constexpr std::size_t most_exact_passes = 16;
    /// So many tenants, and octets of them (as they were and as they are), may be otherwise than in the last whole index.
    static constexpr std::size_t most_over = 1000, most_octets_over = std::size_t{1} << 20;
    /// So many bad rows found by one reading: each row is looked at by itself then, once, instead of in as many readings of all.
    static constexpr std::size_t many_bad = 32;

    struct Taken {
        std::shared_ptr<const tenant::Index> index;  // never null
        /// Of the rows that are not served as they are (errors), and what is to be known of the others (warnings). The path begins with
        /// "tenants.NAME".
        std::vector<tenant::Problem> problems;
        std::size_t bad = 0;   // rows that are not served as they are …
        std::size_t kept = 0;  // … of which so many are served as they were
        bool changed = false;  // any row is another than before; else the index is the one that was given before
        bool whole = true;     // the index is of all rows; else one of those that changed lies over one that is
    };

    /// @param hash_key   of each index: random where strangers have a hand in the names.
    /// @param ends       asked between two readings of all, which may take seconds: true gives up. Empty: never.
    /// @param over_most  in place of most_over; 0: each index is a whole one.
    TenantRows(tenant::Defaults defaults, const base::HashKey& hash_key, std::function<bool()> ends = {}, std::size_t over_most = most_over)
        : defaults_(std::move(defaults)), hash_key_(hash_key), ends_(std::move(ends)), over_most_(over_most) {}

    /// All there are.
    /// @return  invalid_data: not even without the bad ones there is an index (it would be too large). Then everything is as before.
    ///          closed: it was given up, and the same.
    base::Result<Taken> take_all(std::vector<TenantRow> rows);
    /// Some are new or other, some are gone.
    base::Result<Taken> take(std::vector<TenantRow> rows, const std::vector<std::string>& gone);
    /// Takes the last batch back, and what became good by it. Once.
    void take_back();
    /// The same rows under other defaults, which take_back() takes back, too.
    base::Result<Taken> use(tenant::Defaults defaults);
    /// Of what was kept over a restart: lines that were good.
    base::Result<Taken> restore(std::string_view lines);

    /// What is served, a line each: `"NAME":{…}`, and nothing else in a line.
    std::string served_lines() const;
    /// Of all rows as the source has them, whatever order they came in.
    Fingerprint fingerprint() const;
    std::size_t count() const noexcept { return rows_.size(); }
    /// Names of the rows that are not served as they are.
    std::vector<std::string> bad_ones() const;

private:
    /// What is wrong with a row: a path within the tenant, and a sentence.
    struct Wrong {
        std::string path, text;
        bool operator==(const Wrong&) const = default;
    };
    struct Row {
        std::string line;            // as the source has it; empty: it cannot be read
        std::string good;            // its last good version, if that is another one
        std::optional<Wrong> wrong;  // by itself; none: nothing, or nobody looked yet
        enum class Served : std::uint8_t { nothing, good, line } served = Served::nothing;  // when last built
        tenant::Number number = in_no_index;  // in the last whole index, if it is served so there
    };
    static constexpr tenant::Number in_no_index{0xffffffff};
    /// Of a tenant that is otherwise now than in the last whole index.
    struct Was {
        tenant::Number number = in_no_index;
        std::string line;
    };
    /// The last whole index, and what was said of the rows then.
    struct Whole {
        std::shared_ptr<const tenant::Index> index;                     // null: none, or it says nothing of the rows
        std::vector<std::pair<std::string, tenant::Problem>> problems;  // by the name of the tenant; empty: of no one
        std::size_t bad = 0, kept = 0;
        bool excludes = false;  // some row is not served because another one is
    };
    struct Candidate;
    struct Refused;
    using Rows = std::map<std::string, Row>;

    static Row read(const TenantRow& row);
    /// A batch: from now on it is remembered what was before.
    void begin();
    void forget_batch();
    void put(std::string name, Row row);
    void remove(const std::string& name);
    void remember(const std::string& name);
    enum class Ask : std::uint8_t { whether_changed, anew };
    base::Result<Taken> build(Ask ask);
    base::Result<Taken> build_whole(bool changed);
    std::optional<Taken> build_over(bool changed);
    bool note_what_was();
    tenant::LoadedTenants read_texts(const std::vector<const std::string*>& lines) const;
    std::vector<Candidate> candidates(const Refused& refused);
    tenant::LoadedTenants read_lines(const std::vector<Candidate>& candidates) const;
    base::Result<void> refuse_wrong(const std::vector<tenant::Problem>& problems, const std::vector<Candidate>& candidates,
                                    Refused& refused);
    Taken settle(tenant::LoadedTenants loaded, const Refused& refused, const std::vector<Candidate>& candidates, bool changed);
    std::optional<Wrong> wrong_alone(const std::string& line) const;
    bool leave_out_if_wrong_alone(const Candidate& candidate, Refused& refused);
    base::Result<void> go_on() const;

    tenant::Defaults defaults_;
    std::optional<tenant::Defaults> defaults_before_;
    const base::HashKey hash_key_;
    const std::function<bool()> ends_;
    const std::size_t over_most_;
    Rows rows_;
    bool taking_ = false;                               // a batch, which is neither taken nor taken back yet
    std::map<std::string, std::optional<Row>> before_;  // of the last batch
    Whole whole_;
    std::map<std::string, Was> over_;         // what changed since, by the name of the tenant
    std::vector<std::string> over_by_batch_;  // names that the last batch brought there
    std::optional<Taken> last_;               // what is served; none: it is to be built anew
};

}  // namespace exota::directory
