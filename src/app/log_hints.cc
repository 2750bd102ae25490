#include "app/log_hints.h"

#include "decision/render.h"

namespace exota::app {

void findings_for_log(const decision::Decision& decision, std::string& findings, std::string& hint) {
    constexpr std::size_t max_hint_octets = 1000;
    hint.clear();
    findings = decision::findings_text(decision);
    for (std::size_t i = 0; i < decision.findings.size(); ++i) {
        const decision::FactorFinding& found = decision.findings[i];
        if (found.hint.empty() || found.finding == decision::Finding::holds || hint.contains(found.hint)) continue;
        const std::string_view factor = name_of(static_cast<tenant::Factor>(i));
        const std::string shown = std::string(factor) + '=' + std::string(name_of(found.finding)) + '(';
        if (!findings.starts_with(shown) && !findings.contains(' ' + shown)) continue;  // nobody asked for it
        if (hint.size() + found.hint.size() > max_hint_octets) break;
        hint.append(hint.empty() ? "" : "; ").append(factor).append(": ").append(found.hint);
    }
}

}  // namespace exota::app
