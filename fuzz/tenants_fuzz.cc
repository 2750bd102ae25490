// Tenants files: anything may come in.
//   1. Fed in pieces, a file gives the same index and the same problems, line by line, as read at once.
//   2. There is an index exactly if no problem is an error, and no more problems than the limits allow.
//   3. In a file that is taken, read a second time as a document tree, every name finds the tenant that has it.
#include <algorithm>
#include <boost/json.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "mail/domain.h"
#include "property.h"
#include "tenant/tenants_file.h"

namespace {

using namespace exota;

using exota::fuzz::require;

tenant::Defaults defaults() {
    tenant::Defaults defaults;
    defaults.proofs = {*tenant::Proof::parse("client-cert + dkim-aligned"), *tenant::Proof::parse("client-cert + tenant-id")};
    defaults.shared_suffixes = {"onmicrosoft.com"};
    defaults.is_public_suffix = [](std::string_view name) { return name.find('.') == std::string_view::npos; };
    return defaults;
}

std::string told(const tenant::LoadedTenants& loaded) {
    std::string out = std::to_string(loaded.version) + '\n';
    bool any_error = false;
    for (const tenant::Problem& problem : loaded.problems) {
        any_error = any_error || problem.severity == tenant::Problem::Severity::error;
        out += std::to_string(static_cast<int>(problem.severity)) + ' ' + std::to_string(problem.place.line) + ' ' + problem.path + ' ' +
               problem.text + '\n';
    }
    require(loaded.index.has_value() != any_error);
    require(loaded.problems.size() <= 2 * tenant::max_problems + 2);
    if (loaded.index) out += std::to_string(loaded.index->tenant_count()) + ' ' + std::to_string(loaded.index->domain_count()) + '\n';
    return out;
}

std::string_view view(const boost::json::string& text) { return {text.data(), text.size()}; }

/// Version 1: the last of duplicate keys counts in the tree as well; a key that is not canonical yields to one that is.
void check_version_one(const tenant::Index& index, const boost::json::value& tree) {
    if (!tree.is_object()) return require(tree.as_array().empty() && index.domain_count() == 0);
    for (const auto& [key, entry] : tree.as_object()) {
        const auto domain = mail::Domain::parse({key.data(), key.size()});
        if (!domain) continue;
        const auto coverage = index.covering(domain->text());
        require(coverage && index.with_literal_domain(domain->text()) == coverage->tenant);
        if (domain->text() != std::string_view(key.data(), key.size())) continue;
        const boost::json::value* flag = entry.as_object().if_contains("dkim_enabled");
        require(coverage->policy->v1_dkim_enabled == (flag == nullptr || flag->as_bool()));
        const boost::json::value* id = entry.as_object().if_contains("tenant_id");
        if (id == nullptr || id->as_string().empty()) {
            require(index.name(coverage->tenant) == domain->text() && !index.has_tenant_ids(coverage->tenant));
        } else {
            const auto parsed = mail::TenantId::parse_lenient(view(id->as_string()));
            require(parsed && index.with_tenant_id(*parsed) == coverage->tenant && index.name(coverage->tenant) == parsed->text());
        }
    }
}

void check_version_two(const tenant::Index& index, const boost::json::value& tree) {
    const boost::json::object& tenants = tree.at("tenants").as_object();
    require(index.tenant_count() == tenants.size());
    for (const auto& [name, entry] : tenants) {
        const auto is_this = [&](std::optional<tenant::Number> number) {
            return number && index.name(*number) == std::string_view(name.data(), name.size());
        };
        const auto each = [&](std::string_view field, auto check) {
            const boost::json::value* list = entry.as_object().if_contains({field.data(), field.size()});
            if (list == nullptr) return;
            for (const boost::json::value& value : list->as_array()) check(view(value.as_string()));
        };
        each("tenant_ids", [&](std::string_view text) { require(is_this(index.with_tenant_id(*mail::TenantId::parse(text)))); });
        each("organizations", [&](std::string_view text) { require(is_this(index.with_organization(mail::Domain::parse(text)->text()))); });
        each("dkim_domains", [&](std::string_view text) { require(is_this(index.with_dkim_domain(mail::Domain::parse(text)->text()))); });
        each("domains", [&](std::string_view text) {
            const bool wildcard = text.starts_with("*.");
            const std::string domain = mail::Domain::parse(text.substr(wildcard ? 2 : 0))->text();
            if (wildcard) return require(index.covering("no-such-label-here." + domain).has_value());
            require(is_this(index.with_literal_domain(domain)) && is_this(index.covering(domain)->tenant));
        });
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0 || size > 4096) return 0;
    const std::size_t step = std::size_t{data[0]} + 1;
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);

    const tenant::LoadedTenants whole = tenant::read_tenants(text, defaults());
    tenant::TenantsReader reader(defaults());
    std::size_t piece = step;
    for (std::size_t at = 0; at < text.size(); at += piece, piece = piece * 7 % (step + 1) + 1) {
        piece = std::min(piece, text.size() - at);
        reader.feed(text.substr(at, piece));
    }
    require(told(whole) == told(reader.finish()));
    if (!whole.index) return 0;

    const boost::json::value tree = boost::json::parse({text.data(), text.size()});
    if (whole.version == 2)
        check_version_two(*whole.index, tree);
    else
        check_version_one(*whole.index, tree);
    return 0;
}
