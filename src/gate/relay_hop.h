// For tests and the fuzz target: a next hop that takes mail, and fails where it is told to; and a client that reads replies.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "gate/relay_fixture.h"
#include "wire/smtp/data.h"
#include "wire/smtp/line.h"

namespace exota::gate::testing {

/// A message that a hop took.
struct TakenMail {
    std::vector<std::string> envelope;  // MAIL and RCPT lines that it took
    std::string content;                // as it came, the end of data included
    int code = 0;                       // of its reply
    bool secure = false;                // it came under TLS
};
struct HopConnection {
    smtp::LineReader lines;
    std::optional<smtp::DataReader> data;
    TakenMail message;
    std::size_t data_octets = 0, pieces = 0;
    bool secure = false;
};

class FakeHop {
public:
    using Message = TakenMail;
    enum class Fault : std::uint8_t { none, closes, closes_behind, says_421, garbage, silent, refuses_for_now, refuses, two_replies };
    static constexpr std::size_t fault_count = 9;

    bool pipelining = false, eight_bit = true;
    bool starttls = false;
    bool xoorg = false;      // announced under TLS
    bool tls_fails = false;  // every handshake
    std::string certificate = "good";
    std::optional<std::size_t> stops_reading;  // for good, behind how many pieces of a message
    Fault fault = Fault::none;
    int fault_at = 0;                            // at which of its replies, from 1
    std::optional<std::size_t> dies_in_message;  // behind how many octets of what comes behind DATA

    std::vector<Message> messages;  // whole ones

    explicit FakeHop(Relay& relay) : relay_(relay) {}

    /// Until nobody has anything to say.
    void drive() {
        for (int rounds = 0; rounds < 1000 && !relay_.closed; ++rounds) {
            if (relay_.dialling) {
                now_.emplace();
                ++connection_;
                relay_.hop_takes_all = true;
                relay_.dial_succeeds();
                reply("220 hop");
            } else if (relay_.securing) {
                if (tls_fails) {
                    relay_.far_ends(LegEnding::no_tls, "handshake failed");
                } else {
                    now_->secure = true;
                    relay_.tls_is_up(tls_with(certificate));
                }
            } else if (relay_.far_open && now_->data && stops_reading && now_->pieces++ >= *stops_reading) {
                relay_.hop_takes_all = false;
                return;
            } else if (relay_.far_open && !relay_.far.empty()) {
                take(std::exchange(relay_.far, {}));
            } else {
                return;
            }
        }
    }
    int replies() const noexcept { return replies_; }

private:
    void take(const std::string& octets) {
        std::string_view rest = octets;
        const int connection = connection_;
        while (!rest.empty() && connection == connection_ && relay_.far_open) {
            if (now_->data) {
                take_data(rest);
            } else if (const auto line = now_->lines.next(rest)) {
                must(line->fault == smtp::LineFault::none, "whole lines");
                take_line(std::string(line->text));
            }
        }
    }
    void take_line(const std::string& line) {
        if (base::istarts_with(line, "EHLO")) {
            reply(std::string("250-hop\r\n") + (starttls && !now_->secure ? "250-STARTTLS\r\n" : "") +
                  (xoorg && now_->secure ? "250-XOORG\r\n" : "") + (pipelining ? "250-PIPELINING\r\n" : "") +
                  (eight_bit ? "250-8BITMIME\r\n" : "") + "250 SIZE");
        } else if (line == "STARTTLS") {
            reply("220 go");
        } else if (line == "DATA") {
            now_->data.emplace(smtp::DataLimits{});
            now_->data_octets = 0;
            now_->message.content.clear();
            if (!reply("354 go") && now_) now_->data.reset();
        } else if (base::istarts_with(line, "MAIL")) {
            now_->message = {};
            if (reply("250 ok")) now_->message.envelope.push_back(line);
        } else if (base::istarts_with(line, "RCPT")) {
            if (reply("250 ok")) now_->message.envelope.push_back(line);
        } else {
            if (line == "RSET") now_->message = {};
            reply(line == "QUIT" ? "221 bye" : "250 ok");
        }
    }
    void take_data(std::string_view& rest) {
        if (dies_in_message && now_->data_octets + rest.size() > *dies_in_message) {
            rest = {};
            dies_in_message.reset();
            return relay_.far_ends(LegEnding::peer_closed);
        }
        const std::string_view before = rest;
        while (now_->data->next(rest)) {
        }
        const std::string_view read = before.substr(0, before.size() - rest.size());
        now_->data_octets += read.size();
        now_->message.content += read;
        if (!now_->data->ended()) return;
        must(now_->data->fault() == smtp::DataFault::none, "a message without fault");
        now_->data.reset();
        messages.push_back(now_->message);
        messages.back().code = 250;
        messages.back().secure = now_->secure;
        const std::size_t which = messages.size() - 1;
        if (!reply("250 2.0.0 queued")) messages[which].code = 0;
    }
    /// @return  whether it was the good reply, and was said.
    bool reply(std::string_view good) {
        const int connection = connection_;
        const bool faulty = ++replies_ == fault_at;
        switch (faulty ? fault : Fault::none) {
            case Fault::none:
                relay_.hop_says(std::string(good) + "\r\n");
                return connection == connection_;
            case Fault::closes:
                relay_.far_ends(LegEnding::peer_closed);
                break;
            case Fault::closes_behind:
                relay_.hop_says(std::string(good) + "\r\n");
                if (relay_.far_open && connection == connection_ && !relay_.closed) relay_.far_ends(LegEnding::peer_closed);
                return true;
            case Fault::says_421:
                relay_.hop_says("421 4.3.2 stopping\r\n");
                break;
            case Fault::garbage:
                relay_.hop_says("HTTP/1.1 400 Bad Request\r\n");
                break;
            case Fault::silent:
                relay_.late();
                break;
            case Fault::refuses_for_now:
                relay_.hop_says("451 4.0.0 later\r\n");
                break;
            case Fault::refuses:
                relay_.hop_says("550 5.0.0 never\r\n");
                break;
            case Fault::two_replies:
                relay_.hop_says(std::string(good) + "\r\n250 and more\r\n");
                return true;
        }
        return false;
    }

    Relay& relay_;
    std::optional<HopConnection> now_;
    int connection_ = 0, replies_ = 0;
};

class Client {
public:
    Client(Relay& relay, FakeHop& hop) : relay_(relay), hop_(hop) {}

    /// @param replies  that are waited for.
    /// @return         their codes; 0 where the session ended before.
    std::vector<int> say(std::string_view octets, std::size_t replies = 1) {
        relay_.say(octets);
        hop_.drive();
        std::vector<int> codes;
        for (int waits = 0; codes.size() < replies; ++waits) {
            take(codes);
            if (codes.size() >= replies || relay_.closed || waits > 50) break;
            relay_.late();
            hop_.drive();
        }
        if (codes.size() < replies && !relay_.closed) ++unanswered;
        codes.resize(replies, 0);
        return codes;
    }
    int command(std::string_view line) { return say(std::string(line) + "\r\n")[0]; }

    int unanswered = 0;  // though the session goes on

private:
    void take(std::vector<int>& codes) {
        std::string_view rest = relay_.near;
        while (rest.find("\r\n") != std::string_view::npos) {
            const std::string_view line = rest.substr(0, rest.find("\r\n"));
            rest.remove_prefix(line.size() + 2);
            if (line.size() < 4 || line[3] != '-') codes.push_back(std::stoi(std::string(line.substr(0, 3))));
        }
        relay_.near.clear();
    }

    Relay& relay_;
    FakeHop& hop_;
};

}  // namespace exota::gate::testing
