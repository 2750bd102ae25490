// SPF: may this address send for this domain? check_host of RFC 7208.
//
// Asks DNS by value (dns.h): while something is not known the result is pending; call again when it is.
// Void look-ups (section 4.6.4: SHOULD stop at two) are counted for the names that the record's owner wrote: a, mx, exists and the
// addresses of MX hosts. Those of `ptr` and %{p} are not: which names the client's address claims, and whether these exist, is in the hands
// of who sends. Counted, they would let a stranger turn the `fail` that a domain asks for into a `permerror`, as RFC 7208 itself says of
// more than ten PTR names, which are ignored and no error. They stay bounded all the same: one PTR question and ten addresses for a
// message, since an answer is asked for once.
//
// Tested by spf_test.cc, spf_corpus_test.cc (the suites of RFC 7208 and RFC 4408) and fuzz/spf_fuzz.cc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "authn/dns.h"
#include "base/ip.h"

namespace exota::authn {

enum class SpfValue : std::uint8_t { none, neutral, pass, fail, softfail, temperror, permerror };
std::string_view name_of(SpfValue value) noexcept;

struct SpfLimits {
    int lookups = 10;      // terms that ask DNS (section 4.6.4)
    int void_lookups = 2;  // of them that find nothing, those of `ptr` left out
    int names = 10;        // of one MX or PTR answer
};

struct SpfQuery {
    base::IpAddress ip;
    std::string helo;
    std::string mail_from;             // without brackets; empty: the null sender, so HELO is checked
    std::string receiver = "unknown";  // %{r}
    std::int64_t now = 0;              // %{t}, seconds
    bool want_explanation = false;     // of exp=, costs a look-up
};

struct SpfResult {
    bool pending = false;  // some answer is missing: resolve Dns::take_pending() and call again
    SpfValue value = SpfValue::none;
    std::string domain;       // the one that was checked: of MAIL FROM, or HELO
    std::string detail;       // the mechanism that matched, or what is wrong
    std::string explanation;  // exp=, expanded; empty: the record gives none
    int lookups = 0;
    int void_lookups = 0;
};

/// Sections 2.3, 2.4 and 4: MAIL FROM, or HELO with the local part "postmaster" when the sender is null.
SpfResult check_spf(const SpfQuery& query, Dns& dns, const SpfLimits& limits = {});

}  // namespace exota::authn
