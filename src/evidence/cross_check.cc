// Results against signatures.
//
// Tested by cross_check_test.cc.
#include "evidence/cross_check.h"

#include <algorithm>

#include "authn/dkim_form.h"
#include "authn/dkim_signature.h"
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
            covered += base::iequals(name, repeated.name) ? 1 : 0;
            return true;
        });
        if (repeated.values.size() < repeated.count || mail::leaves_a_value_unsigned(repeated.values, covered))
            return std::to_string(repeated.count) + ' ' + repeated.name + " fields, h= covers " + std::to_string(covered);
    }
    return {};
}

}  // namespace

struct CrossCheck::Seen {
    mail::Domain sdid;
    std::string selector;
    std::string signature_data;  // b= as written
    std::string gap;             // what it leaves unsigned
    std::string unacceptable;    // why no verifier that keeps to the rules passes it
};

CrossCheck::CrossCheck(const Header& header) : unreadable_(read(header)) {}

std::string CrossCheck::read(const Header& header) {
    if (header.unreadable_field_name) return "a field name is empty or has 8-bit or control octets";
    if (were_not_gathered(header)) return std::string(signatures_not_gathered);
    if (header.dkim_signatures.size() < header.dkim_signature_count) return "not every DKIM-Signature was kept";
    signatures_.reserve(header.dkim_signatures.size());
    for (std::size_t i = 0; i < header.dkim_signatures.size(); ++i) {
        const std::string& value = header.dkim_signatures[i];
        const std::string line = mail::unfold(value);
        const base::Result<authn::TagList> tags = authn::read_signature_form(line);
        if (!tags) return "DKIM-Signature field " + std::to_string(i + 1) + ": " + tags.error().detail;
        Seen& seen = signatures_.emplace_back(Seen{.sdid = mail::Domain::parse(*tags->value("d")).value(),
                                                   .selector = std::string(*tags->value("s")),
                                                   .signature_data = std::string(*tags->value("b")),
                                                   .gap = find_gap(header, *tags),
                                                   .unacceptable = {}});
        const authn::SignatureLimits limits;
        authn::SignatureNames names;
        if (value.size() > limits.max_field_octets || tags->tags().size() > limits.max_tags)
            seen.unacceptable = "the signature is above our limits";
        else if (const auto signature = authn::read_signature_terms(*tags, authn::SignatureKind::dkim, limits, names); !signature)
            seen.unacceptable = signature.error().detail;
    }
    return {};
}

CrossCheck::~CrossCheck() = default;

bool CrossCheck::are_too_many(std::size_t results) const noexcept { return results > signatures_.size(); }

std::string CrossCheck::find_objection(const authn::ResInfo& result, const mail::Domain& sdid) const {
    const auto names = [&result](const Seen& signature) {
        return std::ranges::all_of(result.properties, [&signature](const authn::Property& p) {
            if (!base::iequals(p.ptype, "header")) return true;
            if (base::iequals(p.property, "s")) return base::iequals(p.pvalue, signature.selector);
            return !base::iequals(p.property, "b") || begins_without_blanks(signature.signature_data, p.pvalue);
        });
    };
    // A validator may be laxer than we are (rsa-sha1), so what an unacceptable signature leaves unsigned counts as well.
    const Seen* acceptable = nullptr;
    const Seen* unacceptable = nullptr;
    for (const Seen& signature : signatures_) {
        if (signature.sdid != sdid || !names(signature)) continue;
        if (!signature.gap.empty()) return signature.gap;
        (signature.unacceptable.empty() ? acceptable : unacceptable) = &signature;
    }
    if (acceptable != nullptr) return {};
    return unacceptable != nullptr ? unacceptable->unacceptable : std::string(result_without_signature);
}

}  // namespace exota::evidence
