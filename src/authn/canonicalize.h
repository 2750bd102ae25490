// Canonicalisation of header fields and bodies (RFC 6376 section 3.4): what is hashed instead of what travelled.
//
// Bodies pass in chunks of any size, cut anywhere; nothing is stored but a few counters. Only CRLF ends a line: a bare CR or LF is an
// octet like any other, so a body that is not in network form fails instead of meaning two things.
//
// Tested by canonicalize_test.cc and fuzz/dkim_fuzz.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace exota::authn {

enum class Canonicalization : std::uint8_t { simple, relaxed };
std::string_view name_of(Canonicalization canonicalization) noexcept;

/// Appends a header field in relaxed form (RFC 6376 section 3.4.2), without a final CRLF.
/// @param value  what stands behind the colon, folding included, without the final CRLF.
void append_relaxed_header(std::string& out, std::string_view name, std::string_view value);

/// Takes octets in order. A run is valid during the call.
class OctetSink {
public:
    virtual void take(std::string_view run) = 0;

protected:
    OctetSink() = default;
    OctetSink(const OctetSink&) = default;
    OctetSink(OctetSink&&) = default;
    OctetSink& operator=(const OctetSink&) = default;
    OctetSink& operator=(OctetSink&&) = default;
    ~OctetSink() = default;  // nobody owns a sink through this class
};

/// The canonical form of a body (RFC 6376 sections 3.4.3 and 3.4.4).
class BodyCanonicalizer {
public:
    explicit BodyCanonicalizer(Canonicalization canonicalization) noexcept : canonicalization_(canonicalization) {}

    void update(std::string_view chunk, OctetSink& sink);
    /// The end of the body; to be called once.
    void finish(OctetSink& sink);
    Canonicalization canonicalization() const noexcept { return canonicalization_; }

private:
    class Gatherer;
    void release(Gatherer& out);
    void take_undecided(char c, Gatherer& out);
    void take_tail(std::string_view run, Gatherer& out);
    void take_decided(std::string_view text, Gatherer& out);

    // What was seen and not passed on, in this order: line ends, white space, a CR.
    std::uint64_t line_ends_ = 0;
    bool wsp_ = false;
    bool cr_ = false;
    bool anything_ = false;  // something other than white space and line ends has passed
    Canonicalization canonicalization_;
};

}  // namespace exota::authn
