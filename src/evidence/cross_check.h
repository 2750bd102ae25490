// Could the message's own DKIM-Signature fields have caused the results that its Authentication-Results field reports?
//
// A validator's field is text that stands where the validator would put it; it does not prove that the validator ran. OpenDKIM prints a
// decoded i= raw into its own field, and falls silent, adding and removing nothing, on a signature that it cannot read. So results count
// only where each signature is readable in form, there are not more of them than signatures, and a pass names one that could pass and
// covers the message. (docs/reference/decision.md, "What another program wrote")
//
// Tested by cross_check_test.cc.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "authn/authres.h"
#include "evidence/evidence.h"

namespace exota::evidence {

inline constexpr std::string_view signature_unreadable = "signature-unreadable";
inline constexpr std::string_view result_without_signature = "result-without-signature";
inline constexpr std::string_view signatures_not_gathered = "signatures-not-gathered";

/// Evidence of a message that was judged by own verification: its signatures were not kept, so nothing can be held against them.
inline bool were_not_gathered(const Header& header) noexcept { return header.dkim_signature_count > 0 && header.dkim_signatures.empty(); }

class CrossCheck {
public:
    /// Reads the DKIM-Signature fields in form; more of one only when a result may be of it. @param header  must outlive this.
    explicit CrossCheck(const Header& header);
    ~CrossCheck();
    CrossCheck(const CrossCheck&) = delete;
    CrossCheck& operator=(const CrossCheck&) = delete;

    /// (a) What keeps every result from counting, for people; empty: each signature and each field name is readable in form.
    const std::string& unreadable() const noexcept { return unreadable_; }

    /// (b) A field reports more results, other than none, than there are signatures.
    bool are_too_many(std::size_t results) const noexcept;

    /// (c), (d) Why a pass of this SDID does not count; empty: each signature that it may be covers the message, and one of them is
    /// acceptable. l= is taken as short: whoever reads results does not see the body.
    std::string find_objection(const authn::ResInfo& result, const mail::Domain& sdid);

private:
    struct Seen;
    std::string read();
    void examine(Seen& signature) const;
    const Header& header_;
    std::vector<Seen> signatures_;
    std::string unreadable_;
};

}  // namespace exota::evidence
