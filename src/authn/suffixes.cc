#include "authn/suffixes.h"

#include <libpsl.h>

#include <algorithm>

#include "mail/domain.h"

namespace exota::authn {
namespace {

const psl_ctx_t* psl(const void* list) noexcept { return static_cast<const psl_ctx_t*>(list); }

}  // namespace

void PublicSuffixes::Deleter::operator()(const void* list) const noexcept {
    if (list && list != psl_builtin()) psl_free(const_cast<psl_ctx_t*>(psl(list)));
}

PublicSuffixes::PublicSuffixes() : list_(psl_latest(nullptr)) {
    if (!list_) list_.reset(psl_builtin());
}

const PublicSuffixes& PublicSuffixes::system() {
    static const PublicSuffixes suffixes;
    return suffixes;
}

bool PublicSuffixes::is_public_suffix(std::string_view canonical_domain) const {
    return psl_is_public_suffix(psl(list_.get()), std::string(canonical_domain).c_str()) == 1;
}

std::string_view PublicSuffixes::registrable_domain(std::string_view canonical_domain) const {
    const std::string name(canonical_domain);
    const char* found = psl_registrable_domain(psl(list_.get()), name.c_str());
    return found ? canonical_domain.substr(static_cast<std::size_t>(found - name.c_str())) : std::string_view{};
}

bool is_shared_suffix(std::string_view canonical_domain, std::span<const std::string> suffixes) noexcept {
    return std::ranges::find(suffixes, canonical_domain) != suffixes.end();
}

std::string_view listed_organizational_domain(std::string_view canonical_domain, std::span<const std::string> shared_suffixes,
                                              const PublicSuffixes& list) {
    if (is_shared_suffix(canonical_domain, shared_suffixes)) return canonical_domain;
    for (std::string_view name = canonical_domain; !name.empty(); name = mail::parent_of(name))
        if (is_shared_suffix(mail::parent_of(name), shared_suffixes)) return name;
    const std::string_view registrable = list.registrable_domain(canonical_domain);
    return registrable.empty() ? canonical_domain : registrable;
}

}  // namespace exota::authn
