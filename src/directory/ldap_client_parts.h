// What an LdapClient keeps, apart from its header so that that one needs neither libldap nor tunnels. Private to ldap_client.cc (the
// connection) and ldap_client_questions.cc (what is asked over it).
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "directory/host_lookup.h"
#include "directory/ldap_client.h"
#include "directory/ldap_link.h"
#include "directory/ldap_tunnel.h"
#include "net/back_off.h"
#include "net/server.h"

namespace exota::directory {

/// What Active Directory does at every search at the root of a domain.
inline constexpr const char* ldap_refers = "it refers to another server, which is not asked: the base must be one that it has whole";

class LdapClient::Parts {
public:
    Parts(net::Loop& loop, LdapSettings settings, LdapServers servers, std::shared_ptr<SourceStatus> status,
          std::chrono::milliseconds apart);

    void connect();
    void search(LdapSearch search, Done done);
    bool is_ready() const noexcept { return at_ == At::ready; }
    bool may_be_asked() const noexcept { return at_ == At::ready || at_ == At::resting; }

private:
    /// resting: nobody asks, and the server does not keep such connections; whoever asks has it connected to at once.
    enum class At : std::uint8_t { away, connecting, ready, resting };
    enum class Loss : std::uint8_t { closed, given_up };  // by the server; by us
    using Clock = std::chrono::steady_clock;

    struct Question {
        LdapSearch search;
        Done done;
        Clock::time_point due, sent{};
        LdapFound found;
        bool referred = false;
        bool again = false;  // a connection was lost under it
    };

    const LdapUrl& url() const { return servers_.urls[server_]; }
    std::unique_ptr<net::Session> make_tunnel();
    void connect_to(const net::Address& address);
    void bound(const LdapOutcome& outcome);
    void probed(const LdapOutcome& outcome);
    void lost(const std::string& why, Loss loss);
    void rest(bool lived);
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
    const std::chrono::milliseconds apart_;
    Clock::time_point reconnect_at_{};  // where nobody asks

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
    bool probing_ = false;                       // after a trouble with a search, whether the server still answers …
    bool asked_nobody_ = false;                  // … and that question is under way

    std::uint64_t next_ = 0;
    std::map<std::uint64_t, Question> questions_;  // by age
    std::map<int, std::uint64_t> by_message_;      // that are under way, at most max_under_way
    std::deque<std::uint64_t> waiting_;            // for their turn, by age; some may be over
    bool watching_ = false;
    std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

}  // namespace exota::directory
