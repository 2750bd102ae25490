#include "telemetry/log_hints.h"

#include <algorithm>

#include "base/utf8.h"
#include "decision/details.h"
#include "decision/render.h"

namespace exota::telemetry {
namespace {

constexpr std::size_t max_hint_octets = 1000;
constexpr std::size_t max_factor_octets = 300;  // a sender's text in one hint must not leave the others without room

}  // namespace

HintSentences::HintSentences(const NameDocuments& name_documents) {
    for (const decision::DetailCode& known : decision::detail_codes)
        if (std::string now = name_documents(known.hint); now != known.hint) renamed_.push_back({known.code, known.hint, std::move(now)});
}

std::string_view HintSentences::of(const decision::FactorFinding& found, std::string& room) const {
    const auto renamed = std::ranges::find(renamed_, std::string_view(found.detail), &Renamed::code);
    if (renamed == renamed_.end() || !found.hint.starts_with(renamed->was)) return found.hint;
    room.assign(renamed->now).append(found.hint, renamed->was.size());
    return room;
}

void findings_for_log(const decision::Decision& decision, std::string& findings, std::string& hint, const HintSentences& sentences) {
    std::string room;
    hint.clear();
    constexpr std::size_t usual_octets = 200;
    findings.clear();
    findings.reserve(usual_octets);
    decision::append_findings_text(findings, decision);
    for (std::size_t i = 0; i < decision.findings.size(); ++i) {
        const decision::FactorFinding& found = decision.findings[i];
        if (found.hint.empty() || found.finding == decision::Finding::holds) continue;
        const std::string_view factor = name_of(static_cast<tenant::Factor>(i));
        const std::string shown = std::string(factor) + '=' + std::string(name_of(found.finding)) + '(';
        if (!findings.starts_with(shown) && !findings.contains(' ' + shown)) continue;  // nobody asked for it
        const std::string_view said = base::truncate_utf8(sentences.of(found, room), max_factor_octets);
        if (hint.contains(said)) continue;
        hint.append(hint.empty() ? "" : "; ").append(factor).append(": ").append(said);
    }
    hint.resize(base::truncate_utf8(hint, max_hint_octets).size());
}

}  // namespace exota::telemetry
