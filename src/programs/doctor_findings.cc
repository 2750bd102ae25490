#include "programs/doctor_findings.h"

#include <algorithm>
#include <filesystem>

#include "base/text.h"

namespace exota::programs {
namespace {

std::string normal(std::string_view path) { return std::filesystem::path(path).lexically_normal().string(); }

bool is_this_host(std::string_view host) { return base::iequals(host, "localhost") || host == "127.0.0.1" || host == "::1"; }

bool same_place(const net::Endpoint& a, const net::Endpoint& b) {
    if (a.is_tcp() != b.is_tcp()) return false;
    if (!a.is_tcp()) return normal(a.path) == normal(b.path);
    if (a.port != b.port) return false;
    return base::iequals(a.host, b.host) || a.is_every_address() || b.is_every_address() || (is_this_host(a.host) && is_this_host(b.host));
}

bool same_file(const DoctorFacts& facts, const net::Endpoint& a, const net::Endpoint& b) {
    const auto one = facts.sockets.find(socket_key(a)), other = facts.sockets.find(socket_key(b));
    return one != facts.sockets.end() && other != facts.sockets.end() && one->second.inode != 0 &&
           one->second.inode == other->second.inode && one->second.device == other->second.device;
}

void examine_resolver(const DoctorFacts& facts, Findings& out) {
    const auto& [answers, validates] = facts.resolver;
    const std::string who = facts.ours.verifies ? "" : ", and so does OpenDKIM's key look-up if it asks the same servers";
    const char* const paragraph = "The resolver";
    switch (answers.is) {
        case Answer::Is::unknown:
            return out.add(
                {Grade::unknown, "resolver", "DNS", "whether the name servers answer is not known: " + answers.why, "", paragraph});
        case Answer::Is::no:
            return out.add(
                {facts.ours.verifies ? Grade::wrong : Grade::warning, "resolver", "DNS", "the name servers do not answer: " + answers.why,
                 "name servers that answer: else no signature can be verified, and the sender is asked to come back" + who, paragraph});
        case Answer::Is::yes:
            break;
    }
    if (validates.is == Answer::Is::yes)
        return out.add({Grade::ok, "resolver", "DNS", "the name servers answer, and answers are validated", "", paragraph});
    out.add({validates.is == Answer::Is::no ? Grade::warning : Grade::unknown, "resolver", "DNS",
             "the name servers answer, but: " + validates.why,
             "a resolver that passes DNSSEC on: else whoever forges its answers forges keys", paragraph});
}

}  // namespace

std::string_view name_of(Grade grade) noexcept {
    switch (grade) {
        case Grade::ok:
            return "ok";
        case Grade::unknown:
            return "unknown";
        case Grade::warning:
            return "warning";
        case Grade::wrong:
            return "wrong";
    }
    return "unknown";
}

void Findings::add(DoctorFinding finding) {
    for (DoctorFinding& known : list_) {
        if (known.demand != finding.demand || known.grade != finding.grade || known.is != finding.is) continue;
        if (!finding.where.empty() && known.where != finding.where) known.where += ", " + finding.where;
        return;
    }
    list_.push_back(std::move(finding));
}

std::string socket_key(const net::Endpoint& endpoint) {
    if (!endpoint.is_tcp()) return "unix:" + normal(endpoint.path);
    const std::string host = endpoint.is_every_address() || is_this_host(endpoint.host) ? "localhost" : base::lower(endpoint.host);
    return "inet:" + host + ':' + std::to_string(endpoint.port);
}

std::optional<net::Endpoint> place_of(const PostfixMilter& milter, bool chrooted, std::string_view queue_directory) {
    if (!milter.path.empty()) {
        const bool below = chrooted || !milter.path.starts_with('/');
        return net::Endpoint{.path = normal(below ? std::string(queue_directory) + '/' + milter.path : milter.path)};
    }
    if (milter.port.empty()) return std::nullopt;
    const bool v6 = milter.host.find(':') != std::string::npos;
    const auto read = net::Endpoint::parse(v6 ? "inet6:[" + milter.host + "]:" + milter.port : "inet:" + milter.host + ':' + milter.port);
    return read ? std::optional(*read) : std::nullopt;
}

std::optional<std::string> setting(const PostfixFacts& postfix, const MasterService* service, std::string_view name) {
    if (service != nullptr)
        if (const auto own = service->overrides.find(name); own != service->overrides.end()) return own->second;
    const auto found = postfix.main.find(name);
    return found == postfix.main.end() ? std::nullopt : std::optional(found->second);
}

std::vector<const MasterService*> smtp_services(const PostfixFacts& postfix) {
    std::vector<const MasterService*> out;
    for (const MasterService& service : postfix.services)
        if (service.program == "smtpd") out.push_back(&service);
    return out;
}

const net::Endpoint* our_socket(const DoctorFacts& facts, const std::vector<net::Endpoint>& sockets, const PostfixMilter& milter,
                                bool chrooted, std::string_view queue_directory) {
    const std::optional<net::Endpoint> meant = place_of(milter, chrooted, queue_directory);
    if (!meant) return nullptr;
    const net::Endpoint written = meant->is_tcp() ? *meant : net::Endpoint{.path = milter.path};
    for (const net::Endpoint& ours : sockets) {
        if (ours.kind == net::Endpoint::Kind::activated) {
            if (normal(written.path) == packaged_activated_path) return &ours;
            continue;
        }
        // An absolute path that is ours, but not where a chrooted service looks, is meant for us all the same.
        if (same_place(*meant, ours) || same_place(written, ours) || same_file(facts, *meant, ours)) return &ours;
    }
    return nullptr;
}

MilterChain milter_chain(const DoctorFacts& facts, const PostfixFacts& postfix, const MasterService* service, std::string_view list) {
    MilterChain out{.milters = read_milters(setting(postfix, service, list).value_or("")), .ours = std::nullopt};
    out.chrooted = service != nullptr && is_chrooted(*service, setting(postfix, nullptr, "compatibility_level").value_or(""));
    out.queue_directory = setting(postfix, nullptr, "queue_directory").value_or("/var/spool/postfix");
    const std::vector<std::string> overrides = postfix_words(setting(postfix, service, "receive_override_options").value_or(""));
    out.switched_off = std::ranges::find(overrides, "no_milters") != overrides.end();
    if (out.switched_off) return out;
    for (const auto* sockets : {&facts.ours.listen, &facts.ours.inbound_listen})
        for (std::size_t i = 0; i < out.milters.size() && !out.ours; ++i)
            if (our_socket(facts, *sockets, out.milters[i], out.chrooted, out.queue_directory) != nullptr) {
                out.ours = i;
                out.inbound = sockets == &facts.ours.inbound_listen;
            }
    return out;
}

std::vector<DoctorFinding> examine(const DoctorFacts& facts) {
    Findings out;
    examine_postfix(facts, out);
    examine_milters(facts, out);
    examine_opendkim(facts, out);
    examine_resolver(facts, out);
    return std::move(out).take();
}

}  // namespace exota::programs
