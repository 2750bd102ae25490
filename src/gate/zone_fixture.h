// For tests: DNS as text, with what a validating resolver says of it.
#pragma once

#include <array>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "authn/dns.h"
#include "base/ip.h"
#include "base/text.h"

namespace exota::gate::testing {

/// Lines "NAME TYPE VALUE". A '!' behind the name: validated. "fails" and "bogus" stand for a value. A CNAME holds for every type. A
/// name that nobody has is NXDOMAIN.
class Zone {
public:
    explicit Zone(std::string_view text) {
        while (!text.empty()) {
            std::string_view line = base::take_until(text, '\n');
            if (line.empty()) continue;
            std::string_view name = base::take_until(line, ' ');
            const bool secure = name.ends_with('!');
            if (secure) name.remove_suffix(1);
            const std::string_view type = base::take_until(line, ' ');
            add(std::string(name), type, line, secure);
        }
    }

    authn::DnsAnswer answer(const authn::DnsQuestion& question) const {
        using enum authn::DnsStatus;
        std::string name = question.name;
        bool secure = true;
        for (auto alias = aliases_.find(name); alias != aliases_.end(); alias = aliases_.find(name)) {
            secure = secure && alias->second.secure;
            name = alias->second.target;
        }
        authn::DnsAnswer answer{.status = names_.contains(name) ? no_data : nxdomain};
        if (const auto found = answers_.find({name, question.type}); found != answers_.end()) answer = found->second;
        answer.secure = answer.secure && secure;
        if (name != question.name) answer.canonical_name = name;
        return answer;
    }
    /// Answers what is pending. @return false: nothing was.
    bool answer(authn::Dns& dns) const {
        const auto pending = dns.take_pending();
        for (const authn::DnsQuestion& question : pending) dns.put(question, answer(question));
        return !pending.empty();
    }

private:
    struct Alias {
        std::string target;
        bool secure;
    };

    void add(const std::string& name, std::string_view type, std::string_view value, bool secure) {
        names_[name] = true;
        if (type == "CNAME") {
            aliases_[name] = {std::string(value), secure};
            return;
        }
        authn::DnsAnswer& answer = answers_[{name, type_of(type)}];
        answer.secure = secure;
        if (value == "fails" || value == "bogus") {
            answer.status = value == "bogus" ? authn::DnsStatus::bogus : authn::DnsStatus::temporary_failure;
            return;
        }
        answer.status = authn::DnsStatus::data;
        answer.records.push_back(record(type, value));
    }
    static authn::RecordType type_of(std::string_view type) {
        using enum authn::RecordType;
        return type == "A" ? a : type == "AAAA" ? aaaa : type == "MX" ? mx : type == "TLSA" ? tlsa : type == "PTR" ? ptr : txt;
    }
    static std::string record(std::string_view type, std::string_view value) {
        if (type == "A" || type == "AAAA") {
            const auto octets = base::IpAddress::parse(value).value().octets();
            const std::string all(octets.begin(), octets.end());
            return type == "A" ? all.substr(12) : all;
        }
        if (type == "MX") {
            const int preference = std::stoi(std::string(base::take_until(value, ' ')));
            return std::string{static_cast<char>(preference >> 8), static_cast<char>(preference)} + std::string(value == "." ? "" : value);
        }
        if (type == "TLSA") {  // "3 1 1 octets"
            std::string octets;
            for (int i = 0; i < 3; ++i) octets += static_cast<char>(std::stoi(std::string(base::take_until(value, ' '))));
            return octets + std::string(value);
        }
        return std::string(value);
    }

    std::map<std::string, bool> names_;
    std::map<std::string, Alias> aliases_;
    std::map<authn::DnsQuestion, authn::DnsAnswer> answers_;
};

}  // namespace exota::gate::testing
