// Results against signatures.
//
// Tested by cross_check_test.cc.
#include "evidence/cross_check.h"

#include <algorithm>
#include <optional>

#include "authn/dkim_form.h"
#include "authn/dkim_signature.h"
#include "base/octets.h"
#include "base/text.h"
#include "mail/single_field.h"
#include "mail/unfold.h"

namespace exota::evidence {
namespace {

/// Whether the text begins so when its white space is taken out.
bool begins_without_blanks(std::string_view text, std::string_view beginning) noexcept {
    for (std::size_t at = 0; !beginning.empty(); ++at) {
        if (at == text.size()) return false;
        if (base::is_wsp(text[at])) continue;
        if (text[at] != beginning.front()) return false;
        beginning.remove_prefix(1);
    }
    return true;
}

/// (d) What a signature of these tags leaves unsigned; empty: nothing.
std::string find_gap(const Header& header, const authn::TagList& tags) {
    if (tags.find("l") != nullptr) return "the signature has l=, so it may cover a part of the body only";
    for (const RepeatedField& repeated : header.repeated_fields) {
        std::size_t covered = 0;
        authn::for_each_item(*tags.value("h"), [&](std::string_view name) {
            covered += base::same_name(name, repeated.name) ? 1 : 0;
            return true;
        });
        if (repeated.values.size() < repeated.count || mail::leaves_a_value_unsigned(repeated.values, covered))
            return std::to_string(repeated.count) + ' ' + repeated.name + " fields, h= covers " + std::to_string(covered);
    }
    return {};
}

}  // namespace

struct CrossCheck::Seen {
    std::string line;  // what the tags view into
    std::optional<authn::SignatureForm> form;
    // Once examined:
    bool examined = false;
    std::string gap;           // what it leaves unsigned
    std::string unacceptable;  // why no verifier that keeps to the rules passes it
};

CrossCheck::CrossCheck(const Header& header) : header_(header), unreadable_(read()) {}

std::string CrossCheck::read() {
    if (header_.unreadable_field_name) return "a field name is empty or has 8-bit or control octets";
    if (were_not_gathered(header_)) return std::string(signatures_not_gathered);
    if (header_.dkim_signatures.size() < header_.dkim_signature_count) return "not every DKIM-Signature was kept";
    signatures_.reserve(header_.dkim_signatures.size());  // the views stay where their lines are
    for (const std::string& value : header_.dkim_signatures) {
        Seen& seen = signatures_.emplace_back();
        seen.line = mail::unfold(value);
        base::Result<authn::SignatureForm> form = authn::read_signature_form(seen.line);
        if (!form) return "DKIM-Signature field " + std::to_string(signatures_.size()) + ": " + form.error().detail;
        seen.form = *std::move(form);
    }
    return {};
}

/// What costs time and is asked of few.
void CrossCheck::examine(Seen& signature) const {
    const authn::SignatureLimits limits;
    const authn::TagList& tags = signature.form->tags;
    const std::string& written = header_.dkim_signatures[static_cast<std::size_t>(&signature - signatures_.data())];
    signature.examined = true;
    signature.gap = find_gap(header_, tags);
    if (written.size() > limits.max_field_octets || tags.tags().size() > limits.max_tags)
        signature.unacceptable = "the signature is above our limits";
    else if (const auto checked = authn::check_signature_terms(tags, signature.form->sdid, limits); !checked)
        signature.unacceptable = checked.error().detail;
}

CrossCheck::~CrossCheck() = default;

bool CrossCheck::are_too_many(std::size_t results) const noexcept { return results > signatures_.size(); }

std::string CrossCheck::find_objection(const authn::ResInfo& result, const mail::Domain& sdid) {
    const auto names = [&result](const authn::TagList& tags) {
        return std::ranges::all_of(result.properties, [&tags](const authn::Property& p) {
            if (p.property.size() != 1 || !base::is_name(p.ptype, "header")) return true;
            if (base::is_name(p.property, "s")) return base::same_name(p.pvalue, *tags.value("s"));
            return !base::is_name(p.property, "b") || begins_without_blanks(*tags.value("b"), p.pvalue);
        });
    };
    // A validator may be laxer than we are (rsa-sha1), so what an unacceptable signature leaves unsigned counts as well.
    const Seen* acceptable = nullptr;
    const Seen* unacceptable = nullptr;
    for (Seen& signature : signatures_) {
        if (!signature.form || signature.form->sdid != sdid || !names(signature.form->tags)) continue;
        if (!signature.examined) examine(signature);
        if (!signature.gap.empty()) return signature.gap;
        (signature.unacceptable.empty() ? acceptable : unacceptable) = &signature;
    }
    if (acceptable != nullptr) return {};
    return unacceptable != nullptr ? unacceptable->unacceptable : std::string(result_without_signature);
}

}  // namespace exota::evidence
