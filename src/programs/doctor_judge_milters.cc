// Lists of milters, their order, what happens when one does not answer, and whether its socket can be reached: docs/postfix.md, "main.cf",
// "Sockets and permissions" with "A chrooted smtpd", and "Mail that does not come by SMTP".
//
// Tested by doctor_findings_test.cc.
#include <algorithm>

#include "base/joined.h"
#include "base/text.h"
#include "programs/doctor_findings.h"

namespace exota::programs {
namespace {

constexpr const char* main_cf = "main.cf";
constexpr const char* sockets = "Sockets and permissions";
constexpr const char* chroot = "A chrooted smtpd";
constexpr const char* local = "Mail that does not come by SMTP";

std::string names(const std::vector<PostfixMilter>& milters) {
    return milters.empty() ? "(empty)" : base::joined(milters, ", ", &PostfixMilter::text);
}

/// Only who has logged in can send there: such mail needs no judgement.
bool only_for_users(const PostfixFacts& postfix, const MasterService& service) {
    if (!base::iequals(setting(postfix, &service, "smtpd_sasl_auth_enable").value_or("no"), "yes")) return false;
    const std::vector<std::string> wanted{"permit_sasl_authenticated", "reject"};
    return std::ranges::any_of(std::to_array({"smtpd_client_restrictions", "smtpd_relay_restrictions", "smtpd_recipient_restrictions"}),
                               [&](const char* name) { return postfix_words(setting(postfix, &service, name).value_or("")) == wanted; });
}

/// Only programs on this host reach it: filters that hand mail back, which was judged where it came in.
bool only_for_this_host(const MasterService& service) {
    return std::ranges::any_of(std::to_array({"127.0.0.1:", "[127.0.0.1]:", "localhost:", "[::1]:"}),
                               [&](const char* host) { return service.name.starts_with(host); });
}

/// @param another_does  some other service names us.
void examine_named(const DoctorFacts& facts, const PostfixFacts& postfix, const MasterService& service, const MilterChain& chain,
                   bool another_does, Findings& out) {
    const auto add = [&](Grade grade, std::string is, std::string should) {
        out.add({grade, "milter-named", service.label(), std::move(is), std::move(should), main_cf});
    };
    const std::string list =
        "smtpd_milters = " + names(chain.milters) + (chain.switched_off ? ", switched off by receive_override_options = no_milters" : "");
    if (chain.ours) return add(Grade::ok, list + (chain.inbound ? ", an inbound door" : ""), "");
    if (another_does && only_for_this_host(service)) return add(Grade::ok, list + ", without ExOTA, from this host only", "");
    if (only_for_users(postfix, service)) return add(Grade::ok, list + ", without ExOTA, for users who have logged in", "");
    const bool unclear = std::ranges::any_of(facts.ours.listen, [](const auto& one) { return one.kind == net::Endpoint::Kind::activated; });
    if (unclear && !chain.milters.empty() && !chain.switched_off)
        return add(Grade::unknown, list + ": systemd opens ExOTA's socket, so which of these it is cannot be seen", "");
    const std::string ours = base::joined(facts.ours.listen, " or ", &net::Endpoint::text);
    if (another_does)
        return add(Grade::warning, list + ": mail that comes here is not judged", ours + ", unless only your own users can send here");
    add(Grade::wrong, list + (chain.switched_off ? "" : ": none is ExOTA's"), ours + ": else nothing is judged");
}

void examine_default_action(const PostfixFacts& postfix, const MasterService& service, const MilterChain& chain, Findings& out) {
    std::string action = setting(postfix, &service, "milter_default_action").value_or(""), from = "milter_default_action";
    if (chain.ours)
        if (const auto own = chain.our_entry().settings.find("default_action"); own != chain.our_entry().settings.end()) {
            action = own->second;
            from = "default_action of " + chain.our_entry().text;
        }
    const bool right = base::iequals(action, "tempfail");
    const bool opens = base::iequals(action, "accept") || action.empty();
    out.add({right   ? Grade::ok
             : opens ? Grade::wrong
                     : Grade::warning,
             "milter-default-action", service.label(), from + " = " + action,
             right   ? ""
             : opens ? "tempfail: killing the filter opens the relay"
                     : "tempfail, so that the sender tries again",
             main_cf});
}

void examine_maps(const PostfixFacts& postfix, const MasterService& service, Findings& out) {
    const std::string maps = setting(postfix, &service, "smtpd_milter_maps").value_or("");
    if (!maps.empty())
        out.add({Grade::unknown, "milter-maps", service.label(),
                 "smtpd_milter_maps = " + maps + ": which clients get other milters, or none, was not looked at",
                 "empty: its clients pass ExOTA", main_cf});
}

/// Which of the list is the filter at `socket`; a path counts as written, too, where a chroot makes it mean another.
std::optional<std::size_t> place_in(const MilterChain& chain, const net::Endpoint& socket) {
    const std::string key = socket_key(socket);
    for (std::size_t i = 0; i < chain.milters.size(); ++i)
        for (const bool chrooted : {chain.chrooted, false})
            if (const auto place = place_of(chain.milters[i], chrooted, chain.queue_directory); place && socket_key(*place) == key)
                return i;
    return std::nullopt;
}

/// By the Socket of its configuration; nullopt: it is not in the list, or its Socket is not known.
std::optional<std::size_t> validator_in(const DoctorFacts& facts, const MilterChain& chain) {
    if (!facts.opendkim) return std::nullopt;
    const auto socket = net::Endpoint::parse(facts.opendkim->find("Socket").value_or(""));
    return socket ? place_in(chain, *socket) : std::nullopt;
}

void examine_order(const DoctorFacts& facts, const MasterService& service, const MilterChain& chain, Findings& out) {
    if (!chain.ours) return;
    const auto add = [&](Grade grade, std::string is, std::string should) {
        out.add({grade, "milter-order", service.label(), std::move(is), std::move(should), main_cf});
    };
    const std::string list = "smtpd_milters = " + names(chain.milters);
    if (chain.inbound) return add(Grade::ok, "an inbound door of ExOTA verifies by itself", "");
    if (!facts.ours.reads_results) return add(Grade::ok, "ExOTA verifies by itself, so no validator needs to stand before it", "");
    const char* const wanted = "the validator first: ExOTA must see its results, not the sender's";
    if (*chain.ours == 0) return add(Grade::wrong, list + ": nothing stands before ExOTA", wanted);
    if (!facts.opendkim) return add(Grade::unknown, list + ": which of these is the validator is not known", "");
    const auto socket = net::Endpoint::parse(facts.opendkim->find("Socket").value_or(""));
    if (!socket) return add(Grade::unknown, list + ": OpenDKIM's configuration names no Socket", "");
    const auto validator = place_in(chain, *socket);
    if (!validator) return add(Grade::unknown, list + ": none of these is OpenDKIM's Socket " + socket->text(), "");
    if (*validator < *chain.ours) return add(Grade::ok, list, "");
    add(Grade::wrong, list + ": OpenDKIM stands behind ExOTA", wanted);
}

/// What stands before us changes what we verify, or what the validator did: whether it does cannot be seen from here.
void examine_before(const DoctorFacts& facts, const MasterService& service, const MilterChain& chain, Findings& out) {
    if (!chain.ours) return;
    const bool needs_validator = facts.ours.reads_results && !chain.inbound;
    const auto validator = needs_validator ? validator_in(facts, chain) : std::nullopt;
    if (needs_validator && !validator) return;  // milter-order says so
    std::vector<PostfixMilter> before;
    for (std::size_t i = 0; i < *chain.ours; ++i)
        if (i != validator) before.push_back(chain.milters[i]);
    const auto add = [&](Grade grade, std::string is, std::string should) {
        out.add({grade, "milter-before", service.label(), std::move(is), std::move(should), main_cf});
    };
    if (before.empty()) return add(Grade::ok, "no other filter stands before ExOTA", "");
    add(Grade::unknown, names(before) + " before ExOTA: what it changes is not known",
        "behind ExOTA, if it changes Subject, From or the body or removes DKIM-Signature: else honest signatures fail");
}

/// Whether a service of Postfix finds and may open the socket that its list names.
void examine_reach(const DoctorFacts& facts, const MasterService& service, const MilterChain& chain, Findings& out) {
    if (!chain.ours || chain.our_entry().path.empty()) return;
    const PostfixMilter& entry = chain.our_entry();
    const auto meant = place_of(entry, chain.chrooted, chain.queue_directory);
    const bool in_queue = chain.chrooted || !entry.path.starts_with('/');
    const auto found = facts.sockets.find(socket_key(*meant));
    const SocketFacts seen = found == facts.sockets.end() ? SocketFacts{} : found->second;
    const auto add = [&](Grade grade, const char* demand, std::string is, std::string should, const char* paragraph) {
        out.add({grade, demand, service.label(), std::move(is), std::move(should), paragraph});
    };
    const std::string where = entry.text + (in_queue ? " is " + meant->path : "") + (chain.chrooted ? " (chrooted)" : "");
    switch (seen.is_socket.is) {
        case Answer::Is::unknown:
            return add(Grade::unknown, "milter-path", where + ": whether it is there is not known: " + seen.is_socket.why, "",
                       chain.chrooted ? chroot : sockets);
        case Answer::Is::no:
            return add(Grade::wrong, "milter-path", where + ": " + seen.is_socket.why,
                       chain.chrooted && entry.path.starts_with('/')
                           ? "a path from the queue directory without a slash in front, TCP, or no chroot"
                           : "the path of ExOTA's socket, with ExOTA running",
                       chain.chrooted ? chroot : sockets);
        case Answer::Is::yes:
            add(Grade::ok, "milter-path", where + ", a socket", "", chain.chrooted ? chroot : sockets);
    }
    const Answer& lets_in = in_queue ? seen.lets_in_queue : seen.lets_in;
    const std::string user = setting(*facts.postfix, nullptr, "mail_owner").value_or("postfix");
    if (lets_in.is == Answer::Is::yes)
        return add(Grade::ok, "milter-socket-mode", "user " + user + " may open " + meant->path, "", sockets);
    add(lets_in.is == Answer::Is::no ? Grade::wrong : Grade::unknown, "milter-socket-mode",
        "user " + user + (lets_in.is == Answer::Is::no ? " may not open " : ": it is not known whether it may open ") + meant->path + ": " +
            lets_in.why,
        lets_in.is == Answer::Is::no ? "milter.socket_group = \"" + user + "\" with mode 0660, and folders that it may search" : "",
        sockets);
}

void examine_local(const DoctorFacts& facts, const PostfixFacts& postfix, Findings& out) {
    const auto cleanup = std::ranges::find(postfix.services, "cleanup", &MasterService::program);
    const MasterService* const service = cleanup == postfix.services.end() ? nullptr : &*cleanup;
    const MilterChain chain = milter_chain(facts, postfix, service, "non_smtpd_milters");
    const std::string list = "non_smtpd_milters = " + names(chain.milters);
    const auto add = [&](Grade grade, std::string is, std::string should) {
        out.add({grade, "non-smtpd-milters", "", std::move(is), std::move(should), local});
    };
    if (!chain.ours || chain.inbound) return add(Grade::ok, list, "");
    const auto loopback = base::IpAddress::parse("127.0.0.1");
    const bool passes = base::any_contains(facts.ours.bypass_clients, *loopback);
    add(passes ? Grade::warning : Grade::wrong, list + (passes ? ", and bypass.clients lets this host pass" : ""),
        passes ? "empty, or without ExOTA: all that connects by SMTP from this host passes too"
               : "empty, or without ExOTA: mail of this host's programs is refused");
    if (service != nullptr) examine_reach(facts, *service, chain, out);
}

/// Or may be: by a table that was not looked at, or at a path that only systemd knows.
bool relay_is_named(const DoctorFacts& facts, const PostfixFacts& postfix, const std::vector<const MasterService*>& services,
                    const std::vector<MilterChain>& chains) {
    return std::ranges::any_of(facts.ours.listen, [](const auto& one) { return one.kind == net::Endpoint::Kind::activated; }) ||
           std::ranges::any_of(chains, [](const MilterChain& chain) { return chain.ours && !chain.inbound; }) ||
           std::ranges::any_of(services, [&postfix](const MasterService* service) {
               return !setting(postfix, service, "smtpd_milter_maps").value_or("").empty();
           });
}

/// Whether somebody listens where we are said to.
void examine_listening(const DoctorFacts& facts, Findings& out) {
    std::vector<net::Endpoint> all = facts.ours.listen;
    all.insert(all.end(), facts.ours.inbound_listen.begin(), facts.ours.inbound_listen.end());
    for (const net::Endpoint& one : all) {
        const auto add = [&](Grade grade, std::string is, std::string should) {
            out.add({grade, "listening", "ExOTA", std::move(is), std::move(should), sockets});
        };
        const bool activated = one.kind == net::Endpoint::Kind::activated;
        const net::Endpoint place = activated ? net::Endpoint{.path = std::string(packaged_activated_path)} : one;
        const auto found = facts.sockets.find(socket_key(place));
        const Answer connects = found == facts.sockets.end() ? Answer{} : found->second.connects;
        if (activated && connects.is != Answer::Is::yes) {
            add(Grade::unknown, "milter.listen = " + one.text() + ": which socket systemd opens is not known", "");
            continue;
        }
        switch (connects.is) {
            case Answer::Is::yes:
                add(Grade::ok, place.text() + " takes connections", "");
                break;
            case Answer::Is::no:
                add(Grade::wrong, one.text() + ": " + connects.why, "exota serve running, with this configuration");
                break;
            case Answer::Is::unknown:
                add(Grade::unknown, one.text() + ": whether it takes connections is not known: " + connects.why, "");
        }
    }
}

}  // namespace

void examine_milters(const DoctorFacts& facts, Findings& out) {
    if (!facts.ours.is_milter())
        return out.add({Grade::ok, "milter-named", "ExOTA", "is no milter: milter.listen and inbound.listen are empty", "", main_cf});
    examine_listening(facts, out);
    if (!facts.postfix) return;
    const PostfixFacts& postfix = *facts.postfix;
    const std::vector<const MasterService*> services = smtp_services(postfix);
    std::vector<MilterChain> chains;
    for (const MasterService* service : services) chains.push_back(milter_chain(facts, postfix, service, "smtpd_milters"));
    const bool some_does = std::ranges::any_of(chains, [](const MilterChain& chain) { return chain.ours.has_value(); });
    for (std::size_t i = 0; i < services.size(); ++i) {
        examine_named(facts, postfix, *services[i], chains[i], some_does, out);
        if (some_does && !chains[i].ours) continue;
        examine_default_action(postfix, *services[i], chains[i], out);
        examine_maps(postfix, *services[i], out);
        examine_order(facts, *services[i], chains[i], out);
        examine_before(facts, *services[i], chains[i], out);
        examine_reach(facts, *services[i], chains[i], out);
    }
    if (some_does && !facts.ours.listen.empty() && !relay_is_named(facts, postfix, services, chains))
        out.add({Grade::warning, "milter-named", "",
                 "no service names " + base::joined(facts.ours.listen, " or ", &net::Endpoint::text) + ", only inbound doors",
                 "named where Exchange Online relays through this host, or milter.listen = []", main_cf});
    examine_local(facts, postfix, out);
}

}  // namespace exota::programs
