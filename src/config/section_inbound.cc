// [inbound], [eop], [perimeter], [recipients]: what the inbound door asks, and what becomes of mail that it does not like.
//
// Tested by inbound_test.cc.
#include <algorithm>
#include <set>
#include <utility>

#include "base/text.h"
#include "config/reader.h"
#include "config/sections.h"
#include "config/values.h"
#include "config/whole_file.h"
#include "net/endpoint.h"

namespace exota::config {
namespace {

using decision::Action;

constexpr std::size_t max_delist_octets = 200;

class InboundReader {
public:
    InboundReader(Reader& in, Config& config, Origin origin) : in_(in), config_(config), origin_(origin) {}

    void read() {
        config_.inbound_listen = in_.list("inbound.listen", [](std::string_view text) -> base::Result<std::string> {
            const auto endpoint = net::Endpoint::parse(text);
            if (!endpoint) return std::unexpected(endpoint.error());
            return std::string(text);
        });
        read_perimeter();
        read_recipients();
        if (in_.has_section("inbound"))
            read_rules(config_.rules.inbound.emplace());
        else
            need_section();
    }

private:
    /// What a door says goes by it.
    void need_section() {
        for (const GatewayConfig& gateway : config_.gateways)
            if (gateway.session.door == gate::Door::inbound)
                in_.error("gateway." + gateway.session.name + ".door", "\"inbound\" needs a section [inbound] with its mode");
    }

    /// The words of a choice are those of the action.
    Action action(std::string_view key) { return decision::action_named(in_.word(key)).value_or(Action::none); }

    void read_rules(decision::InboundRules& out) {
        out.mode = in_.choice<tenant::Mode>("inbound.mode");
        out.on_reject = action("inbound.on_reject");
        out.on_quarantine = action("inbound.on_quarantine");
        out.own_domain = action("inbound.own_domain");
        out.own_domain_unenforced = action("inbound.own_domain_unenforced");
        out.implicit_fail = action("inbound.implicit_fail");
        out.spf_through_exchange = action("inbound.spf_through_exchange");
        out.unresolved = action("inbound.unresolved");
        read_forwarders(out.trusted_forwarders);
        read_domains(out.domains);
        decision::EopRules& eop = out.eop;
        eop.results = in_.choice<decision::EopUse>("eop.results");
        eop.own_domain = action("eop.own_domain");
        eop.oreject = action("eop.oreject");
        eop.quarantine = action("eop.quarantine");
        eop.bypassed = action("eop.bypassed");
        eop.implicit_fail = action("eop.implicit_fail");
        eop.clients = in_.list("eop.clients", prefix);
        out.delist = in_.text("perimeter.delist");
        out.max_unknown = static_cast<std::uint32_t>(in_.integer("recipients.max_unknown"));
        out.unknown_reply = in_.word("recipients.reply");
    }

    void read_forwarders(decision::TrustedForwarders& out) {
        constexpr std::string_view key = "inbound.trusted_forwarders", of_signer = "dkim:";
        const std::vector<std::string> texts = in_.texts(key);
        for (std::size_t i = 0; i < texts.size(); ++i) {
            const std::string_view text = texts[i];
            if (base::istarts_with(text, of_signer)) {
                auto domain = domain_text(text.substr(of_signer.size()));
                if (domain)
                    out.signers.push_back(*std::move(domain));
                else
                    in_.error(key, i, domain.error().detail);
                continue;
            }
            auto clients = prefix(text);
            if (clients)
                out.clients.push_back(*clients);
            else
                in_.error(key, i, '"' + texts[i] + "\" is neither an IP prefix nor dkim:DOMAIN");
        }
    }

    void read_domains(std::map<std::string, Action, std::less<>>& out) {
        constexpr std::string_view key = "inbound.domains", wildcard = "*.";
        constexpr Action actions[] = {Action::reject, Action::mark, Action::none};  // as the key's choices
        for (const Reader::Word& word : in_.words(key)) {
            const bool below = word.name.starts_with(wildcard);
            const auto domain = domain_text(std::string_view(word.name).substr(below ? wildcard.size() : 0));
            if (!domain)
                in_.error(key, word, domain.error().detail);
            else if (!out.emplace((below ? "*." : "") + *domain, actions[word.index]).second)
                in_.error(key, word, '"' + word.name + "\" is there twice");
        }
    }

    void read_perimeter() {
        gate::PerimeterSettings& out = config_.perimeter;
        out.allow_file = path("perimeter.allow_file");
        out.block_file = path("perimeter.block_file");
        out.threshold = static_cast<int>(in_.integer("perimeter.threshold"));
        out.require_ptr = in_.boolean("perimeter.require_ptr");
        out.dnsbl = in_.list("perimeter.dnsbl", authn::Dnsbl::parse);
        if (in_.texts("perimeter.dnsbl").size() > authn::max_dnsbl_lists)
            in_.error("perimeter.dnsbl", "more than " + std::to_string(authn::max_dnsbl_lists) + " lists");
        const std::string& delist = in_.text("perimeter.delist");
        const bool is_printable = std::ranges::all_of(delist, [](char c) { return c > ' ' && c <= '~'; });
        if (!is_printable || delist.size() > max_delist_octets)
            in_.error("perimeter.delist",
                      "is no address or URL of at most " + std::to_string(max_delist_octets) + " printable characters without blanks");
    }

    void read_recipients() {
        gate::RecipientSettings& out = config_.recipients;
        const bool from_file = in_.word("recipients.source") == "file";
        if (from_file) out.file = path("recipients.file");
        if (from_file && in_.text("recipients.file").empty()) in_.error("recipients.file", "names no file");
        read_recipient_server();
        const std::string& delimiter = in_.text("recipients.delimiter");
        const bool is_one = delimiter.size() == 1 && delimiter[0] > ' ' && delimiter[0] <= '~' && !base::is_alnum(delimiter[0]) &&
                            delimiter != "@" && delimiter != "\"" && delimiter != "\\";
        if (!delimiter.empty() && !is_one)
            in_.error("recipients.delimiter", "is not one character that can stand in a local part and is no letter or digit");
        out.rules.delimiter = is_one ? delimiter[0] : '\0';
        out.rules.fold_case = in_.boolean("recipients.fold_case");
    }

    void read_recipient_server() {
        directory::RecipientSourceSettings& out = config_.recipient_source;
        const std::string source = in_.word("recipients.source");
        if (source != "ldap" && source != "postgresql") return;
        if (origin_ == Origin::json)
            return in_.error("recipients.source", "no server is asked here: \"file\" and \"none\" are the sources");
        if (source == "ldap")
            out.ldap = read_recipients_ldap(in_, config_);
        else
            out.postgresql = read_recipients_postgresql(in_, config_);
        out.positive_ttl = in_.duration("recipients.positive_ttl");
        out.negative_ttl = in_.duration("recipients.negative_ttl");
        out.cache_entries = in_.size("recipients.cache_entries");
        out.max_stale = config_.tenants.max_stale;
        config_.recipients.ask = true;
    }

    std::string path(std::string_view key) {
        const std::string& text = in_.text(key);
        if (origin_ == Origin::json && !text.empty() && !text.starts_with('/')) in_.error(key, "must be an absolute path here");
        return resolve_path(text, config_.path);
    }

    Reader& in_;
    Config& config_;
    const Origin origin_;
};

/// What says so in the text of a warning.
bool some_action_is(const decision::InboundRules& rules, Action wanted) {
    const decision::EopRules& eop = rules.eop;
    const Action actions[] = {rules.on_reject,     rules.on_quarantine,        rules.own_domain, rules.own_domain_unenforced,
                              rules.implicit_fail, rules.spf_through_exchange, rules.unresolved};
    const Action of_eop[] = {eop.own_domain, eop.oreject, eop.quarantine, eop.bypassed, eop.implicit_fail};
    const auto is = [&](Action action) { return action == wanted || (wanted == Action::mark && action == Action::direct); };
    return std::ranges::any_of(actions, is) || (eop.results == decision::EopUse::enforce && std::ranges::any_of(of_eop, is)) ||
           std::ranges::any_of(rules.domains, [&](const auto& entry) { return is(entry.second); });
}

void warn_of_perimeter(const Config& config, Reader& in) {
    int most = 0;
    for (const authn::Dnsbl& list : config.perimeter.dnsbl) most += std::max(list.weight(), 0);
    if (!config.perimeter.dnsbl.empty() && most < config.perimeter.threshold)
        in.warning("perimeter.threshold",
                   "is above " + std::to_string(most) + ", the weights of all lists together: no list refuses anybody");
    std::set<std::string_view> keyed;
    for (std::size_t i = 0; i < config.perimeter.dnsbl.size(); ++i) {
        const authn::Dnsbl& list = config.perimeter.dnsbl[i];
        if (list.shown() != list.zone() && keyed.insert(list.zone()).second)
            in.warning("perimeter.dnsbl", i, "what stands before " + list.shown() + " is taken for a key, and never shown");
    }
}

}  // namespace

void read_inbound(Reader& in, Config& out, Origin origin) { InboundReader(in, out, origin).read(); }

void add_inbound_warnings(const Config& config, Reader& in) {
    if (!config.rules.inbound) {
        constexpr std::pair<std::string_view, std::string_view> sections[] = {
            {"eop", "eop.results"}, {"perimeter", "perimeter.dnsbl"}, {"recipients", "recipients.source"}};
        for (const auto& [section, key] : sections)
            if (in.has_section(section)) in.warning(key, "has no effect: there is no section [inbound]");
        return;
    }
    const decision::InboundRules& rules = *config.rules.inbound;
    for (std::size_t i = 0; i < config.inbound_listen.size(); ++i)
        if (const auto endpoint = net::Endpoint::parse(config.inbound_listen[i]); endpoint && endpoint->is_every_address())
            in.warning("inbound.listen", i,
                       '"' + config.inbound_listen[i] + "\" is every address of this host: whoever reaches it can pose as the MTA");
    if (config.rules.exchange_online.empty())
        in.warning(
            "client_ip.endpoints_file",
            "no prefix of Exchange Online is known: its addresses are asked of DNS lists, and SPF that passes for anybody there counts");
    if (some_action_is(rules, Action::mark))
        in.warning(
            "inbound.on_quarantine",
            "\"mark\" lets messages pass with the field X-ExOTA-Disposition: it protects only where a rule behind us reads that field");
    if (rules.eop.results == decision::EopUse::ignore)
        in.warning("eop.results",
                   "\"ignore\": mail that one's own Exchange Online passed on is judged as if it came from there, and what was forwarded "
                   "to it fails SPF");
    for (const GatewayConfig& gateway : config.gateways)
        if (gateway.session.door == gate::Door::inbound && some_action_is(rules, Action::hold))
            in.warning("gateway." + gateway.session.name + ".door", "has no hold queue: what an action \"hold\" meets is deferred (451)");
    if (in.word("recipients.source") == "none" && in.given("recipients.file"))
        in.warning("recipients.file", "is not read with source = \"none\"");
    warn_of_perimeter(config, in);
}

}  // namespace exota::config
