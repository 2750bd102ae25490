#include "programs/migrate_files.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <iterator>
#include <map>
#include <ranges>

#include "base/encode.h"
#include "base/joined.h"
#include "base/text.h"
#include "mail/domain.h"
#include "mail/tenant_id.h"
#include "programs/json_output.h"

namespace exota::programs {
namespace {

namespace json = boost::json;
using base::Errc;
using base::fail;
using base::JsonObject;

/// One entry of the policy.
struct Entry {
    std::string domain;
    std::string tenant_id;  // 36 characters, or empty
    tenant::Proof proof;
};

/// What an operator has to know, each a sentence. Those of the first kind decide otherwise than before.
struct Remarks {
    std::vector<std::string> inexact, others;
};

/// What becomes one tenant: domains with one proof.
struct Group {
    std::string tenant_id;
    tenant::Proof proof;
    std::vector<std::string> domains;
};

bool flag(const json::object& entry, std::string_view name) {
    const json::value* value = entry.if_contains(name);
    return !value || !value->is_bool() || value->get_bool();  // both are true by default
}

base::Result<std::vector<Entry>> read_entries(const config::Config& drop_in, std::string_view policy) {
    json::error_code error;
    const json::value parsed = json::parse(json::string_view(policy.data(), policy.size()), error);
    if (error) return fail(Errc::invalid_data, "no JSON: " + error.message());
    std::vector<Entry> entries;
    if (const json::array* list = parsed.if_array(); list && list->empty()) return entries;
    const json::object* object = parsed.if_object();
    if (!object) return fail(Errc::invalid_data, "no version-1 policy: a JSON object is wanted");
    for (const auto& [name, value] : *object) {
        const auto domain = mail::Domain::parse(std::string_view(name));
        const json::object* fields = value.if_object();
        if (!domain || !fields) return fail(Errc::invalid_data, "no version-1 policy: entry \"" + std::string(name) + '"');
        Entry entry{domain->text(), "",
                    drop_in.tenant_defaults.v1_proofs(flag(*fields, "dkim_enabled"), flag(*fields, "dkim_alignment_required")).front()};
        if (const json::value* id = fields->if_contains("tenant_id"); id && id->is_string() && !id->get_string().empty()) {
            const auto parsed_id = mail::TenantId::parse_lenient(std::string_view(id->get_string()));
            if (!parsed_id) return fail(Errc::invalid_data, "entry \"" + std::string(name) + "\": " + parsed_id.error().detail);
            entry.tenant_id = parsed_id->text();
        }
        entries.push_back(std::move(entry));
    }
    return entries;
}

/// More than another: all of its factors ask, and dkim-aligned asks more than dkim-any.
int strictness(const tenant::Proof& proof) {
    if (proof.set.contains(tenant::Factor::dkim_aligned)) return 2;
    return proof.set.contains(tenant::Factor::dkim_any) ? 1 : 0;
}

/// "a.test, b.test and 7 more": the names, as many as a line takes.
std::string some_of(const std::vector<std::string>& names) {
    constexpr std::size_t most = 5;
    std::string out = base::joined(names | std::views::take(most));
    return names.size() > most ? out + " and " + std::to_string(names.size() - most) + " more" : out;
}

/// All domains of one tenant id, whose proofs differ.
void merge_differing(std::vector<Group> parts, std::vector<Group>& out, Remarks& remarks) {
    std::ranges::sort(parts, std::ranges::greater{},
                      [](const Group& part) { return std::pair(strictness(part.proof), part.domains.front()); });
    if (!parts.front().proof.set.contains(tenant::Factor::tenant_id)) {
        remarks.others.push_back("tenant " + parts.front().tenant_id + ": its domains differ in their DKIM flags, so it becomes " +
                                 std::to_string(parts.size()) + " tenants, of which one keeps the tenant id");
        for (std::size_t i = 1; i < parts.size(); ++i) parts[i].tenant_id.clear();
        std::ranges::move(parts, std::back_inserter(out));
        return;
    }
    Group whole = std::move(parts.front());
    for (std::size_t i = 1; i < parts.size(); ++i) {
        remarks.inexact.push_back(
            "tenant " + whole.tenant_id + ": " + some_of(parts[i].domains) + " needed \"" + parts[i].proof.text + "\" and now needs \"" +
            whole.proof.text +
            "\", as the tenant's other domains do: one tenant has one set of proofs. Let their mail be signed, or give "
            "the tenant both \"proofs\", of which the weaker then suffices for all of its domains");
        std::ranges::move(parts[i].domains, std::back_inserter(whole.domains));
    }
    out.push_back(std::move(whole));
}

std::vector<Group> grouped(const std::vector<Entry>& entries, Remarks& remarks) {
    std::vector<Group> groups;
    std::vector<std::string> order;                       // of tenant ids, as they come
    std::map<std::string, std::vector<Group>> by_tenant;  // by id, one group a proof
    for (const Entry& entry : entries) {
        if (entry.tenant_id.empty()) {
            groups.push_back({"", entry.proof, {entry.domain}});
            continue;
        }
        auto [found, is_new] = by_tenant.try_emplace(entry.tenant_id);
        if (is_new) order.push_back(entry.tenant_id);
        std::vector<Group>& parts = found->second;
        auto part = std::ranges::find(parts, entry.proof, &Group::proof);
        if (part == parts.end()) part = parts.insert(parts.end(), Group{entry.tenant_id, entry.proof, {}});
        part->domains.push_back(entry.domain);
    }
    for (const std::string& id : order) {
        std::vector<Group>& parts = by_tenant.at(id);
        if (parts.size() == 1)
            groups.push_back(std::move(parts.front()));
        else
            merge_differing(std::move(parts), groups, remarks);
    }
    return groups;
}

/// For TOML.
std::string in_quotes(std::string_view text) {
    std::string out;
    base::append_toml_string(out, text);
    return out;
}

std::string quoted_list(const std::vector<std::string>& words) { return '[' + base::joined(words, ", ", in_quotes) + ']'; }

std::string tenants_file_of(const std::vector<Group>& groups, const tenant::Proof& usual) {
    const auto tenants = [&](JsonObject& by_name) {
        by_name.set_lines({"\n    ", ",\n    ", "\n  "});
        for (const Group& group : groups)
            by_name.add(group.domains.front(), [&](JsonObject& members) {
                if (!group.tenant_id.empty()) members.add("tenant_ids", std::array{std::string_view(group.tenant_id)});
                members.add("domains", group.domains);
                if (group.proof != usual) members.add("proofs", std::array{std::string_view(group.proof.text)});
            });
    };
    return json_output([&](JsonObject& file) {
        file.set_lines({"\n  ", ",\n  ", "\n"});
        file.add("version", 2);
        file.add("tenants", tenants);
    });
}

/// Without a DKIM factor that names the author's domain, a proof fits every tenant.
bool is_weak(const tenant::Proof& proof) { return !proof.set.contains(tenant::Factor::dkim_aligned); }

/// JSON has no comments: what is weak in the tenants file is said where the configuration names that file.
std::string remarks_on_tenants(const std::vector<Group>& groups, const tenant::Proof& usual) {
    std::map<std::string, std::vector<std::string>> weak;  // by proof, the tenants that ask just that
    std::vector<std::string> without_id;
    for (const Group& group : groups) {
        if (group.proof != usual && is_weak(group.proof)) weak[group.proof.text].push_back(group.domains.front());
        if (group.tenant_id.empty()) without_id.push_back(group.domains.front());
    }
    std::string out;
    for (const auto& [proof, names] : weak)
        out += "# (weak) " + some_of(names) + ": \"proofs\": [" + in_quotes(proof) + "] there; better none\n";
    if (!without_id.empty()) out += "# (weak) " + some_of(without_id) + ": no \"tenant_ids\" there; better add the id\n";
    return out;
}

/// The predecessor's text of a reply as it can stand in a template of ours: printable ASCII without placeholders of its own.
std::string reply_text(std::string_view base_text) {
    std::string safe;
    for (const char c : base_text.substr(0, 300)) safe += c == '{' ? '(' : c == '}' ? ')' : c >= 0x20 && c < 0x7f ? c : '?';
    return safe;
}

std::string reply_template(std::string_view base_text) { return "queue_id: {queue_id} - " + reply_text(base_text) + " - reason: {text}"; }

std::vector<std::string> texts_of(const std::vector<base::IpPrefix>& prefixes) {
    std::vector<std::string> out;
    for (const base::IpPrefix& prefix : prefixes) out.push_back(prefix.text());
    return out;
}

bool is_authserv_id(std::string_view text) {
    const std::string tree = base::json_text([text](JsonObject& sections) {
        sections.add("authorisation", [](JsonObject& keys) { keys.add("mode", "enforce"); });
        sections.add("header", [text](JsonObject& keys) { keys.add("authserv_id", text); });
    });
    return !text.empty() && config::from_json(tree).config;
}

/// What of the environment has no counterpart.
void compare(const config::Config& drop_in, const std::vector<Group>& groups, Remarks& remarks) {
    const decision::Rules& rules = drop_in.rules;
    for (const std::string& id : rules.authres.authserv_ids)
        if (!is_authserv_id(id))
            remarks.inexact.push_back("MILTER_TRUSTED_AUTHSERVID \"" + id +
                                      "\" is no authserv-id and is left out: no DKIM result counts until you name one");
    if (rules.header.add && !is_authserv_id(rules.header.authserv_id))
        remarks.inexact.push_back("MILTER_AUTHSERVID \"" + rules.header.authserv_id +
                                  "\" is no authserv-id and is left out: the host's name is used");
    const bool all_show_their_id =
        std::ranges::all_of(groups, [](const Group& group) { return group.proof.set.contains(tenant::Factor::tenant_id); });
    std::string forwards =
        "forwards: of several Resent-From fields each must now name the tenant, not the last alone; and a message that only Resent-From "
        "connects with a tenant must now also show a tenant id, an organisation or a DKIM signature of that tenant (docs/migration.md)";
    if (all_show_their_id)
        remarks.others.push_back(std::move(forwards) + "; as every proof here asks for the tenant id, that much changes nothing");
    else
        remarks.inexact.push_back(std::move(forwards));
    if (groups.size() > 1)
        remarks.inexact.emplace_back(
            "subdomains: a forward whose author is at a subdomain of another tenant, which no tenant lists, must now have the author's own "
            "DKIM signature or ARC, or is refused: list such subdomains (docs/migration.md)");
    for (const auto& [name, text] : {std::pair("MILTER_REJECT_MESSAGE", &rules.drop_in->reject_message),
                                     std::pair("MILTER_TMPFAIL_MESSAGE", &rules.drop_in->tempfail_message)})
        if (reply_text(*text) != *text) remarks.others.push_back(std::string(name) + " is not carried over to the letter: see [reply]");
    if (rules.header.add)
        remarks.others.emplace_back(
            "header: dkim= and x509_client_trust= of X-ExOTA-Authentication-Results now say what holds for the message, and no more what "
            "is switched on; whoever trusts the field must look at auth=pass, as monitor delivers auth=fail too");
    if (rules.drop_in->x509)
        remarks.inexact.emplace_back(
            "certificates: the {cert_subject} of an MTA that sends no macro v counted and does so no more; it must send v or {verify} as "
            "well. Postfix sends v, unless milter_connect_macros was changed: if postconf -n does not name that setting, nothing changes "
            "by it");
}

/// A remark as comment lines. Texts of the environment stand in it: nothing but printable ASCII gets there.
std::string comment(std::string_view text) {
    constexpr std::size_t most = 130;
    std::string out, line = "#  *";
    while (!text.empty()) {
        std::string word(base::take_until(text, ' '));
        for (char& c : word) c = c > 0x20 && c < 0x7f ? c : '?';
        if (line.size() + word.size() >= most) {
            out += line + '\n';
            line = "#   ";
        }
        line += ' ' + word;
    }
    return out + line + '\n';
}

/// What stands above everything else.
std::string head_of(const Remarks& remarks) {
    std::string out =
        "# Made of the MILTER_* environment. Each line marked (weak) keeps a hole open that the predecessor had; docs/migration.md says\n"
        "# what to put there instead.\n";
    if (remarks.inexact.empty())
        out +=
            "# It decides as the environment did, but for messages with several Resent-From fields. Before you switch: exota check, then "
            "a\n"
            "# while with mode = \"monitor\" and exota report.\n";
    else
        out +=
            "#\n# NOT DECIDED AS BEFORE, and so mode is \"monitor\": nothing is refused until exota report shows that what follows costs "
            "no\n"
            "# honest mail, and you write \"enforce\".\n";
    for (const std::string& remark : remarks.inexact) out += comment(remark);
    if (!remarks.others.empty()) out += "#\n# Good to know:\n";
    for (const std::string& remark : remarks.others) out += comment(remark);
    return out;
}

constexpr std::string_view ldap_password_file = "/etc/exota/ldap.password";

/// The directory is asked as it was; the password is not written here.
std::string ldap_section(const directory::LdapSettings& ldap) {
    std::string out = "\n[tenants]\nsource = \"ldap\"\n\n[tenants.ldap]\nservers = " + quoted_list(ldap.servers) + '\n';
    if (!ldap.bind_dn.empty())
        out += "bind_dn = " + in_quotes(ldap.bind_dn) + "\npassword_file = " + in_quotes(ldap_password_file) +
               "  # its first line: what MILTER_LDAP_BINDPW was\n";
    if (ldap.servers.front().starts_with("ldap://"))
        out += "starttls = false  # (weak) better true, with ca_file: now the password can be read on the way, and the answers forged\n";
    out += "base = " + in_quotes(ldap.base) + "\nfilter = " + in_quotes(ldap.filter) +
           "\nschema = \"1\"\ntimeout = " + std::to_string(std::chrono::duration_cast<std::chrono::seconds>(ldap.timeout).count()) +
           "\n\n[tenants.ldap.attributes]\ntenant_id = " + in_quotes(ldap.tenant_id_attribute) +
           "\ndkim_enabled = " + in_quotes(ldap.dkim_enabled_attribute) +
           "\ndkim_alignment_required = " + in_quotes(ldap.dkim_alignment_attribute) + '\n';
    return out;
}

std::string configuration_of(const config::Config& drop_in, const tenant::Proof& usual, const std::vector<Group>& groups,
                             std::string_view tenants_file, const Remarks& remarks) {
    const decision::Rules& rules = drop_in.rules;
    static constexpr std::string_view levels[] = {"error", "warning", "info", "debug"};
    std::string out = head_of(remarks);
    out += "\n[milter]\nlisten = " + quoted_list(drop_in.milter.listen) + "\nsocket_mode = \"umask\"\n";
    out += std::string("\n[authorisation]\nmode = ") + (remarks.inexact.empty() ? "\"enforce\"" : "\"monitor\"  # see above") +
           "\nproofs = " + quoted_list({usual.text});
    if (is_weak(usual)) out += "  # (weak) names no tenant by DKIM; better \"client-cert + dkim\"";
    out +=
        "\ncontradictions = \"ignore\"  # (weak) better \"refuse\"\npeer_proof = \"none\"  # (weak) better \"client-cert\"\nresent_from = "
        "true  # (weak) better false, if no forwards are to pass\nforwarding = true  # (weak) better false, and true for tenants that "
        "forward\n";
    out +=
        "\n[client_ip]\n# (weak) without Microsoft's addresses a certificate that the MTA could not verify (hole 8) is refused for good, "
        "not deferred; better:\n# endpoints_file = \"/etc/exota/endpoints.json\"\n";
    out += "\n[client_cert]\nnames = " + quoted_list(rules.certificate_names) +
           "\nexempt = " + quoted_list(texts_of(rules.certificate_exempt)) + '\n';
    out += "\n[dkim]\nsource = \"authentication-results\"\n\n[authentication_results]\n";
    std::vector<std::string> ids;
    std::ranges::copy_if(rules.authres.authserv_ids, std::back_inserter(ids), is_authserv_id);
    out += "trusted_authserv_ids = " + quoted_list(ids) +
           "\nposition = \"any\"  # (weak) better \"top\", with own_hops if the validator is not the last hop\n";
    if (drop_in.tenants.ldap)
        out += ldap_section(*drop_in.tenants.ldap);
    else
        out += "\n[tenants]\nfile = " + in_quotes(tenants_file) + '\n' + remarks_on_tenants(groups, usual);
    out += "\n[reply]\n# The words behind \"reason:\" are ours; docs/migration.md has them beside the predecessor's.\nreject = " +
           in_quotes(reply_template(rules.drop_in->reject_message)) +
           "\ntempfail = " + in_quotes(reply_template(rules.drop_in->tempfail_message)) + "\ntempfail_code = 450\n";
    out += std::string("\n[header]\nadd = ") + (rules.header.add ? "true" : "false") + '\n';
    if (is_authserv_id(rules.header.authserv_id)) out += "authserv_id = " + in_quotes(rules.header.authserv_id) + '\n';
    out += "\n[log]\nlevel = " + in_quotes(levels[static_cast<std::size_t>(drop_in.log.level)]) +
           "\nname = " + in_quotes(drop_in.log.name) + '\n';
    return out;
}

}  // namespace

base::Result<Migrated> migrate(const config::Config& drop_in, std::string_view policy, std::string_view tenants_file) {
    const auto entries = read_entries(drop_in, policy);
    if (!entries) return std::unexpected(entries.error());
    Migrated out;
    Remarks remarks;
    const tenant::Proof usual = drop_in.tenant_defaults.v1_proofs(true, true).front();
    const std::vector<Group> groups = grouped(*entries, remarks);
    compare(drop_in, groups, remarks);
    out.exact = remarks.inexact.empty();
    out.tenants = tenants_file_of(groups, usual);
    out.configuration = configuration_of(drop_in, usual, groups, tenants_file, remarks);
    out.warnings = std::move(remarks.inexact);
    std::ranges::move(remarks.others, std::back_inserter(out.warnings));
    return out;
}

Migrated migrate_ldap(const config::Config& drop_in) {
    Migrated out;
    Remarks remarks;
    const tenant::Proof usual = drop_in.tenant_defaults.v1_proofs(true, true).front();
    compare(drop_in, {Group{.tenant_id = {}, .proof = usual, .domains = {}}}, remarks);
    if (drop_in.tenant_defaults.v1_proofs(false, true).front().set.contains(tenant::Factor::listed) && drop_in.rules.drop_in->dkim)
        remarks.inexact.emplace_back("entries with " + drop_in.tenants.ldap->dkim_enabled_attribute +
                                     " FALSE needed nothing at all and are unusable now: their mail is deferred until they have a proof");
    remarks.inexact.emplace_back(
        "forwards: as the directory is asked for single domains, a forward needs dkim-aligned or arc as well (docs/ldap.md)");
    out.exact = remarks.inexact.empty();
    out.configuration = configuration_of(drop_in, usual, {}, {}, remarks);
    out.warnings = std::move(remarks.inexact);
    std::ranges::move(remarks.others, std::back_inserter(out.warnings));
    return out;
}

}  // namespace exota::programs
