// dkim and arc of `exota eval`: a message and a zone in, results out. Without `now` it is now.
//
// Tested by tests/authn.
#include "programs/eval_dkim.h"

#include <boost/json.hpp>
#include <chrono>
#include <optional>

#include "authn/message_verifier.h"
#include "base/encode.h"
#include "programs/message_reader.h"
#include "programs/mock_zone.h"

namespace exota::programs {
namespace {

namespace json = boost::json;
using base::Errc;
using base::fail;
using base::Result;

struct Input {
    std::string message;
    MockZone zone;
    std::chrono::sys_seconds now{};
    authn::VerifyLimits limits;
};

Result<void> read_limits(const json::value& given, authn::VerifyLimits& limits) {
    const json::object* members = given.if_object();
    if (members == nullptr) return fail(Errc::invalid_data, "\"limits\" must be an object");
    const std::pair<std::string_view, std::size_t*> known[] = {
        {"header_octets", &limits.header.max_octets},        {"header_fields", &limits.header.max_fields},
        {"signatures", &limits.dkim.max_signatures},         {"signature_octets", &limits.dkim.signature.max_field_octets},
        {"signature_tags", &limits.dkim.signature.max_tags}, {"signed_names", &limits.dkim.signature.max_signed_names},
    };
    for (const auto& [key, value] : *members) {
        const std::string_view name(key.data(), key.size());
        json::error_code error;
        const auto number = value.to_number<std::uint32_t>(error);
        if (error) return fail(Errc::invalid_data, "limit \"" + std::string(name) + "\" must be a whole number");
        bool found = false;
        for (const auto& [known_name, limit] : known)
            if (known_name == name) {
                *limit = number;
                found = true;
            }
        if (!found) return fail(Errc::invalid_data, "unknown limit \"" + std::string(name) + '"');
    }
    limits.arc.signature = limits.dkim.signature;
    return {};
}

Result<Input> read_input(const json::object& in) {
    Input input;
    const json::value* message = in.if_contains("message_b64");
    if (message == nullptr || !message->is_string()) return fail(Errc::invalid_data, "\"message_b64\" must be a string");
    const json::string& encoded = message->get_string();
    auto decoded = base::base64_decode({encoded.data(), encoded.size()});
    if (!decoded) return fail(Errc::invalid_data, "\"message_b64\" is no base64");
    input.message = *std::move(decoded);
    if (const json::value* zone = in.if_contains("zone"); zone != nullptr && !zone->is_null()) {
        auto made = MockZone::from_json(*zone);
        if (!made) return std::unexpected(made.error());
        input.zone = *std::move(made);
    }
    if (const json::value* now = in.if_contains("now"); now != nullptr && !now->is_null()) {
        json::error_code error;
        const auto seconds = now->to_number<std::int64_t>(error);
        if (error || seconds < 0 || seconds > 999'999'999'999) return fail(Errc::invalid_data, "\"now\" must be seconds since 1970");
        input.now = std::chrono::sys_seconds(std::chrono::seconds(seconds));
    } else {
        input.now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    }
    if (const json::value* limits = in.if_contains("limits"); limits != nullptr && !limits->is_null())
        if (const auto read = read_limits(*limits, input.limits); !read) return std::unexpected(read.error());
    return input;
}

authn::MessageVerifier verifier_of(const Input& input, authn::MessageVerifier::Wanted wanted) {
    authn::MessageVerifier verifier(input.limits, wanted);
    const MessageParts parts = split_message(input.message);
    for (const MessageField& field : parts.fields) verifier.header_field(field.name, field.value);
    verifier.end_of_header();
    verifier.body(parts.body);
    verifier.end_of_body();
    return verifier;
}

/// Asks until nothing is pending. A check asks for finitely many names, so this ends.
template <class Check>
auto settled(const Input& input, Check check) {
    authn::Dns dns;
    authn::KeyCache keys;
    for (;;) {
        auto outcome = check(dns, input.now, keys);
        if (!outcome.pending || input.zone.answer_pending(dns) == 0) return outcome;
    }
}

std::string quoted(std::string_view text) {
    std::string out;
    base::append_json_string(out, text);
    return out;
}
std::string quoted_or_null(std::string_view text) { return text.empty() ? "null" : quoted(text); }
std::string_view word(bool value) { return value ? "true" : "false"; }

}  // namespace

Result<std::string> evaluate_dkim(const json::object& in) {
    const Result<Input> input = read_input(in);
    if (!input) return std::unexpected(input.error());
    authn::MessageVerifier verifier = verifier_of(*input, {.dkim = true, .arc = false});
    const authn::DkimOutcome outcome = settled(*input, [&](auto&... with) { return verifier.check_dkim(with...); });
    std::string out = "{\"signatures\": [";
    for (const authn::DkimSignatureResult& result : outcome.signatures) {
        if (!out.ends_with('[')) out += ", ";
        out.append("{\"sdid\": ").append(quoted_or_null(result.sdid)).append(", \"selector\": ").append(quoted_or_null(result.selector));
        out.append(", \"auid\": ").append(quoted_or_null(result.auid)).append(", \"algorithm\": ").append(quoted_or_null(result.algorithm));
        out.append(", \"result\": ")
            .append(quoted(authn::name_of(result.value)))
            .append(", \"reason\": ")
            .append(quoted_or_null(result.reason));
        out.append(", \"body_hash_ok\": ").append(result.body_hash_ok ? word(*result.body_hash_ok) : "null");
        out.append(", \"counts\": ").append(word(result.counts)).append(", \"detail\": ").append(quoted_or_null(result.detail));
        out.append(", \"key_bits\": ").append(result.key_bits != 0 ? std::to_string(result.key_bits) : "null").append("}");
    }
    return out + "], \"incomplete\": " + std::string(word(outcome.incomplete)) + '}';
}

Result<std::string> evaluate_arc(const json::object& in) {
    const Result<Input> input = read_input(in);
    if (!input) return std::unexpected(input.error());
    authn::MessageVerifier verifier = verifier_of(*input, {.dkim = false, .arc = true});
    const authn::ArcOutcome outcome = settled(*input, [&](auto&... with) { return verifier.check_arc(with...); });
    std::string sealers, instances;
    for (const authn::ArcInstance& instance : outcome.instances) {
        sealers.append(sealers.empty() ? "" : ", ").append(quoted(instance.sealer));
        instances.append(instances.empty() ? "" : ", ").append("{\"instance\": ").append(std::to_string(instance.instance));
        instances.append(", \"sealer\": ").append(quoted(instance.sealer));
        instances.append(", \"authentication_results\": ").append(quoted(instance.authentication_results)).append("}");
    }
    return "{\"cv\": " + quoted(authn::name_of(outcome.value)) + ", \"reason\": " + quoted_or_null(outcome.reason) + ", \"sealers\": [" +
           sealers + "], \"counts\": " + std::string(word(outcome.counts)) + ", \"instances\": [" + instances + "]}";
}

}  // namespace exota::programs
