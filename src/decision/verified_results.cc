// One result a line. A DKIM signature that passes but must not authorise (a short l=, say) is reported as `policy` (RFC 8601 section
// 2.7.1: verified, but not acceptable to us).
//
// Tested by header_edits_test.cc.
#include "decision/verified_results.h"

#include <array>

#include "authn/authres.h"
#include "decision/compauth.h"

namespace exota::decision {
namespace {

template <class Value, std::size_t N>
std::string_view word(const std::array<std::string_view, N>& words, Value value) noexcept {
    const auto index = static_cast<std::size_t>(value);
    return index < N ? words[index] : std::string_view("temperror");
}

constexpr std::array<std::string_view, 7> spf_words{"none", "neutral", "pass", "fail", "softfail", "temperror", "permerror"};
constexpr std::array<std::string_view, 4> arc_words{"none", "pass", "fail", "temperror"};
constexpr std::array<std::string_view, 5> dmarc_words{"none", "pass", "fail", "temperror", "permerror"};

void add_line(std::string& out, std::string_view method, std::string_view value) {
    out += ";\n\t";
    out += method;
    out += '=';
    out += value;
}

}  // namespace

std::string verified_results(const evidence::Evidence& evidence, std::string_view authserv_id, const Decision* decision) {
    const evidence::Verification& verification = evidence.verification;
    std::string out = authn::encode_pvalue(authserv_id);
    const std::size_t nothing = out.size();
    if (verification.dkim) {
        if (verification.dkim->empty()) add_line(out, "dkim", "none");
        for (const evidence::DkimResult& result : *verification.dkim) {
            const bool refused = result.value == evidence::DkimResult::Value::pass && !result.counts;
            add_line(out, "dkim", refused ? std::string_view("policy") : name_of(result.value));
            if (result.sdid) out += " header.d=" + authn::encode_pvalue(result.sdid->text());
        }
    }
    if (verification.spf) {
        add_line(out, "spf", word(spf_words, verification.spf->value));
        const std::string_view property = evidence.envelope.reverse_path.empty() ? " smtp.helo=" : " smtp.mailfrom=";
        if (verification.spf->domain) out.append(property).append(authn::encode_pvalue(verification.spf->domain->text()));
    }
    if (verification.dmarc) add_line(out, "dmarc", word(dmarc_words, verification.dmarc->value));
    if (verification.arc) add_line(out, "arc", word(arc_words, verification.arc->value));
    if (decision != nullptr && decision->inbound && decision->inbound->compauth) {
        const Compauth& compauth = *decision->inbound->compauth;
        add_line(out, "x-compauth", name_of(compauth.result));
        if (const std::string reason = reason_text(compauth); !reason.empty()) out.append(" reason=\"").append(reason).append("\"");
        out.append(" header.from=").append(authn::encode_pvalue(decision->author_domain));
    }
    return out.size() == nothing ? std::string{} : out;
}

}  // namespace exota::decision
