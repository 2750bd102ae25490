// Organisational domains by list: the public suffix list, and shared suffixes below which every label is somebody else's
// (onmicrosoft.com), which the operator configures.
//
// A list is handed in: one that the shell loaded, or text that it read. Text must say where its section of ICANN domains begins and ends,
// so that neither half a download nor an error page in its place becomes a list by which half the world is one organisation.
//
// Tested by suffixes_test.cc and the shared corpus (test_psl.txt).
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace exota::authn {

/// Above the real list (a third of a MiB) by far.
inline constexpr std::size_t max_public_suffix_octets = 8 * 1024 * 1024;

/// A public suffix list. Immutable; share it.
class PublicSuffixes {
public:
    /// The list that is built into libpsl: constant data of that library. (The system's file: config/public_suffixes.h.)
    static std::shared_ptr<const PublicSuffixes> built_in();
    /// @param list  libpsl's `psl_ctx_t`, which the caller loaded and which is freed with the result.
    static std::shared_ptr<const PublicSuffixes> adopt(const void* list);
    /// A list as publicsuffix.org publishes it (text, not the compiled form).
    /// @return  too_long: above max_public_suffix_octets. invalid_data: no such list, or not all of it.
    static base::Result<std::shared_ptr<const PublicSuffixes>> parse(std::string_view text);
    /// True for a public suffix ("com", "co.uk") by rules that the list states; a top-level domain without a rule is one too.
    bool is_public_suffix(std::string_view canonical_domain) const;
    /// One label more than the longest public suffix; empty for a public suffix itself. Points into `canonical_domain`.
    std::string_view registrable_domain(std::string_view canonical_domain) const;

private:
    explicit PublicSuffixes(const void* list) noexcept : list_(list) {}
    struct Deleter {
        void operator()(const void* list) const noexcept;
    };
    std::unique_ptr<const void, Deleter> list_;
};

/// True if `domain` is one of `suffixes` (canonical names).
bool is_shared_suffix(std::string_view canonical_domain, std::span<const std::string> suffixes) noexcept;

/// The organisational domain by lists: below a shared suffix one label more than it, else the registrable domain; a name that is
/// itself a suffix is its own organisational domain. Points into `canonical_domain`.
std::string_view listed_organizational_domain(std::string_view canonical_domain, std::span<const std::string> shared_suffixes,
                                              const PublicSuffixes& list);

}  // namespace exota::authn
