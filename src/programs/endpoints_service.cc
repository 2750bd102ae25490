#include "programs/endpoints_service.h"

#include <algorithm>
#include <charconv>
#include <random>
#include <utility>

#include "base/text.h"
#include "config/endpoints.h"

namespace exota::programs {
namespace {

using base::Errc;

/// Of a Retry-After field in seconds. A date (RFC 9110 section 10.2.3) says nothing to us: then the hour counts.
Seconds wait_of(std::string_view retry_after) {
    std::int64_t seconds = 0;
    const std::string_view digits = base::trim(retry_after);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
    if (error == std::errc::result_out_of_range) return longest_wait;
    if (error != std::errc{} || end != digits.data() + digits.size()) return between_questions;
    return std::clamp<Seconds>(Seconds(seconds), between_questions, longest_wait);
}

std::string minutes_until(Seconds then, Seconds now) {
    return std::to_string(std::chrono::ceil<std::chrono::minutes>(then - now).count()) + " min";
}

/// Both digits, as parse_endpoint_version takes them. An unknown one is older than none.
bool is_older(std::string_view version, std::string_view than) noexcept {
    const auto without_zeros = [](std::string_view digits) {
        return digits.substr(std::min(digits.find_first_not_of('0'), digits.size()));
    };
    version = without_zeros(version), than = without_zeros(than);
    return version.size() != than.size() ? version.size() < than.size() : version < than;
}

/// One of the two documents. Without it `answer` says why.
std::optional<std::string> fetch(const Get& get, const std::string& target, std::size_t most_octets, const ServiceQuestion& question,
                                 ServiceAnswer& answer) {
    base::Result<net::HttpAnswer> came = get(target, most_octets);
    const auto failed = [&answer](Exit exit, std::string said) {
        answer.exit = exit;
        answer.said = std::move(said);
        return std::nullopt;
    };
    if (!came) {
        const bool told = came.error().code == Errc::invalid_data || came.error().code == Errc::too_long;
        answer.asked |= told;
        return failed(told ? Exit::bad_data : Exit::unavailable, came.error().detail);
    }
    answer.asked = true;
    if (came->status == 200) return std::move(came->body);
    const std::string status = "the service answers with status " + std::to_string(came->status);
    if (came->status != 429 && came->status / 100 != 5)
        return failed(Exit::unavailable, status + (came->status / 100 == 3 ? "; it is not followed elsewhere" : ""));
    const Seconds wait = wait_of(came->retry_after);
    answer.not_before = std::max(answer.not_before, question.now + wait);
    return failed(Exit::temporary, status + "; again possible in " + minutes_until(question.now + wait, question.now));
}

}  // namespace

ServiceAnswer ask_service(const Get& get, const ServiceQuestion& question, const EndpointsState& state) {
    ServiceAnswer answer;
    // A time that lies further ahead was written by a clock that was wrong.
    const bool too_soon = state.not_before > question.now && state.not_before - question.now <= longest_wait;
    if (too_soon && !question.force && question.fetched) {
        answer.asked = true;
        answer.not_before = state.not_before;
        answer.version = state.fetched_version;
        answer.list = question.fetched;
        return answer;
    }
    if (too_soon && !question.force) {
        answer.exit = static_cast<Exit>(state.exit);
        answer.said = "the service was asked already, again in " + minutes_until(state.not_before, question.now) +
                      " (--force asks now): " + state.outcome;
        return answer;
    }
    answer.not_before = question.now + between_questions;
    const std::string id = "ClientRequestId=" + question.request_id;
    const auto document = fetch(get, "/version/" + question.instance + '?' + id, config::max_endpoint_version_octets, question, answer);
    if (!document) return answer;
    auto version = config::parse_endpoint_version(*document, question.instance);
    if (!version) {
        answer.exit = Exit::bad_data;
        answer.said = version.error().detail;
        return answer;
    }
    answer.version = *std::move(version);
    if (is_older(answer.version, state.version) && !question.force) {
        answer.exit = Exit::temporary;
        answer.said = "the service speaks of version " + answer.version + ", older than " + state.version + ", which was there already";
        return answer;
    }
    if (answer.version == state.version && !state.content.empty() && state.content == question.here && !question.force) {
        answer.said = "version " + answer.version + " is current";
        return answer;
    }
    answer.list =
        fetch(get, "/endpoints/" + question.instance + "?ServiceAreas=Exchange&" + id, config::max_endpoint_octets, question, answer);
    return answer;
}

std::string random_uuid() {
    std::random_device random;
    std::string out;
    for (int word = 0; word < 4; ++word) {
        std::uint32_t bits = random();
        if (word == 1) bits = (bits & 0xffff0fff) | 0x4000;      // version 4
        if (word == 2) bits = (bits & 0x3fffffff) | 0x80000000;  // variant (RFC 9562)
        for (int shift = 28; shift >= 0; shift -= 4) {
            out += "0123456789abcdef"[bits >> shift & 0xf];
            if (out.size() == 8 || out.size() == 13 || out.size() == 18 || out.size() == 23) out += '-';
        }
    }
    return out;
}

}  // namespace exota::programs
