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

    if (own && own_tenant == Finding::holds) return {pass, 701, row::own_mailbox};
    if (has_record && proven) return {pass, 100, row::proven};
    if (has_record && aligned_spf && !own) return {softpass, 202, row::spf_through_exchange};
    if (unresolved || (own && own_tenant == Finding::unavailable)) return author_unresolved;
    if (exception == Exception::arc) return {pass, 130, row::exception};
    if (exception == Exception::forwarder && !own) return {pass, 131, row::exception};
    if (exception == Exception::domain && !own) return {none, 402, row::exception};
    if (domain) return {fail, 2, row::domain_setting};
    if (has_record && enforces) return {fail, static_cast<std::uint16_t>(own ? 10 : 0), row::enforced_policy};
    if (!has_record && !own && proven) return {pass, 109, row::proven_without_policy};
    if (own) return {fail, 601, row::own_unenforced};
    if (reverse_name) return {softpass, 211, row::reverse_name};
    if (has_record) return {fail, 1, row::policy_of_none};
    return {fail, 1, row::nothing};
}

}  // namespace exota::decision
