// Reads all tenants of a directory server: the whole tree, by one search of many pages (RFC 2696).
//
// A search with any end but success, or that names another server, is a failure and no smaller directory; so is one whose connection ends
// between two pages, or whose pages do not fit together. What a page costs is the server's to say, so everything has a limit: entries,
// octets, pages, time. Lives on the loop of its client. Tested by ldap_tree_reader_test.cc.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "directory/ldap_client.h"
#include "directory/ldap_settings.h"

namespace exota::directory {

struct LdapTree {
    std::vector<LdapEntry> entries;
    std::uint64_t connection = 0;  // over which they came
};

/// Beyond them it is a server that never ends, or no directory of tenants.
struct LdapTreeLimits {
    std::size_t pages = 100'000, entries = 1'000'000, octets = std::size_t{1} << 30;
    std::chrono::seconds time{900};
};

class LdapTreeReader {
public:
    using Clock = std::chrono::steady_clock;
    static constexpr std::size_t page_entries = 500;

    using Done = std::move_only_function<void(base::Result<LdapTree>)>;
    /// @param directory  outlives this object, and calls nothing back after it is gone.
    LdapTreeReader(LdapDirectory& directory, const LdapSettings& settings, const LdapTreeLimits& limits = {});

    /// Again: what was under way is heard no more, and its `done` is not called.
    /// @param done  called once, within the call or later on the loop. Errors are those of LdapDirectory::Done; too_long: a limit above, or
    ///              of a page; unavailable besides: not within its time; invalid_data: an entry came twice.
    void read(Done done);

private:
    void ask(std::string cookie, std::uint64_t connection);
    void take(base::Result<LdapFound> found);
    void end(base::Result<LdapTree> result);

    LdapDirectory& directory_;
    const LdapSearch search_;
    const LdapTreeLimits limits_;
    std::uint64_t reading_ = 0;
    Done done_;
    Clock::time_point until_{};
    std::vector<LdapEntry> entries_;
    std::string page_begin_;  // DN of the first entry of the last page that had any
    std::size_t pages_ = 0, octets_ = 0;
};

}  // namespace exota::directory
