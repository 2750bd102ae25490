// Organisational domains: libpsl's built-in list (constant data of the library, so this stays a function of its arguments) and the
// shared suffixes. Where both speak, the longer suffix wins.
//
// Tested by organizational_domain_test.cc.
#include "decision/organizational_domain.h"

#include <libpsl.h>

#include <algorithm>

#include "mail/domain.h"

namespace exota::decision {
namespace {

bool is_shared_suffix(std::string_view name, const std::vector<std::string>& shared_suffixes) noexcept {
    return std::ranges::any_of(shared_suffixes, [name](const std::string& suffix) { return suffix == name; });
}

std::string_view registrable_domain(std::string_view name) {
    const psl_ctx_t* list = psl_builtin();
    if (!list) return name;  // a libpsl built without its list: nobody shares anything, so alignment is equality
    const std::string terminated(name);
    const char* found = psl_registrable_domain(list, terminated.c_str());
    return found ? name.substr(static_cast<std::size_t>(found - terminated.c_str())) : std::string_view{};
}

}  // namespace

std::string_view organizational_domain(std::string_view canonical_domain, const std::vector<std::string>& shared_suffixes) {
    std::string_view below;  // the name that stands one label below the suffix looked at
    for (std::string_view suffix = canonical_domain; !suffix.empty(); below = suffix, suffix = mail::parent_of(suffix)) {
        if (!is_shared_suffix(suffix, shared_suffixes)) continue;
        const std::string_view registrable = registrable_domain(canonical_domain);
        return registrable.size() > below.size() && registrable.size() > suffix.size() ? registrable : below;
    }
    return registrable_domain(canonical_domain);
}

}  // namespace exota::decision
