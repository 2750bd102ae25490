// A tenants file that lost more than a fifth of its domains: a truncated export more often than a wish. A reload refuses it until an
// operator confirms exactly this content (`exota check --accept-shrink`).
//
// Small files in tenants.state_directory carry that between the daemon and `check`: "tenants.domains.FINGERPRINT" (the daemon writes how
// many domains it serves, after every load; one such file for each tenants file, by the fingerprint of its path) and "tenants.accepted"
// (`check --accept-shrink` writes the fingerprint of the content it saw). The endpoint list has an acceptance of its own.
//
// Tested by shrink_guard_test.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/hash.h"
#include "base/result.h"

namespace exota::directory {

/// More than a fifth of `before` is gone.
constexpr bool shrinks_too_much(std::size_t before, std::size_t after) noexcept { return after < before && (before - after) * 5 > before; }

/// Tells one content of a file from another: 64 bits, against accidents (a copy that was cut, another version of the file). Not against
/// forgers: who may write the file needs none, for he may as well write the acceptance.
class Fingerprint {
public:
    void feed(std::string_view piece) noexcept { hash_.feed(piece); }
    std::string text() const;

private:
    base::StreamHash hash_;
};

class ShrinkGuard {
public:
    /// @param of  what is guarded: begins the names of the files.
    explicit ShrinkGuard(std::string state_directory, std::string of = "tenants")
        : directory_(std::move(state_directory)), of_(std::move(of)) {}
    /// What a daemon noted when it last loaded this tenants file; nullopt: nothing known. Another file's number says nothing: a drop-in run
    /// and a daemon with a configuration may share the directory.
    /// @param tenants_file  as it is named; one file under two names has two numbers.
    std::optional<std::size_t> last_domain_count(const std::string& tenants_file) const;
    base::Result<void> note_domain_count(const std::string& tenants_file, std::size_t domains) const;
    bool is_accepted(const Fingerprint& content) const;
    base::Result<void> accept(const Fingerprint& content) const;
    /// The file that accept() writes; empty without a state directory.
    std::string acceptance_path() const;

private:
    std::string count_path(std::string_view absolute_tenants_file) const;

    std::string directory_, of_;
};

}  // namespace exota::directory
