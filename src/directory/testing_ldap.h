// A server of LDAP for tests, which answers what it is told to, and the messages that it says.
#pragma once

#include <sys/socket.h>

#include <atomic>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "directory/ldap_frames.h"
#include "directory/testing_server.h"

namespace exota::directory::testing_ldap {

using namespace std::string_literals;

inline constexpr unsigned char bind_request = 0x60, search_request = 0x63;

/// Message numbers and lengths are of one octet, below 128.
inline std::string reply(char number, const std::string& operation) {
    const std::string content = "\x02\x01"s + number + operation;
    return "\x30"s + static_cast<char>(content.size()) + content;
}
inline const std::string success = "\x0a\x01\x00\x04\x00\x04\x00"s;
inline std::string bound(char number) { return reply(number, "\x61\x07" + success); }
inline std::string done(char number, char code = 0) { return reply(number, "\x65\x07\x0a\x01"s + code + "\x04\x00\x04\x00"s); }
/// cn=x with a: v.
inline std::string entry(char number) {
    return reply(number, "\x64\x12\x04\x04\x63\x6e\x3d\x78\x30\x0a\x30\x08\x04\x01\x61\x31\x03\x04\x01\x76"s);
}

inline std::string tlv(char tag, const std::string& content) { return std::string{tag, static_cast<char>(content.size())} + content; }
/// With one value each.
inline std::string entry_of(char number, const std::string& dn, const std::vector<std::pair<std::string, std::string>>& attributes) {
    std::string list;
    for (const auto& [name, value] : attributes) list += tlv('\x30', tlv('\x04', name) + tlv('\x31', tlv('\x04', value)));
    return reply(number, tlv('\x64', tlv('\x04', dn) + tlv('\x30', list)));
}
/// The end of a page of a paged search (RFC 2696). @param cookie  of at most 40 octets.
inline std::string page_done(char number, const std::string& cookie, char code = 0) {
    const std::string value = tlv('\x30', "\x02\x01\x00"s + tlv('\x04', cookie));
    const std::string control = tlv('\x30', tlv('\x04', "1.2.840.113556.1.4.319") + tlv('\x04', value));
    return reply(number, "\x65\x07\x0a\x01"s + code + "\x04\x00\x04\x00"s + tlv('\xa0', control));
}

inline constexpr char probe = 2;  // the message after a bind

/// On a port of its own: each message of each connection goes to `answer` with its number, tag and octets; an empty answer is none,
/// "close" ends. The first search, for nobody, is answered for it.
class Server {
public:
    using Answer = std::function<std::string(int connection, char number, unsigned char tag, std::string_view message)>;
    /// @param answer  an Answer, or one that does not want the octets.
    /// @param probed  what is answered to the first search: nobody is there.
    template <class Function>
    explicit Server(Function answer, std::string probed = done(probe))
        : answer_(answer_of(std::move(answer))),
          probed_(std::move(probed)),
          server_([this](int client, int connection) { serve(client, connection); }) {
        url = "ldap://127.0.0.1:" + std::to_string(server_.port);
    }

    /// As one does that closes connections at rest.
    void hang_up() { server_.hang_up(); }

    std::string url;
    std::atomic<int> probes{0};  // first searches that were answered

private:
    template <class Function>
    static Answer answer_of(Function answer) {
        if constexpr (std::is_invocable_v<Function, int, char, unsigned char>)
            return [answer = std::move(answer)](int connection, char number, unsigned char tag, std::string_view) {
                return answer(connection, number, tag);
            };
        else
            return answer;
    }
    void serve(int client, int connection) {
        std::string kept;
        char octets[4096];
        for (ssize_t got; (got = ::recv(client, octets, sizeof octets, 0)) > 0;) {
            kept.append(octets, static_cast<std::size_t>(got));
            while (const auto end = end_of_message(kept)) {
                const auto first = static_cast<unsigned char>(kept[1]);
                const std::size_t header = first < 0x80 ? 2 : 2 + (first & 0x7fU);  // then 02 01 NUMBER TAG
                const char number = kept[header + 2];
                const std::string answer = number == probe ? probed_
                                                           : answer_(connection, number, static_cast<unsigned char>(kept[header + 3]),
                                                                     std::string_view(kept).substr(0, *end));
                kept.erase(0, *end);
                if (answer == "close") {
                    ::shutdown(client, SHUT_RDWR);
                    return;
                }
                testing::say(client, answer);
                probes += number == probe ? 1 : 0;
            }
        }
    }
    const Answer answer_;
    const std::string probed_;
    testing::ServerOnLoopback server_;  // the last: its threads use the others
};

}  // namespace exota::directory::testing_ldap
