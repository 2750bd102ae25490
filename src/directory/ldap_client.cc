// Which server is connected to, and when it is tried again.
#include "directory/ldap_client.h"

#include <sys/socket.h>

#include <random>
#include <utility>
#include <vector>

#include "directory/ldap_client_parts.h"

namespace exota::directory {
namespace {

using base::Errc;
using base::fail;
using namespace std::chrono_literals;

constexpr std::chrono::milliseconds first_wait = 100ms, longest_wait = 30s;
/// The tunnel has no idle time-out of its own: a connection may rest for as long as the server likes.
constexpr std::chrono::milliseconds no_idle_timeout = std::chrono::hours(24 * 365 * 10);

std::uint32_t chance() {
    static thread_local std::mt19937 numbers(std::random_device{}());
    return static_cast<std::uint32_t>(numbers());
}

}  // namespace

LdapClient::Parts::Parts(net::Loop& loop, LdapSettings settings, LdapServers servers, std::shared_ptr<SourceStatus> status,
                         std::chrono::milliseconds apart)
    : loop_(loop),
      settings_(std::move(settings)),
      servers_(std::move(servers)),
      status_(std::move(status)),
      tunnels_(loop, limits_, [this](const net::Peer&, const std::function<void()>&) { return make_tunnel(); },
               {.idle_timeout = no_idle_timeout, .keep_waiting_interval = no_idle_timeout, .on_trouble = {}}),
      step_timer_(loop),
      question_timer_(loop),
      back_off_(first_wait, longest_wait, &chance),
      apart_(apart) {}

std::unique_ptr<net::Session> LdapClient::Parts::make_tunnel() {
    if (!route_) return nullptr;
    return std::make_unique<LdapTunnel>(
        *std::exchange(route_, std::nullopt),
        LdapTunnel::News{.opened = nullptr, .failed = [says = tunnel_says_](std::string why) { *says = std::move(why); }});
}

void LdapClient::Parts::connect() {
    if (at_ == At::resting) at_ = At::connecting;
    step_timer_.start(settings_.timeout, [this] { cannot_connect("it does not answer"); });
    if (const auto address = url().address()) return connect_to(*address);
    host_ = std::make_unique<HostLookup>(loop_, url().host, url().port, [this](const base::Result<net::Address>& address) {
        if (!address) return cannot_connect(address.error().detail);
        connect_to(*address);
    });
}

void LdapClient::Parts::connect_to(const net::Address& address) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0) return cannot_connect("no socket can be had");
    net::Descriptor ours(ends[0]), tunnels(ends[1]);
    const bool starttls = url().scheme == LdapUrl::Scheme::ldap && settings_.starttls;
    route_ = LdapRoute{.tls = url().scheme == LdapUrl::Scheme::ldaps ? LdapRoute::Tls::at_once
                              : starttls                             ? LdapRoute::Tls::starttls
                                                                     : LdapRoute::Tls::none,
                       .address = address,
                       .host = url().host,
                       .context = servers_.context,
                       .step = settings_.timeout};
    tunnel_says_ = std::make_shared<std::string>();
    tunnels_.adopt(std::move(tunnels));
    auto link = LdapLink::make(loop_, std::move(ours),
                               {.entry =
                                    [this](int message, LdapEntry entry) {
                                        heard_ = loop_.now();
                                        const auto number = by_message_.find(message);
                                        if (number == by_message_.end()) return;
                                        Question& question = questions_.at(number->second);
                                        if (question.found.entries.size() < question.search.most_entries)
                                            question.found.entries.push_back(std::move(entry));
                                        else
                                            question.found.more = true;
                                    },
                                .reference =
                                    [this](int message) {
                                        probe_referred_ = probe_referred_ || message == probe_message_;
                                        const auto number = by_message_.find(message);
                                        if (number != by_message_.end()) questions_.at(number->second).referred = true;
                                    },
                                .end =
                                    [this](int message, const LdapOutcome& outcome) {
                                        heard_ = loop_.now();
                                        if (at_ == At::ready)
                                            return message == probe_message_ ? probed_again(outcome) : ended(message, outcome);
                                        if (message == bind_message_) return bound(outcome);
                                        if (message == probe_message_) return probed(outcome);
                                    },
                                .lost = [this](const std::string& why) { lost(why, Loss::closed); }});
    if (!link) return cannot_connect(link.error().detail);
    link_ = *std::move(link);
    ++connection_;
    // It waits in the tunnel until that is open.
    const base::Result<int> message = link_->bind(settings_);
    if (!message) return cannot_connect(message.error().detail);
    bind_message_ = *message;
    probe_message_ = 0;
}

void LdapClient::Parts::bound(const LdapOutcome& outcome) {
    if (outcome.code != 0) return cannot_connect("bind: " + outcome.text);
    if (const auto sent = send_probe(); !sent) cannot_connect(sent.error().detail);
}

/// Whether it may be asked, and has the base, is known by asking: for what nobody is.
base::Result<int> LdapClient::Parts::send_probe() {
    base::Result<int> message =
        link_->search({.base = settings_.base, .filter = "(objectClass=exotaNobody)", .attributes = {"1.1"}}, settings_.timeout);
    probe_message_ = message.value_or(0);
    probe_referred_ = false;
    return message;
}

void LdapClient::Parts::probed(const LdapOutcome& outcome) {
    if (outcome.referred || probe_referred_) return cannot_connect(ldap_refers);
    if (outcome.code != 0) return cannot_connect("search: " + outcome.text);
    step_timer_.cancel();
    at_ = At::ready;
    ready_since_ = loop_.now();
    answered_ = probing_ = asked_nobody_ = false;
    status_->confirmed();
    waiting_.clear();
    for (const auto& [number, question] : questions_) waiting_.push_back(number);
    send_waiting();
}

/// Something was wrong with a search, and the connection is there: whether the server answers is asked again after a while, as the next
/// message may be long in coming.
void LdapClient::Parts::doubt(const std::string& why) {
    status_->trouble(url().text() + ": " + why);
    if (at_ != At::ready || std::exchange(probing_, true)) return;
    step_timer_.start(back_off_.failed(loop_.now()), [this] {
        if (const auto sent = send_probe(); !sent) return lost(sent.error().detail, Loss::closed);
        asked_nobody_ = true;
        step_timer_.start(settings_.timeout, [this] { lost("it does not answer", Loss::given_up); });
    });
}

void LdapClient::Parts::probed_again(const LdapOutcome& outcome) {
    step_timer_.cancel();
    probing_ = asked_nobody_ = false;
    const bool referred = outcome.referred || probe_referred_;
    if (referred || outcome.code != 0) return doubt(referred ? ldap_refers : "search: " + outcome.text);
    status_->confirmed();
}

/// The connection is gone, whatever it was at.
void LdapClient::Parts::lost(const std::string& why, Loss loss) {
    const std::string says = tunnel_says_ && !tunnel_says_->empty() ? *tunnel_says_ : why;
    if (at_ != At::ready) return cannot_connect(says);
    // How long a connection on which nothing is asked may stay is the server's to say, and no failure of it.
    const bool rested = loss == Loss::closed && by_message_.empty() && !asked_nobody_;
    // Who answers nothing but the first search for nobody, and goes when asked, is no server to come back to at once.
    const bool lived = answered_ || loop_.now() - ready_since_ >= longest_wait;
    if (lived) back_off_.succeeded();
    step_timer_.cancel();
    link_.reset();
    tunnel_says_.reset();  // of the next one nothing is known
    std::vector<std::uint64_t> twice;
    for (const auto& [message, number] : std::exchange(by_message_, {})) {
        Question& question = questions_.at(number);
        if (std::exchange(question.again, true)) twice.push_back(number);
        question.found = {};
        question.referred = false;
        question.sent = {};
    }
    at_ = At::connecting;
    if (!twice.empty() && !answered_) return cannot_connect(says);
    const std::string text = url().text() + ": " + says;
    if (!twice.empty()) status_->trouble(text);
    for (const std::uint64_t number : twice) answer(number, fail(Errc::unavailable, text));
    server_ = 0;
    if (rested) return rest(lived);
    if (lived || !questions_.empty()) return connect();
    at_ = At::away;
    status_->trouble(text);
    step_timer_.start(back_off_.failed(loop_.now()), [this] { connect(); });
}

/// The connection ended while nobody asked: there shall be another one before somebody does. One that is taken away at once again and again
/// is left alone for a while.
void LdapClient::Parts::rest(bool lived) {
    const auto now = loop_.now();
    if (lived || now >= reconnect_at_ || !questions_.empty()) {
        reconnect_at_ = now + apart_;
        return connect();
    }
    at_ = At::resting;
    step_timer_.start(reconnect_at_ - now, [this] {
        reconnect_at_ = loop_.now() + apart_;
        connect();
    });
}

void LdapClient::Parts::cannot_connect(const std::string& why) {
    step_timer_.cancel();
    host_.reset();
    link_.reset();
    by_message_.clear();
    const std::string text = url().text() + ": " + (tunnel_says_ && !tunnel_says_->empty() ? *tunnel_says_ : why);
    tunnel_says_.reset();
    if (++server_ < servers_.urls.size())
        return loop_.post([this, alive = std::weak_ptr<const bool>(alive_)] {
            if (!alive.expired()) connect();
        });
    server_ = 0;
    at_ = At::away;
    status_->trouble(text);
    step_timer_.start(back_off_.failed(loop_.now()), [this] { connect(); });
    std::vector<std::uint64_t> waiting;
    for (const auto& [number, question] : questions_) waiting.push_back(number);
    for (const std::uint64_t number : waiting) answer(number, fail(Errc::unavailable, text));
}

LdapClient::LdapClient(net::Loop& loop, LdapSettings settings, LdapServers servers, std::shared_ptr<SourceStatus> status,
                       std::chrono::milliseconds apart)
    : parts_(std::make_unique<Parts>(loop, std::move(settings), std::move(servers), std::move(status), apart)) {}
LdapClient::~LdapClient() = default;

void LdapClient::start() { parts_->connect(); }
void LdapClient::search(LdapSearch search, Done done) { parts_->search(std::move(search), std::move(done)); }
bool LdapClient::is_ready() const noexcept { return parts_->is_ready(); }
bool LdapClient::may_be_asked() const noexcept { return parts_->may_be_asked(); }

}  // namespace exota::directory
