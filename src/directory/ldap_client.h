// A client of LDAP servers on one loop: one connection at a time, to the first of several servers that can be reached, and searches over
// it. Never blocks: connecting is net's (ldap_tunnel.h), libldap encodes and decodes.
//
//   connected           bound, and one search for nobody went well: a search is sent at once
//   connecting          it waits, for as long as a question may take
//   away                no server could be reached: it fails at once; tried again after a back-off
//   resting             the connection was closed while nobody asked: it has it connected to, and waits
//
// A server that closes the connection (idle for too long, restarted) costs nobody an answer: what was under way is asked once more over the
// next one, and without anything under way that is no trouble at all. One that does not answer at all within the time of a question is
// given up. One that closes whenever it is asked is left for the next in the list. After a trouble with one search the server is asked for
// nobody again, with a back-off, until that goes well.
//
// Lives on the loop's thread; destroyed after the loop has stopped for good. Tested by ldap_client_test.cc and tests/system.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "directory/ldap_settings.h"
#include "directory/ldap_url.h"
#include "directory/source_status.h"
#include "net/loop.h"
#include "net/tls_context.h"

namespace exota::directory {

/// An entry as the server gave it; whatever it says is the server's.
struct LdapEntry {
    std::string dn;
    std::vector<std::pair<std::string, std::vector<std::string>>> attributes;  // values are octets
};
/// What a search found, when the server said that this is all.
struct LdapFound {
    std::vector<LdapEntry> entries;
    bool more = false;             // there are others besides
    std::string cookie = {};       // of a page: what the next one is asked with; empty: it was the last
    std::uint64_t connection = 0;  // over which it came; no two have the same number
};

/// A search whose answers come a page at a time (RFC 2696).
struct LdapPage {
    std::size_t entries = 1;  // at most, in one
    std::string cookie = {};  // of the page before, and over which connection that came; empty: this is the first
    std::uint64_t connection = 0;
};

struct LdapSearch {
    std::string base, filter;
    std::vector<std::string> attributes;
    std::size_t most_entries = 1;  // more are not kept
    /// Another than the first page is answered over the connection of the one before, or not at all: a cookie is of its connection.
    std::optional<LdapPage> page = {};
};

/// Whoever can be asked.
class LdapDirectory {
public:
    virtual ~LdapDirectory() = default;
    /// unavailable, timeout: it cannot be reached, or does not answer. invalid_data: its answer is any other than success, or names another
    /// server. The detail is for people.
    using Done = std::move_only_function<void(base::Result<LdapFound>)>;
    /// @param done  called once, within the call or later on the loop; not after this object is gone.
    virtual void search(LdapSearch search, Done done) = 0;
};

/// What is read once and checked.
struct LdapServers {
    std::vector<LdapUrl> urls;                       // at least one
    std::shared_ptr<const net::TlsContext> context;  // null: no server needs one
};
/// @return  io, not_found, invalid_data: a certificate file; invalid_data: a server.
base::Result<LdapServers> read_servers(const LdapSettings& settings);

class LdapClient final : public LdapDirectory {
public:
    /// Questions under way, sent or not; more fail at once.
    static constexpr std::size_t max_questions = 10'000;
    /// A server that takes connections away at once is connected to so often at most, unless somebody asks.
    static constexpr std::chrono::milliseconds reconnects_apart{1'000};

    /// @param status  told whether the server answers.
    /// @param apart   for tests.
    LdapClient(net::Loop& loop, LdapSettings settings, LdapServers servers, std::shared_ptr<SourceStatus> status,
               std::chrono::milliseconds apart = reconnects_apart);
    ~LdapClient() override;
    LdapClient(const LdapClient&) = delete;
    LdapClient& operator=(const LdapClient&) = delete;

    /// Connects, and again whenever the connection is lost. Once.
    void start();
    void search(LdapSearch search, Done done) override;
    /// Connected, and not known to be away.
    bool is_ready() const noexcept;
    /// Ready, or left by a server that keeps no connection at rest: a search connects.
    bool may_be_asked() const noexcept;

private:
    class Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace exota::directory
