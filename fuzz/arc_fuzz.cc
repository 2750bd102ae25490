// An ARC chain of any octets: no chain passes with a key that nobody signed with, sealers are numbered from 1, and the outcome says why.
#include <cstdint>
#include <string>

#include "authn/message_test_helper.h"
#include "property.h"

using namespace exota::authn;

namespace {

using exota::fuzz::require;

constexpr std::string_view record = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string message = crlf({reinterpret_cast<const char*>(data), size});
    MessageVerifier verifier{VerifyLimits{}};
    feed(verifier, message);
    Dns dns;
    KeyCache keys;
    const std::chrono::sys_seconds now{std::chrono::seconds(1'700'000'000)};
    const ArcOutcome first = verifier.check_arc(dns, now, keys);
    require(first.pending == dns.has_pending() || !first.pending);
    for (DnsQuestion& question : dns.take_pending())
        dns.put(std::move(question), {.status = DnsStatus::data, .records = {std::string(record)}});
    const ArcOutcome outcome = verifier.check_arc(dns, now, keys);
    require(!outcome.pending && outcome.value != ArcResult::pass && outcome.value != ArcResult::temperror && !outcome.counts);
    require((outcome.value == ArcResult::none) == outcome.reason.empty());
    require(outcome.instances.size() <= max_arc_instance);
    for (std::size_t i = 0; i < outcome.instances.size(); ++i) {
        require(outcome.instances[i].instance == i + 1 && !outcome.instances[i].sealer.empty());
        const auto parsed = parse_arc_results_field(" i=" + std::to_string(i + 1) + "; " + outcome.instances[i].authentication_results);
        require(parsed && parsed->instance == i + 1);
    }
    return 0;
}
