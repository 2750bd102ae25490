// A source of tenants that is a server and gives all of them to be held: it has a thread of its own, brings what there is and what changes,
// and goes on serving while its server is away (held_tenants.h).
//
// Which server that is, is known here alone. Tested by postgres_source_test.cc, ldap_snapshot_source_test.cc and fed_source_test.cc.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "directory/held_tenants.h"
#include "directory/shrink_guard.h"
#include "directory/tenant_rows.h"
#include "directory/tenants_settings.h"
#include "tenant/tenants_file.h"

namespace exota::directory {

class FedSource {
public:
    /// Without a snapshot in hand a start waits so long for a first attempt that is under way; many tenants take their time.
    static constexpr std::chrono::seconds longest_first_wait{20};
    enum class First : std::uint8_t { waiting, loaded, unreachable, other_schema };

    FedSource() = default;
    virtual ~FedSource() = default;
    FedSource(const FedSource&) = delete;
    FedSource& operator=(const FedSource&) = delete;

    /// Once. Nothing is read or connected before. Throws std::system_error where there is no thread.
    virtual void start() = 0;
    /// Waits for what comes of the first attempt; once a snapshot is in hand, not longer than `at_most`.
    /// @return  waiting: it is not over.
    virtual First first(std::chrono::milliseconds at_most) = 0;
    /// The rows under other defaults and guarded in another directory, as soon as no answer of the server is waited for. From any thread.
    virtual void use(tenant::Defaults defaults, std::string state_directory) = 0;
    /// What the last attempt failed for.
    virtual std::string trouble() const = 0;
};

/// What came of the first attempt: told by a source's thread, waited for by others.
class FirstAttempt {
public:
    /// The first one counts.
    void note(FedSource::First first);
    void note_snapshot();
    /// As FedSource::first().
    FedSource::First wait(std::chrono::milliseconds at_most);

private:
    std::mutex mutex_;  // of these two
    FedSource::First first_ = FedSource::First::waiting;
    bool has_snapshot_ = false;
    std::condition_variable known_;
};

/// The tenants are a server's that gives all of them; else they are a file's, or looked up for each message.
bool is_fed(const TenantsSettings& settings) noexcept;
/// A directory server is asked for each message's names.
bool looks_up(const TenantsSettings& settings) noexcept;

/// Of settings with is_fed().
HeldTenants::Of held_of(const TenantsSettings& settings);
/// @return  what is wrong with the settings of a directory server (read_servers).
base::Result<std::unique_ptr<FedSource>> make_fed_source(const TenantsSettings& settings, HeldTenants::Options held);

/// All rows of a server, once, for a command.
struct ServerRows {
    std::vector<TenantRow> rows;
    std::vector<std::string> warnings;  // of the server, in words that follow its name
};
/// The same as tenants. A row that does not check counts as it was when the snapshot file was written, as it does when a daemon starts.
struct ReadServer {
    TenantRows::Taken taken;
    Fingerprint fingerprint;
    std::vector<std::string> warnings;  // as ServerRows has them
};
/// Blocks. Of settings with is_fed().
/// @return  invalid_data: it has no tenants in the form of this program, or no index can be made of them; others: it cannot be asked.
base::Result<ReadServer> read_server_once(const TenantsSettings& settings, tenant::Defaults defaults);

}  // namespace exota::directory
