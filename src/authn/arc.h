// ARC chain validation (RFC 8617 section 5.2).
//
// A chain that passes says: every sealer saw what the one before it sealed, and the message is as the last sealer left it. It says
// nothing about whether a sealer tells the truth; who is trusted is decided elsewhere, from the list of sealers and what each of them
// reported. Which older ARC-Message-Signatures would still verify (oldest-pass) is not computed: nothing here depends on it.
//
// Tested by arc_test.cc, dkim_corpus_test.cc and fuzz/arc_fuzz.cc.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "authn/arc_set.h"
#include "authn/body_hash.h"
#include "authn/dkim_header.h"
#include "authn/dkim_key.h"
#include "authn/dns.h"

namespace exota::authn {

enum class ArcResult : std::uint8_t { none, pass, fail, temperror };
std::string_view name_of(ArcResult value) noexcept;

struct ArcInstance {
    std::uint32_t instance = 0;
    std::string sealer;                  // d= of the ARC-Seal, canonical
    std::string authentication_results;  // what the sealer reported: the field behind "i=N;", folding included
    friend bool operator==(const ArcInstance&, const ArcInstance&) = default;
};

struct ArcOutcome {
    ArcResult value = ArcResult::none;
    std::string reason;                  // empty for none and pass
    bool pending = false;                // ask again when the Dns knows more; value is what to say if time runs out now
    bool counts = false;                 // passes, and the newest signature leaves no room: see DkimSignatureResult, and it names From
    std::vector<ArcInstance> instances;  // from 1; empty where the sets could not be read
};

/// The state of one message's chain; message_verifier.h drives it.
class ArcVerifier {
public:
    /// The header is complete.
    void begin(const HeaderFields& header, const ArcLimits& limits, BodyHashes& bodies);
    /// Asks for the keys without waiting for the body.
    void ask_keys(Dns& dns) const;
    /// After the body. A chain that has failed is failed whatever the answers still missing would be.
    ArcOutcome check(HeaderFields& header, BodyHashes& bodies, Dns& dns, std::chrono::sys_seconds now, KeyCache& keys);

private:
    enum class Step : std::uint8_t { open, good };
    void hash_seals(HeaderFields& header);
    void settle(ArcResult value, std::string reason);

    bool settled_ = false;
    ArcSets chain_;
    ArcOutcome outcome_;
    Step message_step_ = Step::open;
    std::vector<Step> seal_steps_;
    std::vector<Sha256Digest> seal_digests_;
};

}  // namespace exota::authn
