#include "decision/system_mail.h"

#include "base/text.h"
#include "mail/author.h"

namespace exota::decision {
namespace {

using evidence::MailClass;
using evidence::Source;

bool has_null_sender(const evidence::Evidence& evidence) noexcept {
    return evidence.envelope.has_mail && evidence.envelope.reverse_path.empty();
}

/// What Exchange Online sends when an administrator has it try a connector: author and envelope sender of that name in a domain of the
/// tenant, to one recipient.
bool validates_connector(const Case& message, const Subject& subject) {
    const auto& [session, envelope, header, verification, too_complex] = message.evidence;
    if (header.mail_class != MailClass::connector_validation || envelope.recipient_count != 1 || !subject.tenant) return false;
    const auto sender = mail::parse_single_mailbox(envelope.reverse_path);
    return sender && base::iequals(sender->local_part, mail::connector_validation_local_part) && message.author_coverage &&
           message.author_coverage->tenant == *subject.tenant &&
           same(covering_tenant(*message.tenants, sender->domain.text()), subject.tenant);
}

}  // namespace

bool is_journal_report(const evidence::Evidence& evidence) noexcept {
    return has_null_sender(evidence) && evidence.header.mail_class == MailClass::journal;
}

FactorFinding examine_system_mail(const Case& message, const Subject& subject, const FactorFinding& hosted) {
    const evidence::Evidence& evidence = message.evidence;
    const MailClass mail_class = evidence.header.mail_class;
    const bool marked =
        mail_class == MailClass::non_delivery_report || mail_class == MailClass::auto_reply || mail_class == MailClass::journal;
    if (!(has_null_sender(evidence) && marked) && !validates_connector(message, subject))
        return absent(has_null_sender(evidence) ? "no-mark" : "has-sender", Source::header_field);
    const bool connected = !std::holds_alternative<evidence::Absent>(evidence.header.attributed_connection);
    if (connected && subject.policy && !subject.policy->connector_clients.empty() && hosted.finding != Finding::holds)
        return {hosted.finding == Finding::unavailable ? Finding::unavailable : Finding::absent, "foreign-connector", Source::header_field};
    return holds(name_of(mail_class), Source::header_field);
}

}  // namespace exota::decision
