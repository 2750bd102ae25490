// Reading ARC sets.
//
// The older ARC-Message-Signatures are only placed, not verified: a message may have been changed since, and RFC 8617 section 5.2 asks
// for the newest alone. Every seal is read in full, because every seal is verified.
//
// Tested by arc_test.cc and fuzz/arc_fuzz.cc.
#include "authn/arc_set.h"

#include <optional>
#include <span>

#include "authn/tag_list.h"
#include "base/cursor.h"
#include "base/text.h"
#include "mail/cfws.h"

namespace exota::authn {
namespace {

using base::Cursor;
using base::Errc;
using base::fail;
using base::Result;

/// i=: one or two digits, 1 to 50.
std::optional<std::uint32_t> parse_instance(std::string_view digits) noexcept {
    const auto number = parse_tag_number(digits, 2);
    if (!number || *number < 1 || *number > max_arc_instance) return std::nullopt;
    return static_cast<std::uint32_t>(*number);
}

std::unexpected<base::Error> bad(std::string_view field, std::uint32_t instance, std::string_view why) {
    return fail(Errc::invalid_data, std::string(field) + " i=" + std::to_string(instance) + ": " + std::string(why));
}

/// The sets by instance, each field placed once.
class Placing {
public:
    explicit Placing(std::size_t count) : places_(count) {}
    /// @return  false if the instance is beyond the number of sets or already has that field.
    bool put(std::uint32_t instance, std::size_t field) {
        if (instance > places_.size() || places_[instance - 1]) return false;
        places_[instance - 1] = field;
        return true;
    }
    std::size_t at(std::size_t index) const { return *places_[index]; }  // all are filled once as many were put as there are sets

private:
    std::vector<std::optional<std::size_t>> places_;
};

/// Places the fields of one name by their i= tag.
Result<Placing> place_tagged(const HeaderFields& header, std::string_view name, const ArcLimits& limits) {
    const std::span<const std::uint32_t> fields = header.named(name);
    Placing placing(fields.size());
    for (const std::uint32_t field : fields) {
        const std::string_view value = header.value(field);
        if (value.size() > limits.signature.max_field_octets) return fail(Errc::too_long, std::string(name) + " is too long");
        const Result<TagList> tags = TagList::parse(value, limits.signature.max_tags);
        if (!tags) return fail(tags.error().code, std::string(name) + ": " + tags.error().detail);
        const auto instance = parse_instance(tags->value("i").value_or(""));
        if (!instance) return fail(Errc::invalid_data, std::string(name) + " has no good i=");
        if (!placing.put(*instance, field)) return bad(name, *instance, "twice, or a set is missing");
    }
    return placing;
}

Result<void> read_seal(std::string_view value, ArcSet& set, const ArcLimits& limits) {
    const Result<TagList> tags = TagList::parse(value, limits.signature.max_tags);
    if (!tags) return bad("ARC-Seal", set.instance, tags.error().detail);
    if (tags->find("h") != nullptr) return bad("ARC-Seal", set.instance, "has h=");  // RFC 8617 section 4.1.3
    const std::string_view status = tags->value("cv").value_or("");
    if (status == "fail") return bad("ARC-Seal", set.instance, "says cv=fail");
    if (status != (set.instance == 1 ? "none" : "pass")) return bad("ARC-Seal", set.instance, "has the wrong cv=");
    if (const auto read = read_basics(*tags, set.seal); !read) return bad("ARC-Seal", set.instance, read.error().detail);
    return {};
}

}  // namespace

Result<ArcResultsField> parse_arc_results_field(std::string_view value) {
    const auto broken = [] { return fail(Errc::invalid_data, "ARC-Authentication-Results does not begin with a good i="); };
    Cursor in(value);
    if (!mail::skip_cfws(in) || !in.skip('i') || !mail::skip_cfws(in) || !in.skip('=') || !mail::skip_cfws(in)) return broken();
    const auto instance = parse_instance(in.take_while(base::is_digit));
    if (!instance || !mail::skip_cfws(in) || !in.skip(';')) return broken();
    return ArcResultsField{.instance = *instance, .payload = base::trim(in.rest())};
}

Result<ArcSets> read_arc_sets(const HeaderFields& header, const ArcLimits& limits) {
    const auto results = header.named("ARC-Authentication-Results");
    const auto messages = header.named("ARC-Message-Signature");
    const auto seals = header.named("ARC-Seal");
    ArcSets chain;
    if (results.empty() && messages.empty() && seals.empty()) return chain;
    const std::size_t count = seals.size();
    if (count > limits.max_instances || results.size() > limits.max_instances || messages.size() > limits.max_instances)
        return fail(Errc::too_long, "more than " + std::to_string(limits.max_instances) + " ARC sets");
    if (results.size() != count || messages.size() != count)
        return fail(Errc::invalid_data, "ARC sets are not complete: " + std::to_string(results.size()) + " ARC-Authentication-Results, " +
                                            std::to_string(messages.size()) + " ARC-Message-Signature, " + std::to_string(count) +
                                            " ARC-Seal");

    const Result<Placing> message_places = place_tagged(header, "ARC-Message-Signature", limits);
    if (!message_places) return std::unexpected(message_places.error());
    const Result<Placing> seal_places = place_tagged(header, "ARC-Seal", limits);
    if (!seal_places) return std::unexpected(seal_places.error());
    Placing results_places(count);
    for (const std::uint32_t field : results) {
        const Result<ArcResultsField> parsed = parse_arc_results_field(header.value(field));
        if (!parsed) return std::unexpected(parsed.error());
        if (!results_places.put(parsed->instance, field))
            return bad("ARC-Authentication-Results", parsed->instance, "twice, or a set is missing");
    }

    chain.sets.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
        ArcSet& set = chain.sets[i];
        set.instance = static_cast<std::uint32_t>(i + 1);
        set.results_field = results_places.at(i);
        set.message_signature_field = message_places->at(i);
        set.seal_field = seal_places->at(i);
        set.authentication_results = parse_arc_results_field(header.value(set.results_field))->payload;
    }
    for (std::size_t i = count; i-- > 0;)  // the newest seal tells most: cv=fail there is what the last hop found
        if (const auto read = read_seal(header.value(chain.sets[i].seal_field), chain.sets[i], limits); !read)
            return std::unexpected(read.error());

    SignatureNames names;
    Result<Signature> newest =
        parse_signature(header.value(chain.sets.back().message_signature_field), SignatureKind::arc_message, limits.signature, names);
    if (!newest) return bad("ARC-Message-Signature", static_cast<std::uint32_t>(count), newest.error().detail);
    chain.last_message_signature = std::move(*newest);
    return chain;
}

}  // namespace exota::authn
