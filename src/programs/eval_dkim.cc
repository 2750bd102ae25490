// dkim and arc of `exota eval`: a message and a zone in, results out. Without `now` it is now.
//
// Tested by tests/authn.
#include "programs/eval_dkim.h"

#include <boost/json.hpp>
#include <chrono>

#include "authn/message_verifier.h"
#include "base/joined.h"
#include "mail/header_block.h"
#include "programs/eval_input.h"

namespace exota::programs {
namespace {

namespace json = boost::json;
using base::Result;

struct Input {
    std::string message;
    MockZone zone;
    std::chrono::sys_seconds now{};
    authn::VerifyLimits limits;
};

Result<Input> read_input(const json::object& in) {
    Input input;
    auto message = message_of(in);
    if (!message) return std::unexpected(message.error());
    input.message = *std::move(message);
    auto zone = zone_of(in);
    if (!zone) return std::unexpected(zone.error());
    input.zone = *std::move(zone);
    const auto now = now_of(in);
    if (!now) return std::unexpected(now.error());
    input.now = *now;
    authn::VerifyLimits& limits = input.limits;
    const auto read = read_limits(in, {{"header_octets", &limits.header.max_octets},
                                       {"header_fields", &limits.header.max_fields},
                                       {"signatures", &limits.dkim.max_signatures},
                                       {"signature_octets", &limits.dkim.signature.max_field_octets},
                                       {"signature_tags", &limits.dkim.signature.max_tags},
                                       {"signed_names", &limits.dkim.signature.max_signed_names}});
    if (!read) return std::unexpected(read.error());
    limits.arc.signature = limits.dkim.signature;
    return input;
}

authn::MessageVerifier verifier_of(const Input& input, authn::MessageVerifier::Wanted wanted) {
    authn::MessageVerifier verifier(input.limits, wanted);
    const mail::MessageParts parts = mail::split_message(input.message);
    for (const mail::MessageField& field : parts.fields) verifier.header_field(field.name, field.value);
    verifier.end_of_header();
    verifier.body(parts.body);
    verifier.end_of_body();
    return verifier;
}

}  // namespace

Answer evaluate_dkim(const json::object& in) {
    const Result<Input> input = read_input(in);
    if (!input) return std::unexpected(input.error());
    authn::MessageVerifier verifier = verifier_of(*input, {.dkim = true, .arc = false});
    authn::KeyCache keys;
    const authn::DkimOutcome outcome = settled(input->zone, [&](authn::Dns& dns) { return verifier.check_dkim(dns, input->now, keys); });
    std::string out = "{\"signatures\": [";
    for (const authn::DkimSignatureResult& result : outcome.signatures) {
        if (!out.ends_with('[')) out += ", ";
        out.append("{\"sdid\": ").append(quoted_or_null(result.sdid)).append(", \"selector\": ").append(quoted_or_null(result.selector));
        out.append(", \"auid\": ").append(quoted_or_null(result.auid)).append(", \"algorithm\": ").append(quoted_or_null(result.algorithm));
        out.append(", \"result\": ")
            .append(quoted(authn::name_of(result.value)))
            .append(", \"reason\": ")
            .append(quoted_or_null(result.reason));
        out.append(", \"body_hash_ok\": ").append(result.body_hash_ok ? boolean(*result.body_hash_ok) : "null");
        out.append(", \"counts\": ").append(boolean(result.counts)).append(", \"detail\": ").append(quoted_or_null(result.detail));
        out.append(", \"key_bits\": ").append(result.key_bits != 0 ? std::to_string(result.key_bits) : "null").append("}");
    }
    return out + "], \"incomplete\": " + std::string(boolean(outcome.incomplete)) + '}';
}

Answer evaluate_arc(const json::object& in) {
    const Result<Input> input = read_input(in);
    if (!input) return std::unexpected(input.error());
    authn::MessageVerifier verifier = verifier_of(*input, {.dkim = false, .arc = true});
    authn::KeyCache keys;
    const authn::ArcOutcome outcome = settled(input->zone, [&](authn::Dns& dns) { return verifier.check_arc(dns, input->now, keys); });
    const auto sealer = [](const authn::ArcInstance& instance) { return quoted(instance.sealer); };
    const auto members = [](const authn::ArcInstance& instance) {
        return "{\"instance\": " + std::to_string(instance.instance) + ", \"sealer\": " + quoted(instance.sealer) +
               ", \"authentication_results\": " + quoted(instance.authentication_results) + '}';
    };
    return "{\"cv\": " + quoted(authn::name_of(outcome.value)) + ", \"reason\": " + quoted_or_null(outcome.reason) + ", \"sealers\": [" +
           base::joined(outcome.instances, ", ", sealer) + "], \"counts\": " + std::string(boolean(outcome.counts)) + ", \"instances\": [" +
           base::joined(outcome.instances, ", ", members) + "]}";
}

}  // namespace exota::programs
