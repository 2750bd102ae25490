#include "directory/ldap_recipients.h"

#include <utility>

namespace exota::directory {

LdapRecipients::LdapRecipients(LdapDirectory& directory, std::string base, LdapFilter filter)
    : directory_(directory), base_(std::move(base)), filter_(std::move(filter)) {}

void LdapRecipients::ask(const std::string& entry, std::function<void(RecipientLookup::Answer)> answered) {
    using Answer = RecipientLookup::Answer;
    // RFC 4511 section 4.5.1.8: "1.1" asks for no attribute.
    LdapSearch search{.base = base_, .filter = filter_.with(entry), .attributes = {"1.1"}};
    directory_.search(std::move(search), [answered = std::move(answered)](base::Result<LdapFound> found) {
        if (!found) return answered(Answer(Answer::unknown));  // the client told its status
        answered(found->entries.empty() ? Answer(Answer::none) : Answer(Exists{}));
    });
}

}  // namespace exota::directory
