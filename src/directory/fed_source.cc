#include "directory/fed_source.h"

#include <algorithm>

#include "directory/ldap_client.h"
#include "directory/ldap_snapshot_source.h"
#include "directory/postgres_source.h"
#include "directory/random_key.h"
#include "directory/snapshot_file.h"

namespace exota::directory {
namespace {

base::Result<ServerRows> rows_of_server(const TenantsSettings& settings) {
    if (settings.postgresql) return read_postgres(*settings.postgresql);
    const auto servers = read_servers(*settings.ldap);
    if (!servers) return base::fail(base::Errc::invalid_data, servers.error().detail);
    return read_ldap(*settings.ldap, *servers);
}

}  // namespace

void FirstAttempt::note(FedSource::First first) {
    {
        const std::lock_guard lock(mutex_);
        if (first_ == FedSource::First::waiting) first_ = first;
    }
    known_.notify_all();
}

void FirstAttempt::note_snapshot() {
    {
        const std::lock_guard lock(mutex_);
        has_snapshot_ = true;
    }
    known_.notify_all();
}

FedSource::First FirstAttempt::wait(std::chrono::milliseconds at_most) {
    std::unique_lock lock(mutex_);
    const auto is_known = [this] { return first_ != FedSource::First::waiting; };
    const auto longest = Clock::now() + FedSource::longest_first_wait;
    known_.wait_until(lock, longest, [&] { return is_known() || has_snapshot_; });
    known_.wait_until(lock, std::min<Clock::time_point>(longest, Clock::now() + at_most), is_known);
    return first_;
}

bool looks_up(const TenantsSettings& settings) noexcept { return settings.ldap && settings.ldap->mode == LdapSettings::Mode::lookup; }

bool is_fed(const TenantsSettings& settings) noexcept { return settings.postgresql || (settings.ldap && !looks_up(settings)); }

HeldTenants::Of held_of(const TenantsSettings& settings) {
    return settings.postgresql ? held_of(*settings.postgresql) : held_of(*settings.ldap);
}

base::Result<std::unique_ptr<FedSource>> make_fed_source(const TenantsSettings& settings, HeldTenants::Options held) {
    if (settings.postgresql)
        return std::make_unique<PostgresSource>(PostgresSource::Options{.settings = *settings.postgresql, .held = std::move(held)});
    auto servers = read_servers(*settings.ldap);
    if (!servers) return std::unexpected(servers.error());
    return std::make_unique<LdapSnapshotSource>(*settings.ldap, *std::move(servers), std::move(held));
}

base::Result<ReadServer> read_server_once(const TenantsSettings& settings, tenant::Defaults defaults) {
    auto read = rows_of_server(settings);
    if (!read) return std::unexpected(read.error());
    TenantRows rows(std::move(defaults), random_key().value_or(base::HashKey{}));
    if (!settings.snapshot_file.empty())
        if (const auto kept = load_snapshot(settings.snapshot_file, held_of(settings).origin))
            static_cast<void>(rows.restore(kept->lines));  // without it no row has a last good version
    auto taken = rows.take_all(std::move(read->rows));
    if (!taken) return std::unexpected(taken.error());
    return ReadServer{*std::move(taken), rows.fingerprint(), std::move(read->warnings)};
}

}  // namespace exota::directory
