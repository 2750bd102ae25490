#include "authn/suffixes.h"

#include <libpsl.h>

#include <algorithm>
#include <cstdio>
#include <string>

#include "mail/domain.h"

namespace exota::authn {
namespace {

const psl_ctx_t* psl(const void* list) noexcept { return static_cast<const psl_ctx_t*>(list); }

}  // namespace

void PublicSuffixes::Deleter::operator()(const void* list) const noexcept {
    if (list && list != psl_builtin()) psl_free(const_cast<psl_ctx_t*>(psl(list)));
}

std::shared_ptr<const PublicSuffixes> PublicSuffixes::adopt(const void* list) {
    return std::shared_ptr<const PublicSuffixes>(new PublicSuffixes(list));
}

std::shared_ptr<const PublicSuffixes> PublicSuffixes::built_in() { return adopt(psl_builtin()); }

base::Result<std::shared_ptr<const PublicSuffixes>> PublicSuffixes::parse(std::string_view text) {
    using base::Errc;
    using base::fail;
    if (text.size() > max_public_suffix_octets)
        return fail(Errc::too_long, "longer than " + std::to_string(max_public_suffix_octets) + " octets");
    if (text.find('\0') != std::string_view::npos) return fail(Errc::invalid_data, "holds a NUL: the list as text is wanted");
    // The compiled form says nothing of its end; the text does, section by section.
    constexpr std::string_view icann_begin = "// ===BEGIN ICANN DOMAINS===", icann_end = "// ===END ICANN DOMAINS===";
    constexpr std::string_view private_begin = "// ===BEGIN PRIVATE DOMAINS===", private_end = "// ===END PRIVATE DOMAINS===";
    const std::size_t begin = text.find(icann_begin);
    if (begin == std::string_view::npos) return fail(Errc::invalid_data, "no public suffix list: no section of ICANN domains");
    const bool cut = text.find(icann_end, begin) == std::string_view::npos ||
                     (text.contains(private_begin) && text.find(private_end, text.find(private_begin)) == std::string_view::npos);
    if (cut) return fail(Errc::invalid_data, "not all of a public suffix list: a section does not end");

    std::string copy(text);  // libpsl reads from streams only
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> stream(::fmemopen(copy.data(), copy.size(), "r"), &std::fclose);
    psl_ctx_t* const list = stream ? psl_load_fp(stream.get()) : nullptr;
    if (!list) return fail(Errc::invalid_data, "cannot be read as a public suffix list");
    std::shared_ptr<const PublicSuffixes> made = adopt(list);
    if (psl_suffix_count(list) <= 0) return fail(Errc::invalid_data, "a public suffix list without a rule");
    return made;
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
