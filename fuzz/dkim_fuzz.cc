// A message of any octets: results do not depend on how the body is cut; nothing passes with a key that nobody signed with; canonical
// forms are their own canonical forms; a signature that cannot be read says why.
#include <cstdint>
#include <string>

#include "authn/message_test_helper.h"
#include "property.h"

using namespace exota::authn;

namespace {

using exota::fuzz::require;

struct Gather final : OctetSink {
    void take(std::string_view run) override { text += run; }
    std::string text;
};

std::string body_form(std::string_view body, Canonicalization form, std::size_t cut) {
    BodyCanonicalizer canonicalizer(form);
    Gather out;
    canonicalizer.update(body.substr(0, cut), out);
    canonicalizer.update(body.substr(cut), out);
    canonicalizer.finish(out);
    return out.text;
}

constexpr std::string_view record =
    "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";  // RFC 8463 appendix A.2: nobody's secret, but not the fuzzer's

struct AnyName {
    static void answer(Dns& dns) {
        for (DnsQuestion& question : dns.take_pending())
            dns.put(std::move(question), {.status = DnsStatus::data, .records = {std::string(record)}});
    }
};

DkimOutcome outcome_of(std::string_view message, std::size_t chunk) {
    MessageVerifier verifier{VerifyLimits{}};
    feed(verifier, message, chunk);
    Dns dns;
    KeyCache keys;
    const std::chrono::sys_seconds now{std::chrono::seconds(1'700'000'000)};
    DkimOutcome outcome = verifier.check_dkim(dns, now, keys);
    AnyName::answer(dns);
    outcome = verifier.check_dkim(dns, now, keys);
    require(!outcome.pending);
    return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    const std::size_t chunk = data[0];
    const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);

    const std::size_t cut = text.empty() ? 0 : chunk % (text.size() + 1);
    for (const Canonicalization form : {Canonicalization::simple, Canonicalization::relaxed}) {
        const std::string whole = body_form(text, form, text.size());
        require(body_form(text, form, cut) == whole);
        require(body_form(whole, form, whole.size()) == whole);
    }
    std::string once, twice;
    append_relaxed_header(once, text.substr(0, cut), text.substr(cut));
    append_relaxed_header(twice, once.substr(0, once.find(':')), std::string_view(once).substr(once.find(':') + 1));
    // A name has no colon; a line end that is no fold is left alone and may look like one afterwards.
    if (text.substr(0, cut).find(':') == std::string_view::npos && once.find_first_of("\r\n") == std::string::npos) require(once == twice);

    const std::string message = crlf(text);
    const DkimOutcome all = outcome_of(message, 0), chunked = outcome_of(message, chunk == 0 ? 1 : chunk);
    require(all.signatures == chunked.signatures);
    for (const DkimSignatureResult& result : all.signatures) {
        require(!result.counts || result.value == DkimValue::pass);
        require(result.value == DkimValue::pass ? result.reason.empty() : !result.reason.empty());
        require(result.value != DkimValue::pass);  // no seed is the one message of this key that exists
    }
    return 0;
}
