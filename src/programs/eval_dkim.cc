// dkim and arc of `exota eval`: a message and a zone in, results out. Without `now` it is now.
//
// Tested by tests/authn.
#include "programs/eval_dkim.h"

#include <boost/json.hpp>
#include <chrono>

#include "authn/message_verifier.h"
#include "mail/header_block.h"
#include "programs/eval_input.h"

namespace exota::programs {
namespace {

namespace json = boost::json;
using base::JsonArray;
using base::JsonObject;
using base::null_if_empty;
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

void add_signature(JsonArray& signatures, const authn::DkimSignatureResult& result) {
    signatures.add([&result](JsonObject& members) {
        members.add("sdid", null_if_empty(result.sdid));
        members.add("selector", null_if_empty(result.selector));
        members.add("auid", null_if_empty(result.auid));
        members.add("algorithm", null_if_empty(result.algorithm));
        members.add("result", authn::name_of(result.value));
        members.add("reason", null_if_empty(result.reason));
        members.add("body_hash_ok", result.body_hash_ok);
        members.add("counts", result.counts);
        members.add("detail", null_if_empty(result.detail));
        members.add("key_bits", result.key_bits != 0 ? std::optional(result.key_bits) : std::nullopt);
    });
}

void add_instance(JsonArray& instances, const authn::ArcInstance& instance) {
    instances.add([&instance](JsonObject& members) {
        members.add("instance", instance.instance);
        members.add("sealer", instance.sealer);
        members.add("authentication_results", instance.authentication_results);
    });
}

}  // namespace

Answer evaluate_dkim(const json::object& in) {
    const Result<Input> input = read_input(in);
    if (!input) return std::unexpected(input.error());
    authn::MessageVerifier verifier = verifier_of(*input, {.dkim = true, .arc = false});
    authn::KeyCache keys;
    const authn::DkimOutcome outcome = settled(input->zone, [&](authn::Dns& dns) { return verifier.check_dkim(dns, input->now, keys); });
    return base::json_text(
        [&outcome](JsonObject& members) {
            members.add("signatures", [&outcome](JsonArray& signatures) {
                for (const authn::DkimSignatureResult& result : outcome.signatures) add_signature(signatures, result);
            });
            members.add("incomplete", outcome.incomplete);
        },
        base::spaced_json);
}

Answer evaluate_arc(const json::object& in) {
    const Result<Input> input = read_input(in);
    if (!input) return std::unexpected(input.error());
    authn::MessageVerifier verifier = verifier_of(*input, {.dkim = false, .arc = true});
    authn::KeyCache keys;
    const authn::ArcOutcome outcome = settled(input->zone, [&](authn::Dns& dns) { return verifier.check_arc(dns, input->now, keys); });
    return base::json_text(
        [&outcome](JsonObject& members) {
            members.add("cv", authn::name_of(outcome.value));
            members.add("reason", null_if_empty(outcome.reason));
            members.add("sealers", [&outcome](JsonArray& sealers) {
                for (const authn::ArcInstance& instance : outcome.instances) sealers.add(instance.sealer);
            });
            members.add("counts", outcome.counts);
            members.add("instances", [&outcome](JsonArray& instances) {
                for (const authn::ArcInstance& instance : outcome.instances) add_instance(instances, instance);
            });
        },
        base::spaced_json);
}

}  // namespace exota::programs
