#include "tenant/factor.h"

#include <algorithm>

namespace exota::tenant {

std::optional<Factor> factor_named(std::string_view name) noexcept {
    const auto found = std::ranges::find(factor_names, name);
    if (found == factor_names.end()) return std::nullopt;
    return static_cast<Factor>(found - factor_names.begin());
}

}  // namespace exota::tenant
