// Gathering. A field is looked at only if its name is of interest (field_kind.cc); its value is copied only if someone behind needs it.
//
// Nothing is believed here: a claim of Exchange Online's fields is kept as a fact whose source is the header, whoever wrote it.
//
// Tested by collector_test.cc, author_test.cc and corpus_test.cc.
#include "evidence/collector.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/cursor.h"
#include "base/octets.h"
#include "base/text.h"
#include "evidence/author.h"
#include "evidence/claims.h"
#include "evidence/field_kind.h"
#include "evidence/firewall_names.h"
#include "evidence/inbound_fields.h"
#include "evidence/single_field_values.h"
#include "mail/bare_path.h"

namespace exota::evidence {
namespace {

using base::Errc;
using base::fail;
using base::Result;

constexpr std::size_t max_auth_as_octets = 256;

constexpr std::string_view without_leading_blanks(std::string_view value) noexcept {
    while (!value.empty() && base::is_wsp(value.front())) value.remove_prefix(1);
    return value;
}

/// An address field. Where blanks make a line too long they stay: its length is what refuses it.
std::string_view author_text(std::string_view value) noexcept {
    return mail::has_overlong_line(value) ? value : without_leading_blanks(value);
}

/// Moves past `word` in any letter case, if it comes next.
bool skip_word(base::Cursor& in, std::string_view word) noexcept {
    if (!base::istarts_with(in.rest(), word)) return false;
    in.advance(word.size());
    return true;
}

/// What OpenDKIM takes as a field name (printable ASCII and blanks); it falls silent at another. Eight octets at a time; the last look
/// overlaps the one before.
bool is_readable_name(std::string_view name) noexcept {
    if (name.size() < 8) return !name.empty() && std::ranges::all_of(name, [](char c) { return c >= ' ' && c < 0x7f; });
    constexpr std::uint64_t each = 0x0101010101010101;
    std::uint64_t odd = 0;  // the highest bit of an octet: it is none of them, or the one below it is none
    const auto look_at = [&odd](std::string_view text) {
        const std::uint64_t octets = base::first_octets(text);
        odd |= octets | (octets - ' ' * each) | (octets + each);
    };
    for (std::size_t at = 0; at + 8 < name.size(); at += 8) look_at(name.substr(at));
    look_at(name.substr(name.size() - 8));
    return (odd & 0x80 * each) == 0;
}

/// Sendmail ends the header at such a line, which could be a boundary of the body; what stands below it is no field there.
constexpr bool looks_like_boundary(std::string_view name) noexcept { return name.starts_with("--"); }

/// "TenantId=" uuid ";Ip=[" address "]" [ ";" anything ]. What stands behind (the client's HELO) is the sender's own text; it is last,
/// so it cannot pretend to be one of the first two.
Result<AttributedConnection> parse_attributed_connection(std::string_view text) {
    base::Cursor in(text);
    const auto until = [&in](char end) { return in.take_while([end](char c) { return c != end; }); };
    if (!skip_word(in, "TenantId=")) return fail(Errc::invalid_data, "no TenantId");
    const Result<mail::TenantId> tenant_id = mail::TenantId::parse(base::trim(until(';')));
    if (!tenant_id) return std::unexpected(tenant_id.error());
    in.skip(';');
    in.take_while(base::is_fws);
    if (!skip_word(in, "Ip=[")) return fail(Errc::invalid_data, "no Ip behind the TenantId");
    const Result<base::IpAddress> address = base::IpAddress::parse(until(']'));
    if (!address) return std::unexpected(address.error());
    if (!in.skip(']')) return fail(Errc::invalid_data, "no ] behind the Ip");
    in.take_while(base::is_fws);
    if (!in.at_end() && !in.skip(';')) return fail(Errc::invalid_data, "text behind the Ip");
    const std::string_view before_helo = in.rest().substr(0, base::ifind(in.rest(), "Helo="));
    for (const std::string_view again : {"TenantId=", "Ip="})
        if (base::ifind(before_helo, again) != std::string_view::npos) return fail(Errc::invalid_data, std::string(again) + " twice");
    return AttributedConnection{*tenant_id, *address};
}

/// Content-Type: multipart/report; report-type=delivery-status (RFC 3464 section 2).
bool is_delivery_report(std::string_view value) noexcept {
    if (!base::istarts_with(base::trim(value), "multipart/report")) return false;
    constexpr std::string_view parameter = "report-type";
    const std::size_t at = base::ifind(value, parameter);
    if (at == std::string_view::npos) return false;
    base::Cursor in(value.substr(at + parameter.size()));
    in.take_while([](char c) { return base::is_fws(c) || c == '=' || c == '"'; });
    return base::istarts_with(in.rest(), "delivery-status");
}

}  // namespace

/// What the collector knows of a message besides the evidence that it gathers.
struct Collector::Message {
    explicit Message(Evidence& gathered) noexcept
        : envelope(gathered.envelope), header(gathered.header), too_complex(gathered.too_complex) {}

    Envelope& envelope;
    Header& header;
    std::string& too_complex;
    std::array<std::uint32_t, field_kinds> seen{};  // fields of each kind
    FirewallNames firewall_names;                   // of header.firewall
    SingleFieldValues single_fields;
    InboundFields inbound;
    bool full = false;         // a limit on the whole header is passed: count only
    bool is_complete = false;  // by complete(): somebody reads the evidence, and nothing writes to it any more
    bool auto_submitted = false, auto_replied = false, delivery_report = false, journal = false, inbox_rules_loop = false,
         response_suppress = false;

    void exceed(std::string what) {
        if (too_complex.empty()) too_complex = std::move(what);
    }

    /// Counts the field. @return whether its value may be looked at.
    bool measure(std::string_view name, std::string_view value, const MessageLimits& limits) {
        const std::size_t octets = name.size() + value.size() + 3;
        header.octets += octets;
        ++header.field_count;
        if (header.field_count <= limits.header_fields && header.octets <= limits.header_octets && octets <= limits.field_octets &&
            name.size() <= max_field_name_octets && !looks_like_boundary(name)) [[likely]]
            return !full;
        return pass_limits(name, octets, limits);
    }
    [[gnu::noinline]] bool pass_limits(std::string_view name, std::size_t octets, const MessageLimits& limits) {
        if (header.field_count > limits.header_fields) {
            full = true;
            exceed("header fields above " + std::to_string(limits.header_fields));
        }
        if (header.octets > limits.header_octets) {
            full = true;
            exceed("header octets above " + std::to_string(limits.header_octets));
        }
        if (octets > limits.field_octets) exceed("octets of a header field above " + std::to_string(limits.field_octets));
        if (name.size() > max_field_name_octets) exceed("octets of a field name above " + std::to_string(max_field_name_octets));
        if (looks_like_boundary(name)) exceed("a field name that begins with --");
        return !full && octets <= limits.field_octets;
    }

    void count_firewall_field(std::string_view name) {
        name = base::trim(name);
        if (const std::size_t place = firewall_names.find(name, header.firewall); place < header.firewall.size()) {
            ++header.firewall[place].count;
            return;
        }
        if (full) {
            header.firewall_incomplete = true;
            return;
        }
        if (header.firewall.empty()) header.firewall.reserve(FirewallNames::usual);
        header.firewall.push_back({std::string(name), 1});
        firewall_names.add(header.firewall);
    }

    [[gnu::noinline]] void note_rare_interest(std::string_view name, std::string_view value, bool may_look, const Interests& interests) {
        if (interests.eop) inbound.eop_field(name, value, may_look);
        if (interests.indirect) inbound.indirect_field(name, value, may_look);
        if (interests.forward_mark && header.forward_mark.empty() && is_forward_mark(name, value, may_look))
            header.forward_mark = base::trim(name).substr(0, max_forward_mark_octets);
    }

    void take(FieldKind kind, std::string_view value, bool may_look, const MessageLimits& limits, bool keeps_signatures);
    void note(FieldKind kind, std::string_view value);
    MailClass mail_class() const;
};

/// The value of a field of interest, within all limits.
void Collector::Message::note(FieldKind kind, std::string_view value) {
    const std::string_view text = base::trim(value);
    switch (kind) {
        case FieldKind::from:
            header.from.emplace_back(author_text(value));
            break;
        case FieldKind::resent_from:
            header.resent_from.emplace_back(author_text(value));
            break;
        case FieldKind::sender:
            header.sender.emplace_back(author_text(value));
            break;
        case FieldKind::authentication_results:
            header.authentication_results.push_back(
                {std::string(without_leading_blanks(value)), header.received_count, header.authentication_results_count});
            break;
        case FieldKind::originator_org: {
            if (text.empty()) break;
            Result<mail::Domain> domain = mail::Domain::parse(text);
            if (domain) header.originator_orgs.push_back(*domain);
            claim(header.originator_org, text, std::move(domain));
            break;
        }
        case FieldKind::tenant_id:
            if (!text.empty()) claim(header.tenant_id, text, mail::TenantId::parse(text));
            break;
        case FieldKind::auth_as:
            if (text.empty()) break;
            claim(header.auth_as, text,
                  text.size() <= max_auth_as_octets ? Result<std::string>(text) : fail(Errc::too_long, "more than 256 octets"));
            break;
        case FieldKind::attributed_connection:
            if (!text.empty()) claim(header.attributed_connection, text, parse_attributed_connection(text));
            break;
        case FieldKind::auto_submitted:  // RFC 3834 section 5
            auto_submitted = auto_submitted || !base::istarts_with(text, "no");
            auto_replied = auto_replied || base::istarts_with(text, "auto-replied");
            break;
        case FieldKind::content_type:
            delivery_report = delivery_report || is_delivery_report(value);
            break;
        case FieldKind::journal_report:
            journal = true;
            break;
        case FieldKind::inbox_rules_loop:
            inbox_rules_loop = true;
            break;
        case FieldKind::response_suppress:
            response_suppress = true;
            break;
        case FieldKind::received:
        case FieldKind::dkim_signature:
        case FieldKind::own_result:
        case FieldKind::other:
            break;
    }
}

/// Counts the field, and notes its value as far as that may be looked at.
void Collector::Message::take(FieldKind kind, std::string_view value, bool may_look, const MessageLimits& limits, bool keeps_signatures) {
    const std::uint32_t count = ++seen[static_cast<std::size_t>(kind)];
    switch (kind) {  // counted whatever is passed: clean-up removes by number
        case FieldKind::from:
            header.from_count = count;
            break;
        case FieldKind::authentication_results:
            header.authentication_results_count = count;
            break;
        case FieldKind::received:
            header.received_count = count;
            return;
        case FieldKind::dkim_signature:
            header.dkim_signature_count = count;
            if (keeps_signatures && may_look && count <= limits.kept_fields) header.dkim_signatures.emplace_back(value);
            return;
        case FieldKind::own_result:
            header.own_result_count = count;
            return;
        default:
            break;
    }
    if (count > limits.kept_fields) {  // never "the first hundred": a flood must not push the real one out
        exceed("more than " + std::to_string(limits.kept_fields) + ' ' + std::string(name_of(kind)) + " fields");
        return;
    }
    if (may_look) note(kind, value);
}

/// By the tell-tales of each class, the surest first. They are the sender's text: decision/system_mail.cc only narrows a proof by them.
MailClass Collector::Message::mail_class() const {
    constexpr std::string_view validator = mail::connector_validation_local_part;
    const bool null_sender = envelope.has_mail && envelope.reverse_path.empty();
    const mail::Mailbox* const author = value_of(header.author);
    if (author != nullptr && base::iequals(author->local_part, validator)) return MailClass::connector_validation;
    if (journal) return MailClass::journal;
    if (delivery_report && (null_sender || !envelope.has_mail)) return MailClass::non_delivery_report;
    if (auto_replied || (null_sender && (auto_submitted || inbox_rules_loop || response_suppress))) return MailClass::auto_reply;
    if (inbox_rules_loop || !header.resent_from.empty()) return MailClass::forward;
    return MailClass::ordinary;
}

Collector::Collector(const MessageLimits& limits, Interests interests)
    : limits_(&limits), interests_(interests), own_(std::make_unique<Evidence>()), gathered_(own_.get()) {}
Collector::Collector(const MessageLimits& limits, Interests interests, Evidence& into)
    : limits_(&limits), interests_(interests), gathered_(&into) {}
Collector::~Collector() = default;
Collector::Collector(Collector&&) noexcept = default;
Collector& Collector::operator=(Collector&&) noexcept = default;

Collector::Message& Collector::message() {
    if (!message_) begin_message();
    return *message_;
}

void Collector::begin_message() {
    if (message_ && message_->is_complete) return;
    reset_message();
    message_ = std::make_unique<Message>(*gathered_);
}

void Collector::connected(Client client, std::string_view mta) {
    reset_message();
    gathered_->session = Session{};
    gathered_->session.client = std::move(client);
    gathered_->session.mta = mta;
}

void Collector::tls(Tls facts) { gathered_->session.tls = std::move(facts); }
void Collector::helo(std::string_view name) { gathered_->session.helo = name; }
void Collector::authenticated(bool yes) { gathered_->session.authenticated = yes; }

void Collector::mail(std::string_view reverse_path) {
    begin_message();
    if (message_->is_complete) return;
    Envelope& envelope = message_->envelope;
    envelope.has_mail = true;
    reverse_path = mail::bare_path(reverse_path);
    if (reverse_path.size() > max_path_octets)
        message_->exceed("octets of the reverse-path above " + std::to_string(max_path_octets));
    else
        envelope.reverse_path = reverse_path;
}

void Collector::xoorg(std::string_view value, Source source) {
    value = base::trim(value);
    if (!value.empty() && !message().is_complete) claim(message().envelope.xoorg, value, mail::Domain::parse(value), source);
}

void Collector::recipient(std::string_view forward_path) {
    if (message().is_complete) return;
    Envelope& envelope = message_->envelope;
    ++envelope.recipient_count;
    forward_path = mail::bare_path(forward_path);
    if (envelope.recipients.size() < max_recipients_kept && forward_path.size() <= max_path_octets)
        envelope.recipients.emplace_back(forward_path);
}

void Collector::queue_id(std::string_view id) {
    if (!message().is_complete) message_->envelope.queue_id = id;
}

void Collector::header_field(std::string_view name, std::string_view value, NameIs name_is) {
    Message& message = message_ ? *message_ : this->message();
    if (message.is_complete) [[unlikely]]
        return;
    const bool may_look = message.measure(name, value, *limits_);
    const FieldClass field = classify(name);
    if (interests_.firewall_fields && is_firewall_field(name)) message.count_firewall_field(name);
    if (interests_.signed_fields) {
        if (name_is != NameIs::plain && !is_readable_name(name)) [[unlikely]]
            message.header.unreadable_field_name = true;
        if (field.single != mail::SingleField::none) message.single_fields.add(field.single, may_look ? value : std::string_view{});
    }
    if (interests_.eop || interests_.indirect || interests_.forward_mark) [[unlikely]]
        message.note_rare_interest(name, value, may_look, interests_);
    if (field.kind != FieldKind::other) message.take(field.kind, value, may_look, *limits_, interests_.signed_fields);  // few are
}

Evidence Collector::finish() {
    complete();
    message_.reset();
    Evidence out = std::move(*gathered_);
    *gathered_ = Evidence{};
    gathered_->session = out.session;  // the connection goes on
    return out;
}

void Collector::complete() {
    Message& seen = message();
    if (std::exchange(seen.is_complete, true)) return;
    seen.header.author = author_of(seen.header, gathered_->session.mta);
    seen.header.mail_class = seen.mail_class();
    seen.header.repeated_fields = seen.single_fields.repeated();
    if (interests_.eop) seen.header.eop = seen.inbound.eop(seen.header.authentication_results);
    if (interests_.indirect) seen.header.inbound = seen.inbound.take_header();
}

Evidence Collector::at_mail() const {
    Evidence out;
    out.session = gathered_->session;
    if (!message_) return out;
    out.envelope = message_->envelope;
    out.too_complex = message_->too_complex;
    return out;
}

void Collector::reset_message() {
    if (!message_ || message_->is_complete) return;
    message_.reset();
    gathered_->envelope = {};
    gathered_->header = {};
    gathered_->too_complex.clear();
}

}  // namespace exota::evidence
