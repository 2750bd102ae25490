// Domain names: from what people and programs write to the one form that is compared.
//
// Nearly every name is plain ASCII: one pass checks and lowers it while copying, with no call of libidn2. Only a name with UTF-8 or
// with an A-label ("xn--…") needs IDNA. An A-label must be what its U-label encodes to: a label that some readers decode to another
// name is refused, and so are characters that readers drop or take for a dot.
//
// Tested by domain_test.cc and fuzz/from_fuzz.cc.
#include "mail/domain.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <utility>

#include <idn2.h>

#include "base/octets.h"
#include "base/text.h"
#include "base/utf8.h"
#include "mail/is_domain.h"

namespace exota::mail {
namespace {

using base::Errc;
using base::fail;
using base::Result;

/// What a name may be written with before IDNA; a UTF-8 name of 253 A-label octets is never longer than this.
constexpr std::size_t max_written_octets = 4 * Domain::max_octets;

/// For each octet its canonical form: itself, the small letter, '.' for a dot, or 0 for what no ASCII name has.
constexpr std::array<char, 256> canonical_octets = [] {
    std::array<char, 256> table{};
    for (int c = 0; c < 128; ++c) {
        const char letter = static_cast<char>(c);
        if (base::is_alnum(letter) || letter == '-' || letter == '_' || letter == '.')
            table[static_cast<std::size_t>(c)] = base::to_lower(letter);
    }
    return table;
}();

/// Eight octets at a time; the last look overlaps the one before.
bool is_ascii(std::string_view text) noexcept {
    std::uint64_t all = 0;
    if (text.size() < 8) {
        for (const char c : text) all |= static_cast<unsigned char>(c);
    } else {
        for (std::size_t at = 0; at + 8 < text.size(); at += 8) all |= base::first_octets(text.substr(at));
        all |= base::first_octets(text.substr(text.size() - 8));
    }
    return (all & 0x8080808080808080) == 0;
}

/// Code points that UTS 46 maps to nothing or to a dot: some readers see them, some do not.
bool has_vanishing_or_dot_like(std::string_view utf8) noexcept {
    for (std::size_t i = 0; i + 1 < utf8.size(); ++i) {
        const auto octet = [&](std::size_t at) { return i + at < utf8.size() ? static_cast<unsigned char>(utf8[i + at]) : 0U; };
        const unsigned two = octet(0) << 8 | octet(1);
        const unsigned three = two << 8 | octet(2);
        if (two == 0xC2AD || two == 0xCD8F) return true;                               // U+00AD soft hyphen, U+034F grapheme joiner
        if (three == 0xE38082 || three == 0xEFBC8E || three == 0xEFBDA1) return true;  // U+3002, U+FF0E, U+FF61: full stops
        if (three >= 0xE2808B && three <= 0xE2808F && three != 0xE2808C && three != 0xE2808D) return true;  // U+200B, U+200E, U+200F
        if (three >= 0xE281A0 && three <= 0xE281AF) return true;                                            // U+2060 to U+206F
        if (three >= 0xE1A08B && three <= 0xE1A08F) return true;                                            // U+180B to U+180F
        if (three >= 0xEFB880 && three <= 0xEFB88F) return true;  // U+FE00 to U+FE0F variation selectors
        if (three == 0xEFBBBF) return true;                       // U+FEFF
    }
    return false;
}

/// UTS 46 made "ss" of it before version 15.1 and "ß" since: two names.
constexpr std::string_view capital_sharp_s = "\u1E9E";

struct Idn2Free {
    void operator()(char* text) const noexcept { idn2_free(text); }
};
using Idn2Text = std::unique_ptr<char, Idn2Free>;

/// UTF-8 without NUL to A-labels.
Result<std::string> to_ascii(const std::string& utf8) {
    char* output = nullptr;
    const int code = idn2_to_ascii_8z(utf8.c_str(), &output, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    const Idn2Text owner(output);
    if (code != IDN2_OK) return fail(Errc::invalid_data, std::string("domain is no internationalised name: ") + idn2_strerror(code));
    return std::string(output);
}

/// Every A-label of a canonical name is one that its U-label encodes to (RFC 5890 section 2.3.2.1).
Result<void> check_a_labels(const std::string& canonical) {
    char* output = nullptr;
    const int code = idn2_to_unicode_8z8z(canonical.c_str(), &output, 0);
    const Idn2Text owner(output);
    if (code != IDN2_OK) return fail(Errc::invalid_data, std::string("domain has a bad xn-- label: ") + idn2_strerror(code));
    const std::string unicode(output);
    if (has_vanishing_or_dot_like(unicode)) return fail(Errc::invalid_data, "domain has a bad xn-- label: it hides characters");
    const Result<std::string> again = to_ascii(unicode);
    if (!again || *again != canonical)
        return fail(Errc::invalid_data, "domain has a bad xn-- label: its decoded form encodes to another name");
    return {};
}

/// An ASCII name without final dot, checked and lowered.
class AsciiName {
public:
    Result<void> read(std::string_view text) {
        if (text.empty()) return fail(Errc::invalid_data, "domain is empty");
        if (text.size() > Domain::max_octets) return fail(Errc::too_long, "domain of more than 253 octets");
        std::size_t label = 0;
        for (std::size_t i = 0; i < text.size(); ++i) {
            const char c = octets_[i] = canonical_octets[static_cast<unsigned char>(text[i])];
            if (c > '.') [[likely]]
                continue;
            if (c == '\0')
                return fail(Errc::invalid_data,
                            text[i] == '[' ? "an address literal is no domain" : "domain has a character that no domain name has");
            if (c == '-') continue;
            if (const std::string_view fault = take_label(label, i); !fault.empty()) return refuse(fault);
            label = i + 1;
        }
        size_ = text.size();
        if (const std::string_view fault = take_label(label, size_); !fault.empty()) return refuse(fault);
        if (std::ranges::all_of(this->text().substr(label), base::is_digit))
            return fail(Errc::invalid_data, "domain ends with a label of digits only");
        return {};
    }

    std::string_view text() const noexcept { return {octets_.data(), size_}; }
    /// A label begins with "xn--".
    bool has_a_labels() const noexcept { return a_labels_; }

private:
    static constexpr std::string_view label_too_long = "domain has a label of more than 63 octets";
    static Result<void> refuse(std::string_view fault) {
        return fail(fault == label_too_long ? Errc::too_long : Errc::invalid_data, fault);
    }
    /// @return what is wrong with the label, or empty.
    std::string_view take_label(std::size_t begin, std::size_t end) noexcept {
        const std::string_view label(octets_.data() + begin, end - begin);
        if (label.empty()) return "domain has an empty label";
        if (label.size() > Domain::max_label_octets) return label_too_long;
        if (label.front() == '-' || label.back() == '-') return "domain has a label that begins or ends with a hyphen";
        a_labels_ = a_labels_ || label.starts_with("xn--");
        return {};
    }

    std::array<char, Domain::max_octets> octets_;  // of which size_ are set
    std::size_t size_ = 0;
    bool a_labels_ = false;
};

std::string_view without_final_dot(std::string_view text) noexcept { return text.ends_with('.') ? text.substr(0, text.size() - 1) : text; }

/// An ASCII name with its A-labels checked.
Result<void> read_checked(std::string_view text, AsciiName& name) {
    if (Result<void> read = name.read(text); !read) return read;
    return name.has_a_labels() ? check_a_labels(std::string(name.text())) : Result<void>{};
}

}  // namespace

Result<Domain> Domain::parse(std::string_view text) {
    const std::string_view name = without_final_dot(text);
    AsciiName canonical;
    if (is_ascii(name)) [[likely]] {
        if (Result<void> read = read_checked(name, canonical); !read) return std::unexpected(std::move(read.error()));
        return Domain(std::string(canonical.text()));
    }
    if (name.size() > max_written_octets) return fail(Errc::too_long, "domain of more than 253 octets");
    if (!base::is_utf8(name)) return fail(Errc::invalid_data, "domain is not UTF-8");
    if (name.find('\0') != std::string_view::npos) return fail(Errc::invalid_data, "domain has a character that no domain name has");
    if (has_vanishing_or_dot_like(name)) return fail(Errc::invalid_data, "domain has a character that some readers drop or take for a dot");
    if (name.find(capital_sharp_s) != std::string_view::npos)
        return fail(Errc::invalid_data, "domain has a capital sharp s, which is another name to newer readers");
    const Result<std::string> ascii = to_ascii(std::string(name));
    if (!ascii) return std::unexpected(ascii.error());
    if (Result<void> read = canonical.read(*ascii); !read) return std::unexpected(std::move(read.error()));
    if (const Result<void> checked = check_a_labels(std::string(canonical.text())); !checked) return std::unexpected(checked.error());
    return Domain(std::string(canonical.text()));
}

bool is_domain(std::string_view text) {
    const std::string_view name = without_final_dot(text);
    AsciiName canonical;
    return is_ascii(name) ? read_checked(name, canonical).has_value() : Domain::parse(text).has_value();
}

std::string_view Domain::parent() const noexcept { return parent_of(text_); }

bool Domain::is_below(const Domain& other) const noexcept {
    return text_.size() > other.text_.size() && text_.ends_with(other.text_) && text_[text_.size() - other.text_.size() - 1] == '.';
}

}  // namespace exota::mail
