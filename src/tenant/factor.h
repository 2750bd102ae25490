// The factors: questions that evidence answers for a tenant (docs/glossary.md), and sets of them.
//
// The names are what operators write in proofs and what logs and metrics print: they are stable.
// Tested by proof_test.cc.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace exota::tenant {

enum class Factor : std::uint8_t {
    peer,
    client_ip,
    client_cert,
    xoorg,
    originator_org,
    tenant_id,
    dkim,
    dkim_aligned,
    dmarc,
    spf,
    arc,
    hosted,
    system_mail,
    dkim_any,
    listed,
    eop,
};
inline constexpr std::size_t factor_count = 16;
inline constexpr std::array<std::string_view, factor_count> factor_names{
    "peer",  "client-ip", "client-cert", "xoorg",  "originator-org", "tenant-id", "dkim",   "dkim-aligned",
    "dmarc", "spf",       "arc",         "hosted", "system-mail",    "dkim-any",  "listed", "eop",
};
constexpr std::string_view name_of(Factor factor) noexcept { return factor_names[static_cast<std::size_t>(factor)]; }
std::optional<Factor> factor_named(std::string_view name) noexcept;

/// A set of factors; iteration is not needed often, so a word of bits.
class FactorSet {
public:
    constexpr FactorSet() noexcept = default;
    constexpr FactorSet(std::initializer_list<Factor> factors) noexcept {
        for (const Factor f : factors) insert(f);
    }
    constexpr void insert(Factor f) noexcept { bits_ |= bit(f); }
    constexpr void erase(Factor f) noexcept { bits_ &= ~bit(f); }
    constexpr bool contains(Factor f) const noexcept { return (bits_ & bit(f)) != 0; }
    constexpr bool intersects(FactorSet other) const noexcept { return (bits_ & other.bits_) != 0; }
    constexpr bool empty() const noexcept { return bits_ == 0; }
    friend constexpr bool operator==(FactorSet, FactorSet) = default;

private:
    static constexpr std::uint32_t bit(Factor f) noexcept { return std::uint32_t{1} << static_cast<unsigned>(f); }
    std::uint32_t bits_ = 0;
};

}  // namespace exota::tenant
