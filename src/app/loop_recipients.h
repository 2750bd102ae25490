// Recipients that a server is asked for, on one loop: what asks it (a client of a directory server, or a connection to PostgreSQL with its
// thread), and the cache in front.
//
// Belongs to its loop but for status() and counters(). To be destroyed after the loop has stopped for good, before it. Tested by
// tests/system/test_recipients.py.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "directory/ldap_client.h"
#include "directory/ldap_recipients.h"
#include "directory/postgres_recipients.h"
#include "directory/recipient_lookup.h"
#include "directory/recipient_settings.h"
#include "directory/source_status.h"
#include "net/loop.h"
#include "telemetry/metrics.h"

namespace exota::app {

/// What all loops share.
struct RecipientOptions {
    directory::RecipientSourceSettings settings;  // one of the sources is set
    std::optional<directory::LdapServers> servers;
    std::optional<directory::LdapFilter> filter;
};
/// nullopt: no server is asked for recipients. The configuration was checked.
/// @return  io, not_found, invalid_data: see directory::read_servers, LdapFilter::parse.
base::Result<std::optional<RecipientOptions>> recipient_options(const directory::RecipientSourceSettings& settings);

class LoopRecipients {
public:
    LoopRecipients(net::Loop& loop, const RecipientOptions& options);
    LoopRecipients(const LoopRecipients&) = delete;
    LoopRecipients& operator=(const LoopRecipients&) = delete;

    /// Connects. Throws std::system_error where there are not enough threads.
    void start();
    void find(const tenant::RecipientName& name, const tenant::RecipientRules& rules, directory::RecipientLookup::OnFound on_found);

    std::shared_ptr<const directory::SourceStatus> status() const noexcept { return status_; }
    const telemetry::Lookups& counters() const noexcept { return counters_; }

private:
    using Answered = std::function<void(directory::RecipientLookup::Answer)>;
    void ask(const std::string& entry, Answered answered);

    net::Loop& loop_;
    const std::shared_ptr<directory::SourceStatus> status_;
    std::optional<directory::LdapClient> client_;
    std::optional<directory::LdapRecipients> ldap_;
    directory::RecipientLookup lookup_;
    directory::CacheCounts counted_;
    telemetry::Lookups counters_;
    std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
    std::optional<directory::PostgresRecipients> postgresql_;  // its thread ends before all above goes
};

}  // namespace exota::app
