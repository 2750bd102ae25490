// A recipient's address as lists of recipients compare it: one canonical form of the local part and of the domain.
//
// Tested by recipient_list_test.cc and fuzz/recipient_file_fuzz.cc.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace exota::tenant {

/// Of an address in canonical form (RFC 5321 section 4.5.3.1.3: a path has 256 octets with its brackets).
inline constexpr std::size_t max_recipient_octets = 254;

/// How recipients are compared.
struct RecipientRules {
    char delimiter = '+';   // what follows it in a local part is an extension; '\0': there are none
    bool fold_case = true;  // ASCII letters of a local part count alike
};

/// "john+list@example.com", canonical.
class RecipientName {
public:
    /// @param address  as of a RCPT command, without angle brackets: `john@example.com`, `"john smith"@EXAMPLE.com`. Quotes that are not
    ///                 needed make no difference. "Postmaster" alone is one, of no domain.
    /// @return  invalid_data (no address, or one at an address literal) or too_long.
    static base::Result<RecipientName> parse(std::string_view address, const RecipientRules& rules);

    /// The whole of it.
    std::string_view text() const noexcept { return text_; }
    std::string_view local_part() const noexcept { return std::string_view(text_).substr(0, at_); }
    /// Empty of "postmaster".
    std::string_view domain() const noexcept { return at_ == text_.size() ? std::string_view{} : std::string_view(text_).substr(at_ + 1); }
    /// With the '@'.
    std::string_view at_domain() const noexcept { return std::string_view(text_).substr(at_); }
    /// The local part without its extension; all of it where it has none.
    std::string_view without_extension(const RecipientRules& rules) const noexcept;
    /// RFC 5321 section 4.5.1: it always exists, in any letter case, and with any extension.
    bool is_postmaster(const RecipientRules& rules) const noexcept;

    /// The entries by any of which a list knows it: the address, without its extension, any of its domain. Two or three, none empty.
    std::vector<std::string> entries(const RecipientRules& rules) const;

private:
    RecipientName(std::string text, std::size_t at) noexcept : text_(std::move(text)), at_(at) {}
    std::string text_;
    std::size_t at_;  // of the '@'; the text's end: there is no domain
};

}  // namespace exota::tenant
