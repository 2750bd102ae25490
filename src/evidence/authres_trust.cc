// Belief in Authentication-Results: position first, then the authserv-id, then the grammar.
//
// Only fields of a trusted id are parsed, so a hundred forged ones of other ids cost a hundred looks at the first word. The topmost
// field that names the method decides even where it does not count: whatever OpenDKIM's clean-up leaves in place may be a forgery above
// which the validator put nothing. What counts after that is held against the message's own signatures (cross_check.h).
//
// Tested by authres_trust_test.cc.
#include "evidence/authres_trust.h"

#include <algorithm>

#include "authn/authres.h"
#include "base/cursor.h"
#include "base/octets.h"
#include "base/text.h"
#include "evidence/cross_check.h"
#include "mail/cfws.h"

namespace exota::evidence {
namespace {

constexpr std::string_view result_not_counted = "result-not-counted";

/// The method that is looked for.
bool is_dkim(std::string_view method) noexcept { return base::is_name(method, "dkim"); }

bool contains(const std::vector<std::string>& words, std::string_view word) noexcept {
    return std::ranges::any_of(words, [&](const std::string& each) { return base::same_name(each, word); });
}

bool names_method(const authn::AuthenticationResults& field) noexcept {
    return std::ranges::any_of(field.results, [](const authn::ResInfo& result) { return is_dkim(result.method); });
}

/// The predecessor reads the method as it is written.
bool is_method(std::string_view name, const AuthresTrust& trust) noexcept { return trust.as_predecessor ? name == "dkim" : is_dkim(name); }

bool can_predecessor_read(std::string_view value) noexcept {
    base::Cursor in(value);
    return std::ranges::none_of(value, mail::is_8bit) && !(mail::skip_cfws(in) && in.next_is('"'));
}

/// Why a field of a trusted id does not count, or empty.
std::string_view find_reason_not_to_count(const authn::AuthenticationResults& field, const AuthresTrust& trust) noexcept {
    if (!field.version.empty() && field.version != "1") return "a version other than 1";
    if (field.results.size() > trust.max_results) return "too many results";
    for (const authn::ResInfo& result : field.results)
        if (!result.method_version.empty()) return "a method with a version";
    return field.unusual;
}

std::optional<DkimResult::Value> value_of_word(std::string_view word) noexcept {
    using enum DkimResult::Value;
    for (const DkimResult::Value value : {pass, fail, permerror, temperror, neutral, policy, none})
        if (base::same_name(word, name_of(value))) return value;
    return std::nullopt;
}

/// A result without exactly one readable header.d (the predecessor takes the first), or of an unknown word, authorises nothing.
DkimResult read_result(const authn::ResInfo& result, bool as_predecessor) {
    DkimResult out;
    const std::optional<DkimResult::Value> value = value_of_word(result.result);
    out.value = value.value_or(DkimResult::Value::none);
    const auto is_sdid = [](const authn::Property& p) { return base::is_name(p.ptype, "header") && base::is_name(p.property, "d"); };
    const auto named = std::ranges::count_if(result.properties, is_sdid);
    const bool ambiguous = named > 1 && !as_predecessor;
    if (named > 0 && !ambiguous)
        if (base::Result<mail::Domain> sdid = mail::Domain::parse(result.find("header", "d")->pvalue)) out.sdid = std::move(*sdid);
    if (!value)
        out.detail = "unknown result " + result.result;
    else if (named == 0)
        out.detail = "no header.d";
    else if (ambiguous)
        out.detail = "more than one header.d";
    else if (!out.sdid)
        out.detail = "header.d is no domain";
    out.counts = out.detail.empty();
    return out;
}

/// Whether the field's authserv-id is one of the operator's validator.
enum class Writer : std::uint8_t {
    stranger,
    validator,
    guesser,  // our id with the job id of another message: it ends the search, so that a message has one guess and not a hundred
};

Writer writer_of(std::string_view authserv_id, std::string_view queue_id, const AuthresTrust& trust) noexcept {
    if (authserv_id.empty()) return Writer::stranger;
    if (!trust.job_id) return contains(trust.authserv_ids, authserv_id) ? Writer::validator : Writer::stranger;
    const std::size_t slash = authserv_id.find('/');
    if (slash == std::string_view::npos || !contains(trust.authserv_ids, authserv_id.substr(0, slash))) return Writer::stranger;
    return !queue_id.empty() && authserv_id.substr(slash + 1) == queue_id ? Writer::validator : Writer::guesser;
}

/// The results of one field after the other.
class Reader {
public:
    Reader(const Header& header, std::string_view queue_id, const AuthresTrust& trust)
        : header_(header), queue_id_(queue_id), trust_(trust), check_(header) {}

    BelievedDkim read() {
        // A job id is the validator's wherever it stands, so nothing is gained elsewhere, and a message has one guess.
        const bool everywhere = trust_.position == AuthresTrust::Position::any && !trust_.job_id;
        for (const Place place : {Place::top, Place::anywhere}) {
            if (place == Place::anywhere && (!everywhere || out_.named)) break;
            for (const AuthresField& field : header_.authentication_results) {
                if (place == Place::top && field.received_above > trust_.own_hops) break;
                if (take(field, place) && (!everywhere || ends_the_search())) return finish();
            }
        }
        return finish();
    }

private:
    enum class Place : bool { top, anywhere };

    /// With position any, behind a field that was taken. In a message with a Received field it ends the search, as it does at the top.
    /// Where there is none (the predecessor's own scripts, say) several fields are read, as there; but none behind one that does not
    /// count, or by which there was no signature, and together they report no more than there are signatures.
    bool ends_the_search() {
        if (header_.received_count > 0 || !out_.not_counted.empty() || results_ == 0) return true;
        if (!check_.are_too_many(results_)) return false;
        out_.results.clear();
        out_.field = 0;
        return do_not_count(result_without_signature, "more results than DKIM-Signature fields");
    }

    /// @return true: the field names the method, or may.
    bool take(const AuthresField& field, Place place) {
        std::string scratch;
        const authn::JobId job_id = trust_.job_id ? authn::JobId::read : authn::JobId::refused;
        const Writer writer = writer_of(authn::peek_authserv_id(field.value, scratch, job_id), queue_id_, trust_);
        if (writer == Writer::stranger || (writer == Writer::guesser && queue_id_.empty())) return false;
        const bool unread = trust_.as_predecessor && !can_predecessor_read(field.value);
        if (unread && place == Place::anywhere) return false;
        const auto parsed = authn::parse_authentication_results(field.value, job_id);
        if (parsed && !names_method(*parsed)) return false;
        // What cannot be parsed may name it: at the top that decides.
        out_.named = out_.named || parsed || place == Place::top;
        const std::string_view reason = writer == Writer::guesser ? "the job id of another message"
                                        : unread                  ? "a form that the predecessor did not read"
                                        : parsed                  ? find_reason_not_to_count(*parsed, trust_)
                                                                  : "unparseable";
        if (!reason.empty()) {
            std::string hint = "Authentication-Results field " + std::to_string(field.index) + ": " + std::string(reason);
            if (!parsed) hint += " (" + parsed.error().detail + ')';
            return do_not_count(result_not_counted, std::move(hint));
        }
        const auto says_something = [](const authn::ResInfo& result) {
            return is_dkim(result.method) && !base::is_name(result.result, "none");
        };
        const auto results = static_cast<std::size_t>(std::ranges::count_if(parsed->results, says_something));
        results_ += results;
        if (check_.are_too_many(results)) return do_not_count(result_without_signature, "more results than DKIM-Signature fields");
        out_.field = field.index;
        for (const authn::ResInfo& result : parsed->results)
            if (is_method(result.method, trust_)) add(result);
        return true;
    }

    bool do_not_count(std::string_view code, std::string hint) {
        out_.not_counted = code;
        out_.hint = std::move(hint);
        return true;
    }

    void add(const authn::ResInfo& result) {
        DkimResult& read = out_.results.emplace_back(read_result(result, trust_.as_predecessor));
        if (read.value != DkimResult::Value::pass || !read.counts) return;
        read.detail = check_.find_objection(result, *read.sdid);
        read.counts = read.detail.empty();
    }

    BelievedDkim finish() {
        if (!check_.unreadable().empty()) {  // the validator may have been silent: it will not get better by waiting
            out_.results.clear();
            out_.field = 0;
            do_not_count(were_not_gathered(header_) ? signatures_not_gathered : signature_unreadable, check_.unreadable());
        }
        return std::move(out_);
    }

    const Header& header_;
    std::string_view queue_id_;
    const AuthresTrust& trust_;
    CrossCheck check_;
    std::size_t results_ = 0;  // other than none, of all fields taken
    BelievedDkim out_;
};

}  // namespace

BelievedDkim believed_dkim(const Header& header, std::string_view queue_id, const AuthresTrust& trust) {
    BelievedDkim out;
    if (std::ranges::none_of(trust.methods, is_dkim)) {
        out.not_counted = "method-not-trusted";
        return out;
    }
    out = Reader(header, queue_id, trust).read();
    out.no_queue_id = trust.job_id && queue_id.empty();
    return out;
}

}  // namespace exota::evidence
