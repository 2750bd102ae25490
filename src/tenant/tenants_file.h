// Reading tenants files: version 1 (the predecessor's: domain → flags) and version 2 (by tenant). docs/reference/tenants-file.md has both.
//
// Read by events, never as a document tree: memory while reading is the Index being built and little else. Every problem is reported
// with its line and JSON path, not just the first (up to max_problems errors and as many warnings; a last one counts the rest).
//
// Tested by tenants_file_test.cc, version_one_test.cc, version_two_test.cc and fuzz/tenants_fuzz.cc.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tenant/index.h"
#include "tenant/text_place.h"

namespace exota::tenant {

inline constexpr std::size_t max_problems = 1000;

struct Problem {
    enum class Severity : std::uint8_t { error, warning } severity = Severity::error;
    TextPlace place;   // no line: of the whole file
    std::string path;  // "tenants.contoso.domains[3]"
    std::string text;
};

/// What tenants take that do not say it themselves, and how version-1 entries are read.
struct Defaults {
    std::vector<Proof> proofs;
    Mode mode = Mode::enforce;
    std::vector<Limit> limits;
    LimitAction limit_action = LimitAction::tempfail;
    Alignment alignment = Alignment::strict;
    Forwarding forwarding = Forwarding::none;
    /// authorisation.shared_suffixes: a wildcard directly below one of them is an error, as below a public suffix.
    std::vector<std::string> shared_suffixes;
    /// True for a public suffix; given by the caller, who owns the list. Empty: nothing is.
    std::function<bool(std::string_view)> is_public_suffix;
    /// Drop-in mode: the proofs of a version-1 entry from its flags (docs/migration.md), instead of product rules under TOML.
    std::function<std::vector<Proof>(bool dkim_enabled, bool dkim_alignment_required)> v1_proofs;
    /// Says why a tenant's own proof cannot be used ("the factor arc needs …, which is not built yet"). Empty: every proof can.
    std::function<std::optional<std::string>(const Proof&)> unusable_proof;
    /// Warnings about a tenant's own proofs beside the rest of the configuration. Empty: there are none.
    std::function<std::vector<std::string>(const std::vector<Proof>&)> advise_on_own_proofs;
};

struct LoadedTenants {
    std::optional<Index> index;  // set exactly if no problem is an error
    std::vector<Problem> problems;
    int version = 0;  // 1 or 2; 0 where the text ended before it could be told
};

/// Feeds pieces of the file in order; finish() after the last, once. Holds no piece longer than the call.
class TenantsReader {
public:
    /// @param key  of the hashes of names: random where strangers have a hand in the file or write to who is looked up.
    explicit TenantsReader(Defaults defaults, const base::HashKey& key = {});
    ~TenantsReader();
    void feed(std::string_view piece);
    LoadedTenants finish();

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// A whole text at once.
LoadedTenants read_tenants(std::string_view text, Defaults defaults);

}  // namespace exota::tenant
