#include "directory/ldap_link.h"

#include <ldap.h>
#include <openldap.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <utility>

#include "directory/server_text.h"

namespace exota::directory {
namespace {

using base::Errc;
using base::fail;

/// Of what a server adds to its code.
constexpr std::size_t max_text_octets = 200;
constexpr const char* closed = "it closed the connection";

std::string in_words(int code) { return std::string(ldap_err2string(code)) + " (" + std::to_string(code) + ')'; }

/// Attributes and values of one entry; what cannot be decoded is not there.
LdapEntry entry_of(LDAP* ld, LDAPMessage* message) {
    LdapEntry entry;
    if (char* const dn = ldap_get_dn(ld, message)) {
        entry.dn = dn;
        ldap_memfree(dn);
    }
    BerElement* position = nullptr;
    for (char* name = ldap_first_attribute(ld, message, &position); name != nullptr; name = ldap_next_attribute(ld, message, position)) {
        auto& attribute = entry.attributes.emplace_back(name, std::vector<std::string>{});
        if (berval** const values = ldap_get_values_len(ld, message, name)) {
            for (berval** value = values; *value != nullptr; ++value) attribute.second.emplace_back((*value)->bv_val, (*value)->bv_len);
            ldap_value_free_len(values);
        }
        ldap_memfree(name);
    }
    if (position != nullptr) ber_free(position, 0);
    return entry;
}

/// What the server says of the next page.
std::optional<std::string> cookie_in(LDAP* ld, LDAPControl** controls) {
    LDAPControl* const paged = ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, controls, nullptr);
    if (paged == nullptr) return std::nullopt;
    ber_int_t estimate = 0;
    berval cookie{0, nullptr};
    if (ldap_parse_pageresponse_control(ld, paged, &estimate, &cookie) != LDAP_SUCCESS) return std::nullopt;
    std::string octets(cookie.bv_val == nullptr ? "" : cookie.bv_val, cookie.bv_val == nullptr ? 0 : cookie.bv_len);
    ber_memfree(cookie.bv_val);
    return octets;
}

LdapOutcome outcome_of(LDAP* ld, LDAPMessage* message, std::string_view secret) {
    LdapOutcome outcome;
    char* text = nullptr;
    char** referrals = nullptr;
    LDAPControl** controls = nullptr;
    const int parsed = ldap_parse_result(ld, message, &outcome.code, nullptr, &text, &referrals, &controls, 0);
    if (controls != nullptr) {
        outcome.cookie = cookie_in(ld, controls);
        ldap_controls_free(controls);
    }
    if (parsed != LDAP_SUCCESS) outcome.code = parsed;
    outcome.referred = referrals != nullptr || outcome.code == LDAP_REFERRAL;
    if (outcome.code != LDAP_SUCCESS) {
        outcome.text = in_words(outcome.code);
        if (text != nullptr && *text != '\0') outcome.text += ": " + server_text(text, secret, max_text_octets);
    }
    ldap_memfree(text);
    if (referrals != nullptr) ldap_memvfree(reinterpret_cast<void**>(referrals));
    return outcome;
}

}  // namespace

struct LdapLink::Watch {
    explicit Watch(net::Loop& loop) : socket(loop.context()) {}
    boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type> socket;
};

LdapLink::LdapLink(net::Loop& loop, Heard heard)
    : heard_(std::make_shared<const Heard>(std::move(heard))), watch_(std::make_unique<Watch>(loop)) {}

base::Result<std::unique_ptr<LdapLink>> LdapLink::make(net::Loop& loop, net::Descriptor socket, Heard heard) {
    std::unique_ptr<LdapLink> link(new LdapLink(loop, std::move(heard)));
    boost::system::error_code unwatched;
    link->watch_->socket.assign(socket.get(), unwatched);
    if (unwatched) return fail(Errc::io, unwatched.message());
    const int descriptor = socket.release();
    // As a socket of this host, in the clear: what is beyond is the tunnel's.
    if (const int code = ldap_init_fd(descriptor, LDAP_PROTO_IPC, nullptr, &link->ldap_); code != LDAP_SUCCESS) {
        link->ldap_ = nullptr;
        link->watch_->socket.close(unwatched);
        return fail(Errc::io, in_words(code));
    }
    // What ldap.conf or the environment of the process may say otherwise.
    const int version = LDAP_VERSION3, none = 0, never = LDAP_DEREF_NEVER;
    ldap_set_option(link->ldap_, LDAP_OPT_PROTOCOL_VERSION, &version);
    ldap_set_option(link->ldap_, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
    ldap_set_option(link->ldap_, LDAP_OPT_RESTART, LDAP_OPT_OFF);
    ldap_set_option(link->ldap_, LDAP_OPT_DEREF, &never);
    ldap_set_option(link->ldap_, LDAP_OPT_SIZELIMIT, &none);
    ldap_set_option(link->ldap_, LDAP_OPT_TIMELIMIT, &none);
    link->listen();
    return link;
}

LdapLink::~LdapLink() {
    if (ldap_ == nullptr) return;
    static_cast<void>(watch_->socket.release());  // libldap closes it
    ldap_unbind_ext(ldap_, nullptr, nullptr);
}

void LdapLink::listen() {
    watch_->socket.async_wait(boost::asio::posix::descriptor_base::wait_read,
                              [this, alive = std::weak_ptr<const bool>(alive_)](const boost::system::error_code& error) {
                                  if (alive.expired()) return;
                                  if (error)
                                      say_lost(error.message());
                                  else
                                      read();
                              });
}

void LdapLink::say_lost(std::string why) {
    const auto heard = heard_;
    heard->lost(std::move(why));
}

void LdapLink::read() {
    for (;;) {
        timeval now{};
        LDAPMessage* message = nullptr;
        const int type = ldap_result(ldap_, LDAP_RES_ANY, LDAP_MSG_ONE, &now, &message);
        if (type == 0) return listen();
        if (type < 0) {
            int code = LDAP_SUCCESS;
            ldap_get_option(ldap_, LDAP_OPT_RESULT_CODE, &code);
            say_lost(code == LDAP_SERVER_DOWN ? closed : in_words(code));
            return;
        }
        if (!tell(message)) return;
    }
}

bool LdapLink::tell(ldapmsg* message) {
    const std::unique_ptr<ldapmsg, int (*)(ldapmsg*)> owner(message, &ldap_msgfree);
    const std::weak_ptr<const bool> alive = alive_;
    const auto heard = heard_;
    const int number = ldap_msgid(message);
    // A message of several parts is a chain of them under one number.
    for (LDAPMessage* part = ldap_first_message(ldap_, message); part != nullptr; part = ldap_next_message(ldap_, part)) {
        switch (ldap_msgtype(part)) {
            case LDAP_RES_SEARCH_ENTRY:
                heard->entry(number, entry_of(ldap_, part));
                break;
            case LDAP_RES_SEARCH_REFERENCE:
                heard->reference(number);
                break;
            case LDAP_RES_BIND:
            case LDAP_RES_SEARCH_RESULT:
                heard->end(number, outcome_of(ldap_, part, secret_));
                break;
            default:
                break;  // intermediate messages, notices: nothing that was asked for
        }
        if (alive.expired()) return false;
    }
    return true;
}

base::Result<int> LdapLink::bind(const LdapSettings& settings) {
    const bool external = settings.sasl == LdapSettings::Sasl::external;
    // Of EXTERNAL whom we want to be: empty, and there, so that no second round is needed (RFC 4422 appendix A).
    const std::string_view secret = external ? std::string_view("") : std::string_view(settings.password);
    secret_ = secret;
    berval credentials{secret.size(), const_cast<char*>(secret.data())};
    int message = 0;
    const int code = ldap_sasl_bind(ldap_, external ? "" : settings.bind_dn.c_str(), external ? "EXTERNAL" : LDAP_SASL_SIMPLE, &credentials,
                                    nullptr, nullptr, &message);
    if (code != LDAP_SUCCESS) return fail(Errc::unavailable, in_words(code));
    return message;
}

base::Result<int> LdapLink::search(const LdapSearch& search, std::chrono::milliseconds time) {
    std::vector<char*> attributes;
    for (const std::string& attribute : search.attributes) attributes.push_back(const_cast<char*>(attribute.c_str()));
    attributes.push_back(nullptr);
    timeval limit{};
    limit.tv_sec = static_cast<long>((time.count() + 999) / 1000);
    LDAPControl* page = nullptr;
    if (search.page) {
        berval cookie{search.page->cookie.size(), const_cast<char*>(search.page->cookie.data())};
        constexpr int critical = 1;  // a server that knows no pages says so, and sends nothing
        const int made = ldap_create_page_control(ldap_, static_cast<ber_int_t>(search.page->entries), &cookie, critical, &page);
        if (made != LDAP_SUCCESS) return fail(Errc::unavailable, in_words(made));
    }
    LDAPControl* controls[] = {page, nullptr};
    int message = 0;
    // One more than is wanted tells that there are more; a limit of pages would be one of all of them.
    const int most = search.page ? LDAP_NO_LIMIT : static_cast<int>(search.most_entries + 1);
    const int code = ldap_search_ext(ldap_, search.base.c_str(), LDAP_SCOPE_SUBTREE, search.filter.c_str(), attributes.data(), 0, controls,
                                     nullptr, &limit, most, &message);
    if (page != nullptr) ldap_control_free(page);
    if (code == LDAP_FILTER_ERROR) return fail(Errc::invalid_data, "the filter " + search.filter + " is none");
    if (code == LDAP_SERVER_DOWN) return fail(Errc::closed, closed);
    if (code != LDAP_SUCCESS) return fail(Errc::unavailable, in_words(code));
    return message;
}

void LdapLink::abandon(int message) noexcept { ldap_abandon_ext(ldap_, message, nullptr, nullptr); }

}  // namespace exota::directory
