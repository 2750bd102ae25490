// A proof: factors which together suffice, written "client-cert + dkim".
//
//   proof = factor *( "+" factor )      blanks and tabs around '+' as you like; no factor twice
//
// Tested by proof_test.cc.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tenant/factor.h"

namespace exota::tenant {

inline constexpr std::size_t max_proofs = 16;

struct Proof {
    std::vector<Factor> factors;  // in the operator's order: the reply names the first missing one
    FactorSet set;
    std::string text;  // canonical: "client-cert + dkim"
    /// @return  invalid_data that names the unknown factor and the nearest known one.
    static base::Result<Proof> parse(std::string_view text);
    static Proof of(std::vector<Factor> factors);
    friend bool operator==(const Proof&, const Proof&) = default;
};

}  // namespace exota::tenant
