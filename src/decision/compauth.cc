#include "decision/compauth.h"

namespace exota::decision {

std::string_view name_of(CompauthResult result) noexcept {
    constexpr std::array<std::string_view, 4> names{"pass", "softpass", "none", "fail"};
    return names[static_cast<std::size_t>(result)];
}

std::string_view name_of(Exception exception) noexcept {
    constexpr std::array<std::string_view, 4> names{"none", "arc", "forwarder", "domain"};
    return names[static_cast<std::size_t>(exception)];
}

std::string reason_text(const Compauth& compauth) {
    if (!compauth.reason) return {};
    const std::string digits = std::to_string(*compauth.reason);
    return std::string(digits.size() < 3 ? 3 - digits.size() : 0, '0') + digits;
}

Compauth compauth_of(const CompauthCase& asked) noexcept {
    using enum CompauthResult;
    const auto& [own, own_tenant, has_record, enforces, aligned_dkim, aligned_spf, spf_from_exchange, unresolved, exception, domain,
                 reverse_name] = asked;
    const bool proven = is_proven_by_alignment(asked);

    if (own && own_tenant == Finding::holds) return {pass, 701, 2};
    if (has_record && proven) return {pass, 100, 3};
    if (has_record && aligned_spf && !own) return {softpass, 202, 4};
    if (unresolved || (own && own_tenant == Finding::unavailable)) return {none, 301, 5};
    if (exception == Exception::arc) return {pass, 130, 6};
    if (exception == Exception::forwarder && !own) return {pass, 131, 6};
    if (exception == Exception::domain && !own) return {none, 402, 6};
    if (domain) return {fail, 2, 7};
    if (has_record && enforces) return {fail, static_cast<std::uint16_t>(own ? 10 : 0), 8};
    if (!has_record && !own && proven) return {pass, 109, 9};
    if (own) return {fail, 601, 10};
    if (reverse_name) return {softpass, 211, 11};
    if (has_record) return {fail, 1, 12};
    return {fail, 1, 13};
}

}  // namespace exota::decision
