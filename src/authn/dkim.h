// DKIM verification (RFC 6376, with RFC 8301, 8463 and 8616).
//
// A result is pass, fail, permerror, temperror, neutral or policy (RFC 8601 section 2.7.1), each with its reason. A pass says that the
// signature is valid; whether it may authorise is a second answer (`counts`), because a valid signature can leave room for a forger: a
// body longer than l=, a second Subject that h= does not name, a key that says it is only tested.
//
// Tested by dkim_test.cc, dkim_corpus_test.cc, tests/authn/sign_verify_test.py and fuzz/dkim_fuzz.cc.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "authn/body_hash.h"
#include "authn/dkim_header.h"
#include "authn/dkim_key.h"
#include "authn/dkim_signature.h"
#include "authn/dns.h"

namespace exota::authn {

enum class DkimValue : std::uint8_t { pass, fail, permerror, temperror, neutral, policy };
std::string_view name_of(DkimValue value) noexcept;

struct DkimSignatureResult {
    DkimValue value = DkimValue::temperror;
    std::string reason;    // empty for pass
    bool pending = false;  // the key is not known yet; value is what to say if time runs out now
    bool counts = false;   // passes and leaves no room: may authorise
    std::string detail;    // why a pass does not count
    // As far as the field could be read. The SDID is canonical when the field was good, else as written: encode before showing.
    std::string sdid, auid, selector, algorithm;
    std::optional<bool> body_hash_ok;          // nullopt: not compared
    std::optional<std::uint64_t> body_octets;  // l=
    unsigned key_bits = 0;                     // 0: no usable key
    bool testing = false;                      // key says t=y
    bool secure = false;                       // key validated by DNSSEC
    friend bool operator==(const DkimSignatureResult&, const DkimSignatureResult&) = default;
};

struct DkimOutcome {
    bool pending = false;                         // ask again when the Dns knows more
    bool incomplete = false;                      // the header passed a limit: there may be signatures that are not listed
    std::vector<DkimSignatureResult> signatures;  // from the top of the header down
};

struct DkimLimits {
    std::size_t max_signatures = 20;  // evaluated; each costs at most one question. Further ones are `policy`
    SignatureLimits signature;
    std::chrono::seconds clock_skew{300};  // how far ahead of us t= may be
};

/// How much a signature of a domain matters to the caller: it may bring those first that could count, and leave out what could not.
enum class Interest : std::uint8_t { first, later, none };
using InterestIn = std::function<Interest(std::string_view sdid)>;

/// The state of one message's signatures; message_verifier.h drives it.
class DkimVerifier {
public:
    /// The header is complete. Reads the signatures and notes which body hashes they need.
    void begin(const HeaderFields& header, const DkimLimits& limits, const InterestIn& interest, BodyHashes& bodies);
    /// Asks for the keys without waiting for the body.
    void ask_keys(Dns& dns) const;
    /// After the body: settles what can be settled now. What is settled stays.
    DkimOutcome check(HeaderFields& header, BodyHashes& bodies, Dns& dns, std::chrono::sys_seconds now, KeyCache& keys);

private:
    struct Entry {
        std::size_t field = 0;  // in the header
        bool settled = false;
        std::optional<Signature> signature;
        DkimSignatureResult result;
    };
    void settle(Entry& entry, HeaderFields& header, BodyHashes& bodies, Dns& dns, std::chrono::sys_seconds now, KeyCache& keys);

    DkimLimits limits_;
    std::vector<Entry> entries_;  // from the top down
};

}  // namespace exota::authn
