// One connection of libldap's on the loop: what it asks goes out at once, what it is told comes by call-backs. Nothing here waits.
//
// The only file that calls libldap. Belongs to ldap_client.cc. Tested by ldap_link_test.cc and ldap_client_test.cc.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "directory/ldap_client.h"
#include "net/descriptor.h"
#include "net/loop.h"

struct ldap;
struct ldapmsg;

namespace exota::directory {

/// What a server says of an operation at its end.
struct LdapOutcome {
    int code = 0;                            // 0: success
    std::string text;                        // of a code that is none, for people
    bool referred = false;                   // it names other servers
    std::optional<std::string> cookie = {};  // of a page, as LdapFound has it; nullopt: the server said nothing of pages
};

class LdapLink {
public:
    struct Heard {
        std::function<void(int message, LdapEntry)> entry;
        std::function<void(int message)> reference;
        std::function<void(int message, LdapOutcome)> end;
        /// Nothing comes any more. It may destroy the link.
        std::function<void(std::string why)> lost;
    };

    /// @param socket  connected, non-blocking.
    /// @return        io: libldap has no memory, or the loop no room.
    static base::Result<std::unique_ptr<LdapLink>> make(net::Loop& loop, net::Descriptor socket, Heard heard);
    ~LdapLink();
    LdapLink(const LdapLink&) = delete;
    LdapLink& operator=(const LdapLink&) = delete;

    /// @return  the number of the message, which its answers have; unavailable: it cannot be sent.
    base::Result<int> bind(const LdapSettings& settings);
    /// @return  the same; closed: the other end is gone, which `lost` may not have said yet; invalid_data: the filter is none.
    base::Result<int> search(const LdapSearch& search, std::chrono::milliseconds time);
    /// Whatever comes of it is not heard any more.
    void abandon(int message) noexcept;

private:
    struct Watch;
    LdapLink(net::Loop& loop, Heard heard);
    void listen();
    void read();
    /// @return  false: this object may be gone.
    bool tell(ldapmsg* message);
    void say_lost(std::string why);

    const std::shared_ptr<const Heard> heard_;  // who hears something may destroy this object
    ldap* ldap_ = nullptr;
    std::unique_ptr<Watch> watch_;
    std::string secret_;  // that the server was told
    std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

}  // namespace exota::directory
