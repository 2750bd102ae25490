// Tenants that a server gives to be held: what of them is served, guarded against a loss (shrink_guard.h), and kept on disk
// (snapshot_file.h), so that a node starts and judges while the server is away. Whatever the server is.
//
//   rows ─▶ which of them check (tenant_rows.h) ─┬─ no index can be made of them ─▶ trouble
//                                                ├─ too many domains would be gone ─▶ trouble, until an operator says that it is meant
//                                                └─ served, confirmed, kept on disk
//
// On one thread, which may block for the disk and for as long as an index takes to build. Tested by held_tenants_test.cc.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "directory/shrink_guard.h"
#include "directory/snapshot_file.h"
#include "directory/source_status.h"
#include "directory/tenant_rows.h"
#include "tenant/domains_kept.h"
#include "tenant/index.h"
#include "tenant/tenants_file.h"

namespace exota::directory {

class HeldTenants {
public:
    using Clock = std::chrono::steady_clock;

    /// Which source they are of.
    struct Of {
        std::string name;  // for messages, without secrets
        SnapshotOrigin origin;
        std::string shrink_key;  // what the number of domains is noted under
    };

    struct Options {
        std::string snapshot_file;    // empty: none
        std::string state_directory;  // of the shrink guard; empty: no guard
        std::chrono::seconds max_stale{7 * 86400};
        tenant::Defaults defaults;
        std::shared_ptr<SourceStatus> status;
        // Called within the calls below:
        /// All tenants that are served from now on, and what is to be said of the rows.
        std::function<void(std::shared_ptr<const tenant::Index>, std::vector<tenant::Problem>)> on_index;
        /// What an operator should know besides, each change once.
        std::function<void(std::string)> on_warning;
        /// The status has trouble.
        std::function<void()> on_trouble;
        /// The server was heard first, or again: the status is loaded, and was not. May be empty.
        std::function<void()> on_loaded = {};
        /// The snapshot file is written at most so often, but for keep(When::at_once).
        std::chrono::milliseconds snapshot_apart{5000};
    };

    /// @param ends  asked between two readings of all rows, which may take seconds: true gives up. Empty: never.
    HeldTenants(Of of, Options options, std::function<bool()> ends = {});

    const std::string& name() const noexcept { return of_.name; }

    /// What the snapshot file has. @return  there are tenants in hand.
    bool restore();

    /// All there are now, or those that are new or other and those that are gone.
    /// @return  they are served, and confirmed. Else the status has trouble, and what was served before still is.
    bool take_all(std::vector<TenantRow> rows);
    bool take(std::vector<TenantRow> rows, const std::vector<std::string>& gone);
    /// What was taken last is what is served. If not, only all rows anew are the truth.
    bool is_current() const noexcept { return !refused_ && !unusable_; }
    /// It was refused for its loss …
    bool is_refused() const noexcept { return refused_.has_value(); }
    /// … and an operator has said since that it is meant: to be read again. Looks at a file.
    bool is_accepted() const { return refused_ && guard_.is_accepted(*refused_); }
    /// The server says that there is nothing else than what is_current().
    void confirmed();

    /// The same rows under other defaults, unless these would take tenants away; guarded in another directory.
    void use(tenant::Defaults defaults, std::string state_directory);

    enum class When : std::uint8_t { in_time, at_once };
    /// On disk, if that has not what is served, and now and then for its time.
    void keep(When when);
    /// Then keep() has something to write; nullopt: it has not.
    std::optional<Clock::time_point> keep_at() const noexcept;

    /// A call ended in an exception: what was taken may be half-way.
    void broke_off() noexcept { unusable_ = true; }
    /// The same, told.
    void cannot_use(const std::string& why);
    /// @param why  in words that follow the name of the source.
    void trouble(const std::string& why);
    void warn(const std::string& text);

private:
    bool take(base::Result<TenantRows::Taken> taken);
    void give(TenantRows::Taken taken);
    std::optional<tenant::DomainsKept> domains_kept(const tenant::Index& now) const;
    bool guarded(const TenantRows::Taken& taken);

    const Of of_;
    const Options options_;
    const std::function<bool()> ends_;
    std::string state_directory_;
    ShrinkGuard guard_;
    TenantRows rows_;
    std::shared_ptr<const tenant::Index> served_;        // was given last; null: none
    std::optional<std::size_t> domains_to_note_;         // in the state directory
    std::optional<Fingerprint> refused_;                 // by the shrink guard
    bool unusable_ = false;                              // no index can be made of what was read
    std::chrono::sys_seconds kept_confirmed_{};          // as the snapshot file says
    std::optional<std::chrono::sys_seconds> confirmed_;  // what is held; none: not by a server
    bool snapshot_due_ = false;                          // the file has not what is held
    Clock::time_point snapshot_may_{};                   // not before it is written again
    std::set<std::string> warned_;
};

}  // namespace exota::directory
