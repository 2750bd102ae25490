// Asks a directory server whether a recipient exists: one search an entry, and who is found exists, whatever else is said of him.
//
// Lives on one loop, as its client does. Tested by ldap_recipients_test.cc and tests/system/test_recipients.py.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "directory/ldap_client.h"
#include "directory/ldap_filter.h"
#include "directory/recipient_lookup.h"

namespace exota::directory {

class LdapRecipients {
public:
    /// What stands for the recipient in the filter.
    static constexpr std::string_view placeholder = "%r";

    /// @param directory  outlives this object, and calls nothing back after it is gone.
    /// @param filter     with `placeholder`.
    LdapRecipients(LdapDirectory& directory, std::string base, LdapFilter filter);

    /// @param entry     an address, or '@' and a domain.
    /// @param answered  called once, within the call or later on the loop. none: the server said that this is all, and it was nothing.
    void ask(const std::string& entry, std::function<void(RecipientLookup::Answer)> answered);

private:
    LdapDirectory& directory_;
    const std::string base_;
    const LdapFilter filter_;
};

}  // namespace exota::directory
