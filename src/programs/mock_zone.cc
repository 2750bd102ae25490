// Mock zones.
//
// Tested by mock_zone_test.cc.
#include "programs/mock_zone.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/ip.h"
#include "base/text.h"

namespace exota::programs {
namespace {

namespace json = boost::json;
using authn::DnsAnswer;
using authn::DnsStatus;
using authn::RecordType;
using base::Errc;
using base::fail;
using base::Result;

constexpr int max_aliases = 10;

std::string_view text_of(const json::value& value) {
    const json::string& text = value.get_string();
    return {text.data(), text.size()};
}

std::string canonical(std::string_view name) {
    if (name.ends_with('.')) name.remove_suffix(1);
    return base::lower(name);
}

std::optional<DnsStatus> failure_of(const json::value& value) {
    if (!value.is_string()) return std::nullopt;
    const std::string_view word = text_of(value);
    if (word == "TIMEOUT" || word == "SERVFAIL") return DnsStatus::temporary_failure;
    if (word == "BOGUS") return DnsStatus::bogus;
    return std::nullopt;
}

std::optional<RecordType> type_of(std::string_view word) {
    constexpr std::pair<std::string_view, RecordType> types[] = {
        {"TXT", RecordType::txt}, {"A", RecordType::a},   {"AAAA", RecordType::aaaa}, {"MX", RecordType::mx},
        {"PTR", RecordType::ptr}, {"NS", RecordType::ns}, {"TLSA", RecordType::tlsa}, {"CNAME", RecordType::cname}};
    for (const auto& [name, type] : types)
        if (name == word) return type;
    return std::nullopt;
}

/// One record as DnsAnswer::records has it.
std::optional<std::string> record_of(RecordType type, const json::value& value) {
    if (type == RecordType::mx) {
        const json::array* pair = value.if_array();
        if (pair == nullptr || pair->size() != 2 || !(*pair)[1].is_string()) return std::nullopt;
        json::error_code error;
        const auto preference = (*pair)[0].to_number<std::uint16_t>(error);
        if (error) return std::nullopt;
        return std::string{static_cast<char>(preference >> 8), static_cast<char>(preference & 0xff)} + canonical(text_of((*pair)[1]));
    }
    if (type == RecordType::txt && value.is_array()) {
        std::string joined;
        for (const json::value& part : value.get_array()) {
            if (!part.is_string()) return std::nullopt;
            joined += text_of(part);
        }
        return joined;
    }
    if (!value.is_string()) return std::nullopt;
    const std::string_view text = text_of(value);
    if (type == RecordType::txt || type == RecordType::tlsa) return std::string(text);
    if (type == RecordType::a || type == RecordType::aaaa) {
        const auto address = base::IpAddress::parse(text);
        if (!address || address->is_v4() != (type == RecordType::a)) return std::nullopt;
        const auto& octets = address->octets();
        const std::size_t skip = type == RecordType::a ? 12 : 0;
        return std::string(octets.begin() + static_cast<std::ptrdiff_t>(skip), octets.end());
    }
    return canonical(text);
}

}  // namespace

Result<MockZone> MockZone::from_json(const json::value& zone) {
    MockZone made;
    if (!zone.is_object()) return fail(Errc::invalid_data, "zone is no object");
    for (const auto& [key, entries] : zone.get_object()) {
        const std::string name = canonical({key.data(), key.size()});
        const auto wrong = [&name](std::string_view what) { return fail(Errc::invalid_data, "zone: " + name + ": " + std::string(what)); };
        Name& here = made.names_[name];
        if (const auto failure = failure_of(entries)) {
            here.otherwise = failure;
            continue;
        }
        if (!entries.is_array()) return wrong("neither a list nor TIMEOUT, SERVFAIL, BOGUS");
        for (const json::value& entry : entries.get_array()) {
            if (const auto failure = failure_of(entry)) {
                here.otherwise = failure;
                continue;
            }
            const json::object* record = entry.if_object();
            if (record == nullptr || record->size() != 1) return wrong("an entry is neither one record nor TIMEOUT, SERVFAIL, BOGUS");
            const auto& [word, value] = *record->begin();
            const auto type = type_of({word.data(), word.size()});
            if (word == "SPF") continue;  // type 99: nobody asks for it any more (RFC 7208 section 3.1)
            if (!type) return wrong("unknown record type");
            DnsAnswer& answer = here.answers[*type];
            if (const auto failure = *type == RecordType::txt ? std::nullopt : failure_of(value)) {
                answer.status = *failure;
                continue;
            }
            auto data = record_of(*type, value);
            if (!data) return wrong("a record's data are wrong");
            if (*type == RecordType::cname) here.alias = *data;
            answer.status = DnsStatus::data;
            answer.records.push_back(*std::move(data));
        }
    }
    return made;
}

Result<MockZone> MockZone::parse(std::string_view text) {
    json::error_code error;
    const json::value zone = json::parse(json::string_view(text.data(), text.size()), error);
    if (error) return fail(Errc::invalid_data, "zone is no JSON: " + error.message());
    return from_json(zone);
}

DnsAnswer MockZone::answer(const authn::DnsQuestion& question) const {
    std::string name = canonical(question.name);
    for (int aliases = 0; aliases <= max_aliases; ++aliases) {
        const auto found = names_.find(name);
        if (found == names_.end()) return {.status = DnsStatus::nxdomain};
        const Name& here = found->second;
        if (const auto answer = here.answers.find(question.type); answer != here.answers.end()) return answer->second;
        if (here.alias.empty()) return {.status = here.otherwise.value_or(DnsStatus::no_data)};
        name = here.alias;
    }
    return {.status = DnsStatus::temporary_failure};  // a loop of aliases, as a resolver tells it
}

std::size_t MockZone::answer_pending(authn::Dns& dns) const {
    std::size_t count = 0;
    for (authn::DnsQuestion& question : dns.take_pending()) {
        authn::DnsAnswer found = answer(question);
        dns.put(std::move(question), std::move(found));
        ++count;
    }
    return count;
}

}  // namespace exota::programs
