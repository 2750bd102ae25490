// OpenDKIM before us: docs/postfix.md, the paragraph of that name. Asked only where results of a validator are read.
//
// Tested by doctor_findings_test.cc.
#include <algorithm>

#include "base/joined.h"
#include "base/text.h"
#include "programs/doctor_findings.h"

namespace exota::programs {
namespace {

constexpr const char* paragraph = "OpenDKIM before us";

struct Look {
    const DoctorFacts& facts;
    const OpenDkimSettings& settings;
    Findings& out;

    void add(Grade grade, const char* demand, std::string is, std::string should) const {
        out.add({grade, demand, "OpenDKIM", std::move(is), std::move(should), paragraph});
    }
    std::string shown(std::string_view name) const {
        const auto value = settings.find(name);
        return std::string(name) + (value ? ' ' + *value : " is not set");
    }
    void on_or_wrong(const char* name, const char* demand, const char* should) const {
        const bool on = settings.is_on(name).value_or(false);
        add(on ? Grade::ok : Grade::wrong, demand, shown(name), on ? "" : should);
    }
};

/// The authserv-id that it writes; nullopt: the MTA's name, which is not known.
std::optional<std::string> authserv_id(const Look& look) {
    if (const auto own = look.settings.find("AuthservID"); own && !own->empty())
        return base::iequals(*own, "HOSTNAME") ? look.facts.host_name : *own;
    if (!look.facts.postfix) return std::nullopt;
    return setting(*look.facts.postfix, nullptr, "myhostname");
}

void examine_mode(const Look& look) {
    const std::string mode = base::lower(look.settings.find("Mode").value_or("sv"));
    const bool verifies = mode.find('v') != std::string::npos;
    look.add(verifies ? Grade::ok : Grade::wrong, "opendkim-mode", look.shown("Mode"), verifies ? "" : "v or sv: else it verifies nothing");
    if (verifies && mode.find('s') != std::string::npos && look.settings.find("InternalHosts"))
        look.add(Grade::warning, "opendkim-internal-hosts", look.shown("InternalHosts") + ", in mode " + mode,
                 "without addresses of Exchange Online: what comes from these hosts may be signed instead of verified");
}

void examine_identity(const Look& look) {
    const auto id = authserv_id(look);
    const std::vector<std::string>& trusted = look.facts.ours.trusted_authserv_ids;
    if (!id) {
        look.add(Grade::unknown, "opendkim-authserv-id", "AuthservID is not set: it is the MTA's name, which is not known", "");
    } else {
        const bool known = std::ranges::any_of(trusted, [&](const std::string& one) { return base::iequals(one, *id); });
        const bool set = look.settings.find("AuthservID").has_value();
        look.add(
            known ? Grade::ok : Grade::wrong, "opendkim-authserv-id", look.shown("AuthservID") + (set ? "" : " (so it is " + *id + ')'),
            known ? "" : "one of authentication_results.trusted_authserv_ids (" + base::joined(trusted) + "): no result counts otherwise");
    }
    const bool with_job = look.settings.is_on("AuthservIDWithJobID").value_or(false);
    const bool wanted = look.facts.ours.job_id;
    const std::string is = look.shown("AuthservIDWithJobID") + ", authentication_results.job_id = " + (wanted ? "true" : "false");
    const auto add = [&](Grade grade, const char* should) { look.add(grade, "opendkim-job-id", is, should); };
    if (with_job && wanted) return add(Grade::ok, "");
    if (with_job) return add(Grade::wrong, "authentication_results.job_id = true: no result counts otherwise");
    if (wanted) return add(Grade::wrong, "AuthservIDWithJobID yes: no result counts otherwise");
    add(Grade::warning, "both on: without the queue id in it a sender can write a field like OpenDKIM's");
}

void examine_removal(const Look& look) {
    look.on_or_wrong("AlwaysAddARHeader", "opendkim-always-adds",
                     "yes: else an unsigned message looks as if the validator had not answered");
    look.on_or_wrong("RemoveARAll", "opendkim-removes-all", "yes: else forged results that it cannot read stay in place");
    const auto from = look.settings.find("RemoveARFrom");
    const auto id = authserv_id(look);
    const auto list = OpenDkimSettings::list_in(from.value_or(""));
    const auto add = [&](Grade grade, std::string should) {
        look.add(grade, "opendkim-removes-from", look.shown("RemoveARFrom"), std::move(should));
    };
    if (!from || from->empty()) return add(Grade::wrong, "the name in AuthservID: else forged results under it stay in place");
    if (!list || !id) return add(Grade::unknown, "");
    const bool covered = std::ranges::any_of(
        *list, [&](const std::string& one) { return base::iequals(one, *id) || (one.starts_with('.') && base::iends_with(*id, one)); });
    add(covered ? Grade::ok : Grade::wrong, covered ? "" : *id + ": else forged results under it stay in place");
}

void examine_passed_over(const Look& look) {
    for (const auto& [name, demand] :
         {std::pair{"PeerList", "opendkim-peer-list"}, {"ExternalIgnoreList", "opendkim-external-ignore-list"}}) {
        const auto value = look.settings.find(name);
        const bool none = !value || value->empty();
        look.add(none ? Grade::ok : Grade::warning, demand, look.shown(name),
                 none ? "" : "not set: these hosts pass with whatever they wrote themselves");
    }
}

/// A filter that refuses by itself takes the decision, the dry run and the reason away from us, and one that defers does so for good where
/// nothing changes; one that discards loses mail. On-Default stands for those that are not named.
void examine_actions(const Look& look) {
    struct Action {
        const char* name;
        char usual;  // its first letter decides, as in opendkim.conf(5)
        const char* should;
    };
    constexpr const char* let_pass = "accept, the default: some of such mail is honest, and ExOTA is not asked";
    constexpr const char* let_wait = "tempfail, the default: such mail can be judged when it comes again, and not now";
    bool all_well = true;
    for (const Action& action :
         {Action{"On-BadSignature", 'a', let_pass}, Action{"On-KeyNotFound", 'a', let_pass}, Action{"On-NoSignature", 'a', let_pass},
          Action{"On-DNSError", 't', let_wait}, Action{"On-InternalError", 't', let_wait}, Action{"On-Security", 't', let_wait}}) {
        const auto own = look.settings.find(action.name);
        const std::string value = base::lower(own ? *own : look.settings.find("On-Default").value_or(""));
        if (value.empty() || value.front() == action.usual) continue;
        all_well = false;
        const bool loses = value.front() == 'd';
        look.add(loses ? Grade::wrong : Grade::warning, "opendkim-actions",
                 look.shown(own ? action.name : "On-Default") + (own ? "" : std::string(", and so ") + action.name),
                 (loses ? "not discard, which loses mail without a word, but " : "") + std::string(action.should));
    }
    if (all_well) look.add(Grade::ok, "opendkim-actions", "the On-… settings of verifying are as by default", "");
}

/// A number that must not be below another.
struct Least {
    const char *name, *demand;
    std::int64_t usual, wanted;
    bool zero_is_no_limit;
    std::string why;
};

void examine_least(const Look& look, const Least& least) {
    const bool set = look.settings.find(least.name).has_value();
    const std::optional<std::int64_t> number = set ? look.settings.number(least.name) : least.usual;
    const std::string is = look.shown(least.name) + (set ? "" : " (so it is " + std::to_string(least.usual) + ')');
    if (!number || *number < 0 || (*number == 0 && !least.zero_is_no_limit))
        return look.add(Grade::unknown, least.demand, is + ": what that means is not known", std::to_string(least.wanted));
    const bool enough = *number == 0 || *number >= least.wanted;
    look.add(enough ? Grade::ok : Grade::warning, least.demand, is,
             enough ? "" : std::to_string(least.wanted) + (least.zero_is_no_limit ? " or more, or 0: " : " or more: ") + least.why);
}

void examine_resources(const Look& look) {
    const bool restarts = look.settings.is_on("AutoRestart").value_or(false);
    look.add(restarts ? Grade::ok : Grade::unknown, "opendkim-auto-restart", look.shown("AutoRestart"),
             restarts
                 ? ""
                 : "yes, unless its unit restarts it (Debian's does, after a crash): it was seen to crash, and mail waits till it is back");
    examine_least(look, {"MaximumSignaturesToVerify", "opendkim-most-signatures", 3, 20, false,
                         "invented signatures above the genuine one have honest mail refused"});
    examine_least(look, {"MaximumHeaders", "opendkim-most-headers", 65536, static_cast<std::int64_t>(look.facts.ours.header_octets), true,
                         "what has a longer header ends with 451 again and again, though ExOTA would take it (limits.header_octets)"});
}

void examine_socket(const Look& look) {
    const auto text = look.settings.find("Socket");
    const auto socket = net::Endpoint::parse(text.value_or(""));
    if (!socket) return look.add(Grade::unknown, "opendkim-listening", look.shown("Socket"), "");
    const auto found = look.facts.sockets.find(socket_key(*socket));
    const Answer connects = found == look.facts.sockets.end() ? Answer{} : found->second.connects;
    const bool no = connects.is == Answer::Is::no, yes = connects.is == Answer::Is::yes;
    look.add(yes  ? Grade::ok
             : no ? Grade::wrong
                  : Grade::unknown,
             "opendkim-listening", socket->text() + (yes ? " takes connections" : ": " + connects.why),
             no ? "opendkim running, with this configuration" : "");
}

}  // namespace

void examine_opendkim(const DoctorFacts& facts, Findings& out) {
    if (!facts.ours.reads_results)
        return out.add({Grade::ok, "opendkim", "OpenDKIM", "not needed: ExOTA reads no results of a validator", "", paragraph});
    if (!facts.opendkim)
        return out.add({Grade::unknown, "opendkim", "OpenDKIM", "nothing is known of it: " + facts.opendkim.error().detail, "", paragraph});
    const Look look{facts, *facts.opendkim, out};
    examine_socket(look);
    examine_mode(look);
    examine_identity(look);
    examine_removal(look);
    examine_passed_over(look);
    examine_actions(look);
    examine_resources(look);
}

}  // namespace exota::programs
