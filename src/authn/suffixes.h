// Organisational domains by list: the public suffix list, and shared suffixes below which every label is somebody else's
// (onmicrosoft.com), which the operator configures.
//
// Tested by suffixes_test.cc and the shared corpus (test_psl.txt).
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace exota::authn {

/// The public suffix list: the newer of the system's file (package publicsuffix) and the one built into libpsl. Immutable; share it.
class PublicSuffixes {
public:
    /// Reads the list; do it once, at start. Never fails: the built-in list is always there.
    static const PublicSuffixes& system();
    /// True for a public suffix ("com", "co.uk") by rules that the list states; a top-level domain without a rule is one too.
    bool is_public_suffix(std::string_view canonical_domain) const;
    /// One label more than the longest public suffix; empty for a public suffix itself. Points into `canonical_domain`.
    std::string_view registrable_domain(std::string_view canonical_domain) const;

private:
    PublicSuffixes();
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
