// Which server, when to try again, and which question waits for what.
#include "directory/ldap_client.h"

#include <sys/socket.h>

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <random>

#include "directory/host_lookup.h"
#include "directory/ldap_link.h"
#include "directory/ldap_tunnel.h"
#include "net/back_off.h"
#include "net/server.h"

namespace exota::directory {
namespace {

using base::Errc;
using base::fail;
using namespace std::chrono_literals;

constexpr std::chrono::milliseconds first_wait = 100ms, longest_wait = 30s;
/// Searches that the server has and has not answered. libldap takes no more than a socket's buffer holds; the others wait their turn here.
constexpr std::size_t max_under_way = 64;
/// What Active Directory does at every search at the root of a domain.
constexpr const char* refers = "it refers to another server, which is not asked: the base must be one that it has whole";
/// The tunnel has no idle time-out of its own: a connection may rest for as long as the server likes.
constexpr std::chrono::milliseconds no_idle_timeout = std::chrono::hours(24 * 365 * 10);

std::uint32_t chance() {
    static thread_local std::mt19937 numbers(std::random_device{}());
    return static_cast<std::uint32_t>(numbers());
}

}  // namespace

class LdapClient::Parts {
public:
    Parts(net::Loop& loop, LdapSettings settings, LdapServers servers, std::shared_ptr<SourceStatus> status)
        : loop_(loop),
          settings_(std::move(settings)),
          servers_(std::move(servers)),
          status_(std::move(status)),
          tunnels_(loop, limits_, [this](const net::Peer&, const std::function<void()>&) { return make_tunnel(); },
                   {.idle_timeout = no_idle_timeout, .keep_waiting_interval = no_idle_timeout, .on_trouble = {}}),
          step_timer_(loop),
          question_timer_(loop),
          back_off_(first_wait, longest_wait, &chance) {}

    void connect();
    void search(LdapSearch search, Done done);
    bool is_ready() const noexcept { return at_ == At::ready; }

private:
    enum class At : std::uint8_t { away, connecting, ready };
    using Clock = std::chrono::steady_clock;

    struct Question {
        LdapSearch search;
        Done done;
        Clock::time_point due, sent{};
        LdapFound found;
        bool referred = false;
        bool again = false;  // it was under way when a connection was lost
    };

    const LdapUrl& url() const { return servers_.urls[server_]; }
    std::unique_ptr<net::Session> make_tunnel();
    void connect_to(const net::Address& address);
    void bound(const LdapOutcome& outcome);
    void probed(const LdapOutcome& outcome);
    void lost(const std::string& why);
    void cannot_connect(const std::string& why);
    base::Result<int> send_probe();
    void doubt(const std::string& why);
    void probed_again(const LdapOutcome& outcome);
    void send(std::uint64_t number);
    void send_waiting();
    void answer(std::uint64_t number, base::Result<LdapFound> result);
    void ended(int message, const LdapOutcome& outcome);
    void watch_questions();
    void look_at_questions();

    net::Loop& loop_;
    const LdapSettings settings_;
    const LdapServers servers_;
    const std::shared_ptr<SourceStatus> status_;
    net::ServerLimits limits_{64};  // one tunnel, and those that are ending
    net::Server tunnels_;
    net::Timer step_timer_, question_timer_;
    net::BackOff back_off_;

    At at_ = At::connecting;
    std::size_t server_ = 0;  // that is connected, or being connected
    std::unique_ptr<HostLookup> host_;
    std::optional<LdapRoute> route_;            // of the tunnel that is being made
    std::shared_ptr<std::string> tunnel_says_;  // why it failed
    std::unique_ptr<LdapLink> link_;
    std::uint64_t connection_ = 0;               // its number
    int bind_message_ = 0, probe_message_ = 0;   // of this link
    Clock::time_point heard_{}, ready_since_{};  // when something last came; of this link
    bool probe_referred_ = false;                // to other servers, besides what it found
    bool answered_ = false;                      // some question, on this link
    bool probing_ = false;                       // after a trouble with a search, whether the server still answers

    std::uint64_t next_ = 0;
    std::map<std::uint64_t, Question> questions_;  // by age
    std::map<int, std::uint64_t> by_message_;      // that are under way, at most max_under_way
    std::deque<std::uint64_t> waiting_;            // for their turn, by age; some may be over
    bool watching_ = false;
    std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

std::unique_ptr<net::Session> LdapClient::Parts::make_tunnel() {
    if (!route_) return nullptr;
    return std::make_unique<LdapTunnel>(
        *std::exchange(route_, std::nullopt),
        LdapTunnel::News{.opened = nullptr, .failed = [says = tunnel_says_](std::string why) { *says = std::move(why); }});
}

void LdapClient::Parts::connect() {
    at_ = back_off_.due() == Clock::time_point{} ? At::connecting : At::away;
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
                                        heard_ = Clock::now();
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
                                        heard_ = Clock::now();
                                        if (at_ == At::ready)
                                            return message == probe_message_ ? probed_again(outcome) : ended(message, outcome);
                                        if (message == bind_message_) return bound(outcome);
                                        if (message == probe_message_) return probed(outcome);
                                    },
                                .lost = [this](const std::string& why) { lost(why); }});
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
    if (outcome.referred || probe_referred_) return cannot_connect(refers);
    if (outcome.code != 0) return cannot_connect("search: " + outcome.text);
    step_timer_.cancel();
    at_ = At::ready;
    ready_since_ = Clock::now();
    answered_ = probing_ = false;
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
    step_timer_.start(back_off_.failed(Clock::now()), [this] {
        if (const auto sent = send_probe(); !sent) return lost(sent.error().detail);
        step_timer_.start(settings_.timeout, [this] { lost("it does not answer"); });
    });
}

void LdapClient::Parts::probed_again(const LdapOutcome& outcome) {
    step_timer_.cancel();
    probing_ = false;
    const bool referred = outcome.referred || probe_referred_;
    if (referred || outcome.code != 0) return doubt(referred ? refers : "search: " + outcome.text);
    status_->confirmed();
}

/// The connection is gone, whatever it was at.
void LdapClient::Parts::lost(const std::string& why) {
    const std::string says = tunnel_says_ && !tunnel_says_->empty() ? *tunnel_says_ : why;
    if (at_ != At::ready) return cannot_connect(says);
    // Who answers nothing but the first search for nobody, and goes, is no server to come back to at once.
    const bool lived = answered_ || Clock::now() - ready_since_ >= longest_wait;
    if (lived) back_off_.succeeded();
    step_timer_.cancel();
    link_.reset();
    const bool idle = by_message_.empty();
    std::vector<std::uint64_t> twice;
    for (const auto& [message, number] : std::exchange(by_message_, {})) {
        Question& question = questions_.at(number);
        if (std::exchange(question.again, true)) twice.push_back(number);
        question.found = {};
        question.referred = false;
    }
    at_ = At::connecting;
    if (!twice.empty() && !answered_) return cannot_connect(says);
    if (!twice.empty()) status_->trouble(url().text() + ": " + says);
    for (const std::uint64_t number : twice) answer(number, fail(Errc::unavailable, url().text() + ": " + says));
    server_ = 0;
    if (lived || !idle) return connect();
    step_timer_.start(back_off_.failed(Clock::now()), [this] { connect(); });
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
    step_timer_.start(back_off_.failed(Clock::now()), [this] { connect(); });
    std::vector<std::uint64_t> waiting;
    for (const auto& [number, question] : questions_) waiting.push_back(number);
    for (const std::uint64_t number : waiting) answer(number, fail(Errc::unavailable, text));
}

void LdapClient::Parts::search(LdapSearch search, Done done) {
    if (at_ == At::away) return done(fail(Errc::unavailable, status_->why()));
    if (questions_.size() >= max_questions) return done(fail(Errc::unavailable, "too many questions are under way"));
    const std::uint64_t number = ++next_;
    questions_.emplace(
        number, Question{.search = std::move(search), .done = std::move(done), .due = Clock::now() + settings_.timeout, .found = {}});
    waiting_.push_back(number);
    send_waiting();
    watch_questions();
}

void LdapClient::Parts::send_waiting() {
    while (at_ == At::ready && by_message_.size() < max_under_way && !waiting_.empty()) {
        const std::uint64_t number = waiting_.front();
        waiting_.pop_front();
        send(number);
    }
}

void LdapClient::Parts::send(std::uint64_t number) {
    const auto question = questions_.find(number);
    if (question == questions_.end()) return;
    if (const auto& page = question->second.search.page; page && !page->cookie.empty() && page->connection != connection_)
        return answer(number, fail(Errc::unavailable, url().text() + ": the connection ended between two pages"));
    const base::Result<int> message = link_->search(question->second.search, settings_.timeout);
    if (!message) {
        doubt("search: " + message.error().detail);
        return answer(number, std::unexpected(message.error()));
    }
    question->second.sent = Clock::now();
    by_message_.emplace(*message, number);
}

void LdapClient::Parts::answer(std::uint64_t number, base::Result<LdapFound> result) {
    const auto question = questions_.find(number);
    if (question == questions_.end()) return;
    Done done = std::move(question->second.done);
    questions_.erase(question);
    done(std::move(result));
}

void LdapClient::Parts::ended(int message, const LdapOutcome& outcome) {
    const auto under_way = by_message_.find(message);
    if (under_way == by_message_.end()) return;
    const std::uint64_t number = under_way->second;
    by_message_.erase(under_way);
    Question& question = questions_.at(number);
    constexpr int size_limit_exceeded = 4;
    const bool paged = question.search.page.has_value();
    // We set that limit, but for pages: it is told by who has more than we want.
    if (outcome.code == size_limit_exceeded && !paged && !question.found.entries.empty()) question.found.more = true;
    answered_ = true;
    const bool is_end = outcome.code == 0 || (question.found.more && !paged);
    question.found.cookie = outcome.cookie.value_or("");
    question.found.connection = connection_;
    if (question.referred || outcome.referred) {
        doubt(refers);
        answer(number, fail(Errc::invalid_data, status_->why()));
    } else if (!is_end || (paged && !outcome.cookie)) {  // whoever says nothing of pages may have given any part
        doubt("search: " + (is_end ? "it says nothing of pages" : outcome.text));
        answer(number, fail(Errc::invalid_data, status_->why()));
    } else {
        back_off_.succeeded();
        status_->confirmed();
        answer(number, std::move(question.found));
    }
    send_waiting();
}

/// All questions may take the same time, so the oldest is due first.
void LdapClient::Parts::watch_questions() {
    if (watching_ || questions_.empty()) return;
    watching_ = true;
    question_timer_.start(std::max<Clock::duration>(questions_.begin()->second.due - Clock::now(), 1ms), [this] {
        watching_ = false;
        look_at_questions();
    });
}

void LdapClient::Parts::look_at_questions() {
    const auto now = Clock::now();
    bool silent = false;
    std::vector<std::uint64_t> late;
    for (const auto& [number, question] : questions_) {
        if (question.due > now) break;
        late.push_back(number);
        // Nothing at all came since it was sent: not slow, but gone.
        silent = silent || (question.sent != Clock::time_point{} && heard_ < question.sent);
    }
    std::erase_if(by_message_, [&](const auto& under_way) {
        if (std::ranges::find(late, under_way.second) == late.end()) return false;
        if (link_) link_->abandon(under_way.first);
        return true;
    });
    if (!late.empty() && !silent && at_ == At::ready) doubt("no answer within the time allowed");
    for (const std::uint64_t number : late) answer(number, fail(Errc::timeout, url().text() + ": no answer within the time allowed"));
    if (silent && at_ == At::ready) lost("it does not answer");
    send_waiting();
    watch_questions();
}

LdapClient::LdapClient(net::Loop& loop, LdapSettings settings, LdapServers servers, std::shared_ptr<SourceStatus> status)
    : parts_(std::make_unique<Parts>(loop, std::move(settings), std::move(servers), std::move(status))) {}
LdapClient::~LdapClient() = default;

void LdapClient::start() { parts_->connect(); }
void LdapClient::search(LdapSearch search, Done done) { parts_->search(std::move(search), std::move(done)); }
bool LdapClient::is_ready() const noexcept { return parts_->is_ready(); }

}  // namespace exota::directory
