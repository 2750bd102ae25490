// For tests: a message as text, a zone as a table, and what verification makes of them.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "authn/message_verifier.h"
#include "base/text.h"

namespace exota::authn {

/// Every line end becomes CRLF.
inline std::string crlf(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) out += '\r';
        out += text[i];
    }
    return out;
}

/// Names that are not there do not exist.
class MockDns {
public:
    MockDns& txt(std::string_view name, std::string_view record) {
        DnsAnswer& answer = answers_[base::lower(name)];
        answer.status = DnsStatus::data;
        answer.records.emplace_back(record);
        return *this;
    }
    MockDns& status(std::string_view name, DnsStatus status) {
        answers_[base::lower(name)].status = status;
        return *this;
    }
    MockDns& secure(std::string_view name) {
        answers_[base::lower(name)].secure = true;
        return *this;
    }
    /// Answers all that is pending; the number of questions.
    std::size_t answer(Dns& dns) const {
        std::size_t count = 0;
        for (DnsQuestion& question : dns.take_pending()) {
            const auto found = answers_.find(question.name);
            dns.put(std::move(question), found != answers_.end() ? found->second : DnsAnswer{.status = DnsStatus::nxdomain});
            ++count;
        }
        return count;
    }

private:
    std::map<std::string, DnsAnswer> answers_;
};

/// Feeds a message in network form (CRLF); `chunk` octets of body at a time, 0: all at once.
inline void feed(MessageVerifier& verifier, std::string_view message, std::size_t chunk = 0, const InterestIn& interest = {}) {
    while (!message.empty() && !message.starts_with("\r\n")) {
        std::size_t end = 0;
        do {
            end = message.find("\r\n", end == 0 ? 0 : end + 2);
        } while (end != std::string_view::npos && end + 2 < message.size() && base::is_wsp(message[end + 2]));
        const std::string_view field = message.substr(0, end);
        message.remove_prefix(end == std::string_view::npos ? message.size() : end + 2);
        if (const std::size_t colon = field.find(':'); colon != std::string_view::npos)
            verifier.header_field(field.substr(0, colon), field.substr(colon + 1));
    }
    verifier.end_of_header(interest);
    if (message.starts_with("\r\n")) message.remove_prefix(2);
    while (!message.empty()) {
        const std::string_view part = message.substr(0, chunk == 0 ? message.size() : chunk);
        verifier.body(part);
        message.remove_prefix(part.size());
    }
    verifier.end_of_body();
}

struct Verified {
    DkimOutcome dkim;
    ArcOutcome arc;
    std::size_t questions = 0;
};

inline Verified verify(std::string_view message, const MockDns& zone, std::int64_t now, const VerifyLimits& limits = {},
                       std::size_t chunk = 0, const InterestIn& interest = {}) {
    MessageVerifier verifier(limits);
    feed(verifier, message, chunk, interest);
    Dns dns;
    KeyCache keys;
    const std::chrono::sys_seconds time{std::chrono::seconds(now)};
    Verified verified;
    do {
        verified.dkim = verifier.check_dkim(dns, time, keys);
        verified.arc = verifier.check_arc(dns, time, keys);
        verified.questions += zone.answer(dns);
    } while (verified.dkim.pending || verified.arc.pending);
    return verified;
}

}  // namespace exota::authn
