// Tenants kept in a directory server, all of them read whole and held in memory (tenants.ldap.mode = "snapshot"):
//
//   thread of its own   connect ─▶ read the tree (ldap_tree_reader.h) ─▶ wait ─┬─ refresh_interval, or another connection: read it anew
//                                     ▲                                        ├─ a loss was refused, and is meant: read it anew
//                                     └───── back-off ◀── any trouble ─────────┴─ now and then: does it still answer?
//
// What a reading gave is one batch for held_tenants.h: served, guarded, kept on disk. A directory tells nobody of changes, so one counts
// with the next reading; that the server answers between two of them says nothing of what it has, so only a reading confirms.
//
// A thread, because an index takes a second to build, which no loop shall wait for; on it a loop of its own, for the client. Tested by
// ldap_snapshot_source_test.cc and tests/system/test_ldap_snapshot.py.
#pragma once

#include <atomic>
#include <chrono>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "directory/fed_source.h"
#include "directory/held_tenants.h"
#include "directory/ldap_client.h"
#include "directory/ldap_settings.h"
#include "directory/ldap_tree_reader.h"
#include "net/loop.h"

namespace exota::directory {

HeldTenants::Of held_of(const LdapSettings& settings);

/// All entries that are tenants, once, for a command. Blocks for a few times tenants.ldap.timeout, where several servers do not answer.
/// @return  unavailable: it cannot be asked, or its answer is no success; invalid_data: it has more than can be read.
base::Result<LdapTree> read_tree(const LdapSettings& settings, const LdapServers& servers);
/// The same as rows.
base::Result<ServerRows> read_ldap(const LdapSettings& settings, const LdapServers& servers);

class LdapSnapshotSource final : public FedSource {
public:
    /// So often the server is asked whether it is still there, at least.
    static constexpr std::chrono::seconds longest_idle{5};
    /// A server that closes the connection again and again may cost a reading each time: at most so often, and a fifth of the time.
    static constexpr std::chrono::seconds readings_apart{5};

    /// @param held    called on the source's thread; what it throws is a trouble as others.
    /// @param limits  for tests.
    LdapSnapshotSource(LdapSettings settings, LdapServers servers, HeldTenants::Options held, const LdapTreeLimits& limits = {});
    ~LdapSnapshotSource() override;
    LdapSnapshotSource(const LdapSnapshotSource&) = delete;
    LdapSnapshotSource& operator=(const LdapSnapshotSource&) = delete;

    void start() override;
    /// other_schema is nothing that comes of a directory.
    First first(std::chrono::milliseconds at_most) override { return first_.wait(at_most); }
    void use(tenant::Defaults defaults, std::string state_directory) override;
    std::string trouble() const override;
    /// For tests, from any thread: as Loop::skip().
    void skip(net::Loop::Clock::duration time);

private:
    class Life;
    void run();
    void break_off() noexcept;
    void note_trouble(std::string why);

    FirstAttempt first_;
    std::atomic<bool> ending_{false};
    mutable std::mutex mutex_;  // of the next
    std::string trouble_;
    net::Loop loop_;
    std::exception_ptr broken_;   // of the thread: what is to be gone on after
    std::unique_ptr<Life> life_;  // of the thread, as long as that runs
    std::thread thread_;
};

}  // namespace exota::directory
