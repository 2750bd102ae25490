// [gateway.NAME]: one listener group of the SMTP gateway, from Exchange Online or to Exchange.
//
// What must fit the other sections, and the sections each other, is in gateway_checks.cc. Tested by gateway_test.cc.
#include <algorithm>
#include <array>
#include <chrono>

#include "base/text.h"
#include "config/gateway.h"
#include "config/reader.h"
#include "config/sections.h"
#include "config/values.h"
#include "config/whole_file.h"
#include "directory/look_up_in_time.h"
#include "net/endpoint.h"
#include "net/host_addresses.h"
#include "net/tls_context.h"

namespace exota::config {
namespace {

using Clock = std::chrono::steady_clock;

/// Of all backends together: a resolver whose first server is dead has answered by then, and a start or reload is not held up by one that
/// never does.
constexpr std::chrono::seconds names_time{30};

constexpr auto from_exchange_only =
    std::to_array<std::string_view>({"backend", "backend_identity", "backend_tls", "require_tls", "client_ca_file", "client_purpose",
                                     "announce_xoorg", "xoorg_names", "early_refusal", "received", "door"});
constexpr auto to_exchange_only =
    std::to_array<std::string_view>({"protocol", "clients", "next_hop", "tls_level", "tls_fallback", "mta_sts", "mta_sts_directory",
                                     "xoorg_for", "xoorg_unannounced", "own_addresses"});

/// Reads one section: its keys by their last word.
class GatewayReader {
public:
    /// @param names_until  how long names may be looked up.
    GatewayReader(Reader& in, const Config& config, Origin origin, Clock::time_point names_until, std::string name)
        : in_(in), config_(config), origin_(origin), names_until_(names_until), name_(std::move(name)) {}

    GatewayConfig read() {
        GatewayConfig out;
        out.direction = in_.choice<Direction>(key("direction"));
        refuse_foreign_keys(out.direction);
        read_common(out.session);
        out.session.backend_timeout = in_.duration(key("backend_timeout"));
        if (!in_.given(key("direction"))) return out;  // said already
        if (out.direction == Direction::from_exchange) {
            read_from_exchange(out);
        } else {
            static_cast<gate::SectionSettings&>(out.relay) = out.session;
            out.relay.hop_timeout = out.session.backend_timeout;
            read_to_exchange(out);
        }
        return out;
    }

private:
    std::string key(std::string_view word) const { return "gateway." + name_ + '.' + std::string(word); }

    /// What has no effect here is no comfort to have written.
    void refuse_foreign_keys(Direction direction) {
        if (!in_.given(key("direction"))) return;
        const auto refuse = [&](auto& words, std::string_view other) {
            for (const std::string_view word : words)
                if (in_.given(key(word))) in_.error(key(word), "is only for direction = \"" + std::string(other) + '"');
        };
        if (direction == Direction::from_exchange)
            refuse(to_exchange_only, "to-exchange");
        else
            refuse(from_exchange_only, "from-exchange");
    }

    void read_common(gate::SectionSettings& out) {
        out.name = name_;
        out.listen = in_.list(key("listen"), [](std::string_view text) -> base::Result<std::string> {
            if (const auto endpoint = net::Endpoint::parse(text); !endpoint) return std::unexpected(endpoint.error());
            return std::string(text);
        });
        if (in_.given(key("listen")) && in_.texts(key("listen")).empty()) in_.error(key("listen"), "names no socket");
        out.hostname = host_of(key("hostname"));
        out.certificate_file = path(key("certificate_file"));
        out.key_file = path(key("key_file"));
        out.min_tls = in_.text(key("min_tls"));
        out.max_sessions = in_.size(key("max_sessions"));
        out.max_sessions_per_client = in_.size(key("max_sessions_per_client"));
        out.command_timeout = in_.duration(key("command_timeout"));
        out.data_timeout = in_.duration(key("data_timeout"));
        out.hold_octets = in_.size(key("hold_octets"));
        out.hold_memory = in_.size(key("hold_memory"));
        out.spool_octets = static_cast<std::uint64_t>(in_.integer(key("spool_octets")));
        out.spool_directory = path(key("spool_directory"));
        if (out.spool_directory.empty()) in_.error(key("spool_directory"), "names no directory");
    }

    void read_to_exchange(GatewayConfig& out) {
        gate::RelaySettings& relay = out.relay;
        relay.protocol = in_.choice<gate::RelayProtocol>(key("protocol"));
        relay.clients = in_.list(key("clients"), prefix);
        if (in_.texts(key("clients")).empty()) in_.error(key("clients"), "names nobody: no mail could be sent here");
        if (auto next_hop = gate::NextHop::parse(in_.text(key("next_hop"))))
            relay.next_hop = *std::move(next_hop);
        else
            in_.error(key("next_hop"), '"' + in_.text(key("next_hop")) + "\": " + next_hop.error().detail);
        relay.has_certificate = !relay.certificate_file.empty();
        relay.tls_level = in_.choice<gate::TlsLevel>(key("tls_level"));
        relay.tls_fallback = in_.choice<gate::TlsLevel>(key("tls_fallback"));  // the first three
        relay.mta_sts = in_.boolean(key("mta_sts"));
        relay.mta_sts_directory = path(key("mta_sts_directory"));
        relay.xoorg_for = in_.list(key("xoorg_for"), [](std::string_view text) {
            auto entry = gate::XoorgFor::parse(text);
            if (!entry) entry.error().detail = '"' + std::string(text) + "\": " + entry.error().detail;
            return entry;
        });
        if (!relay.xoorg_for.empty() && !relay.has_certificate)
            in_.error(key("xoorg_for"), "needs certificate_file: XOORG is announced only to a certificate");
        relay.xoorg_unannounced = in_.choice<gate::XoorgUnannounced>(key("xoorg_unannounced"));
        relay.own_addresses = in_.list(key("own_addresses"), [](std::string_view text) {
            auto address = base::IpAddress::parse(text);
            if (!address) address.error().detail = '"' + std::string(text) + "\": " + address.error().detail;
            return address;
        });
        if (origin_ == Origin::json) return;
        for (const base::IpAddress& address : net::host_addresses()) relay.own_addresses.push_back(address);
        out.hop_context =
            context(net::TlsRole::client, {.certificate_file = relay.certificate_file, .key_file = relay.key_file, .minimum = minimum()});
        if (relay.mta_sts) out.policy_context = context(net::TlsRole::client, {});
    }

    std::string host_of(const std::string& where) {
        const std::string& text = in_.text(where);
        if (text.empty()) return origin_ == Origin::json ? "localhost" : host_name();
        if (const auto name = domain_text(text); !name) in_.error(where, name.error().detail);
        return base::lower(text);
    }

    void read_from_exchange(GatewayConfig& out) {
        read_backends(out);
        out.session.backend_identity = in_.choice<gate::BackendIdentity>(key("backend_identity"));
        out.session.backend_tls = in_.choice<gate::BackendTls>(key("backend_tls"));
        out.session.require_tls = in_.boolean(key("require_tls"));
        out.session.announce_xoorg = in_.choice<gate::AnnounceXoorg>(key("announce_xoorg"));
        out.session.xoorg_names = in_.list(key("xoorg_names"), [](std::string_view text) -> base::Result<std::string> {
            if (base::trim(text).empty()) return base::fail(base::Errc::invalid_data, "an empty name");
            return base::lower(base::trim(text));
        });
        if (in_.texts(key("xoorg_names")).empty()) out.session.xoorg_names = config_.rules.certificate_names;
        out.session.early_refusal = in_.boolean(key("early_refusal"));
        out.session.door = in_.choice<gate::Door>(key("door"));
        out.session.received = in_.choice<gate::AddReceived>(key("received"));
        read_purposes(out);
        out.session.client_ca_file = path(key("client_ca_file"));
        const bool has_certificate = out.session.offers_tls = !out.session.certificate_file.empty();
        if (!has_certificate && out.session.require_tls)
            in_.error(key("require_tls"), "needs certificate_file: without one no STARTTLS is offered");
        if (!has_certificate && out.session.announce_xoorg == gate::AnnounceXoorg::verified)
            in_.error(key("announce_xoorg"), "\"verified\" needs certificate_file: only under TLS does a client show its certificate");
        if (origin_ == Origin::json) return;
        if (has_certificate)
            out.listener_tls = context(net::TlsRole::server, {.certificate_file = out.session.certificate_file,
                                                              .key_file = out.session.key_file,
                                                              .roots_file = out.session.client_ca_file,
                                                              .minimum = minimum(),
                                                              .request_certificate = true});
        if (out.session.backend_tls != gate::BackendTls::none) {
            net::TlsOptions options;
            options.minimum = minimum();
            out.backend_context = context(net::TlsRole::client, options);
        }
    }

    void read_purposes(GatewayConfig& out) {
        out.session.client_purpose.none = out.session.client_purpose.client = out.session.client_purpose.server = false;
        const auto words = in_.list(key("client_purpose"), [&](std::string_view word) -> base::Result<std::string> {
            if (word == "none")
                out.session.client_purpose.none = true;
            else if (word == "client")
                out.session.client_purpose.client = true;
            else if (word == "server")
                out.session.client_purpose.server = true;
            else
                return base::fail(base::Errc::invalid_data, '"' + std::string(word) + "\" is none of \"none\", \"client\", \"server\"");
            return std::string(word);
        });
        if (in_.texts(key("client_purpose")).empty())
            in_.error(key("client_purpose"), "names no usage: no client certificate would be taken");
    }

    void read_backends(GatewayConfig& out) {
        const std::string where = key("backend");
        const std::vector<std::string> texts = in_.texts(where);
        out.session.backend.clear();
        if (texts.empty()) in_.error(where, "names no server that gets the mail");
        for (std::size_t i = 0; i < texts.size(); ++i) {
            auto backend = backend_of(texts[i]);
            if (!backend) {
                in_.error(where, i, backend.error().detail);
                continue;
            }
            out.session.backend.push_back(backend->address.text());
            out.backends.push_back(*std::move(backend));
        }
    }

    /// A name is looked up now; later only by a reload.
    base::Result<Backend> backend_of(const std::string& text) const {
        const auto endpoint = net::Endpoint::parse(text);
        if (!endpoint) return std::unexpected(endpoint.error());
        const auto refuse = [&](std::string_view why) {
            return base::fail(base::Errc::invalid_data, '"' + text + "\" " + std::string(why));
        };
        if (endpoint->kind == net::Endpoint::Kind::activated) return refuse("is a socket to listen on, not a server");
        if (endpoint->is_tcp() && (endpoint->port == 0 || endpoint->is_every_address())) return refuse("lacks a host, or a port");
        if (const auto address = net::Address::of(*endpoint)) return Backend{*address, endpoint->host};
        if (origin_ == Origin::json) return refuse("must be an address here");
        const auto found = directory::look_up_in_time<net::Address>(
            endpoint->text(), [endpoint = *endpoint] { return net::look_up_host(endpoint); },
            std::chrono::ceil<std::chrono::milliseconds>(names_until_ - Clock::now()));
        if (!found) return std::unexpected(found.error());
        return Backend{*found, endpoint->host};
    }

    std::string path(const std::string& where) const {
        const std::string& text = in_.text(where);
        return text.empty() ? text : resolve_path(text, config_.path);
    }

    net::TlsVersion minimum() const { return static_cast<net::TlsVersion>(in_.integer(key("min_tls"))); }

    std::shared_ptr<const net::TlsContext> context(net::TlsRole role, const net::TlsOptions& options) {
        auto made = net::TlsContext::make(role, options);
        if (made) return *std::move(made);
        const std::string& detail = made.error().detail;
        const auto names = [&](const std::string& file) { return !file.empty() && detail.starts_with(file); };
        const std::string_view at = names(options.roots_file) ? "client_ca_file"
                                    : names(options.key_file) ? "key_file"
                                                              : "certificate_file";
        in_.error(key(at), detail);
        return nullptr;
    }

    Reader& in_;
    const Config& config_;
    const Origin origin_;
    const Clock::time_point names_until_;
    const std::string name_;
};

}  // namespace

void read_gateways(Reader& in, Config& out, Origin origin) {
    const Clock::time_point names_until = Clock::now() + names_time;
    for (std::string& name : in.names_in("gateway"))
        out.gateways.push_back(GatewayReader(in, out, origin, names_until, std::move(name)).read());
}

}  // namespace exota::config
