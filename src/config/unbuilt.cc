#include "config/unbuilt.h"

#include <array>

namespace exota::config {
namespace {

struct UnbuiltSection {
    std::string_view section, part_is;
};
constexpr auto unbuilt_sections = std::to_array<UnbuiltSection>({
    {"reports", "DMARC and TLS reports are"},
    {"arc.seal", "sealing with ARC is"},
});

std::string sentence(std::string_view part_is) { return std::string(part_is) + " not built yet"; }

}  // namespace

std::optional<std::string> unbuilt_section(std::string_view section) {
    for (const UnbuiltSection& entry : unbuilt_sections)
        if (entry.section == section) return sentence(entry.part_is);
    return std::nullopt;
}

}  // namespace exota::config
