// Verifying one message while it passes: header fields, then body chunks as they come, then the checks as often as DNS needs.
//
//     header_field …  end_of_header  body …  end_of_body  check_dkim, check_arc  (pending? resolve, put, check again)
//
// Memory: the header once, up to its limit, and what relaxed canonicalisation makes of the fields that are signed. The body is hashed as
// it passes and never kept. Pure: time, answers and keys come from the caller.
//
// Tested by message_verifier_test.cc, the corpus tests of DKIM and ARC, and fuzz/dkim_fuzz.cc.
#pragma once

#include <cassert>
#include <chrono>
#include <string_view>

#include "authn/arc.h"
#include "authn/dkim.h"

namespace exota::authn {

struct VerifyLimits {
    HeaderFields::Limits header;
    DkimLimits dkim;
    ArcLimits arc;
};

class MessageVerifier {
public:
    struct Wanted {
        bool dkim = true;
        bool arc = true;
    };
    explicit MessageVerifier(const VerifyLimits& limits) : MessageVerifier(limits, Wanted{}) {}
    MessageVerifier(const VerifyLimits& limits, Wanted wanted) : limits_(limits), wanted_(wanted), header_(limits.header) {}

    /// @param name   what stands before the colon.
    /// @param value  every octet behind the colon: the leading blank (SMFIP_HDR_LEADSPC) and folding included, the final line end not.
    void header_field(std::string_view name, std::string_view value) {
        assert(stage_ == Stage::header);
        header_.add(name, value);
    }

    /// @param interest  which signing domains matter; empty: all.
    void end_of_header(const InterestIn& interest = {});

    /// True if some signature needs the body; else it need not be delivered. Behind end_of_header().
    bool wants_body() const noexcept { return bodies_.wanted(); }

    /// Notes the questions for all keys, so that they are answered while the body passes. Behind end_of_header().
    void ask_keys(Dns& dns) const;

    /// @param chunk  the next octets, lines ended by CRLF, cut anywhere.
    void body(std::string_view chunk) {
        assert(stage_ == Stage::body);
        bodies_.update(chunk);
    }
    void end_of_body();

    /// Behind end_of_body(); again with the same Dns after a pending outcome.
    DkimOutcome check_dkim(Dns& dns, std::chrono::sys_seconds now, KeyCache& keys);
    ArcOutcome check_arc(Dns& dns, std::chrono::sys_seconds now, KeyCache& keys);

    const HeaderFields& header() const noexcept { return header_; }

private:
    enum class Stage : std::uint8_t { header, body, done };
    VerifyLimits limits_;
    Wanted wanted_;
    Stage stage_ = Stage::header;
    HeaderFields header_;
    BodyHashes bodies_;
    DkimVerifier dkim_;
    ArcVerifier arc_;
};

}  // namespace exota::authn
