#include "tenant/found_tenant.h"

#include "base/text.h"
#include "tenant/domain_entry.h"
#include "tenant/entry.h"

namespace exota::tenant {
namespace {

std::string field_alone(std::string_view, std::string_view field, std::optional<std::size_t> element) {
    std::string path(field);
    if (element) path += '[' + std::to_string(*element) + ']';
    return path;
}

/// What the advice for a whole file says is said when the configuration is checked, not of each entry.
ReadTenant finish(Problems& problems, IndexBuilder&& builder, FoundTenant&& found, std::string_view domain) {
    ReadTenant read;
    if (builder.is_full()) problems.error({}, "", "more names than an index can hold");
    const bool good = !problems.any_error();
    read.problems = problems.take();
    if (!good) return read;
    found.own = std::move(builder).build();
    const auto coverage = domain.empty() ? std::nullopt : found.own.covering(domain);
    found.policy = coverage ? *coverage->policy : found.own.policy(Number{0});
    read.tenant = std::make_shared<const FoundTenant>(std::move(found));
    return read;
}

}  // namespace

ReadTenant read_found_tenant(std::string_view name, const std::vector<TextField>& fields, const Defaults& defaults,
                             std::string_view where) {
    Problems problems;
    IndexBuilder builder;
    const PathOf path_of = &field_alone;
    {
        TenantEntry entry(defaults, problems, builder, path_of);
        entry.begin(name, {});
        for (const TextField& field : fields) {
            if (const auto known = field_named(field.name))
                entry.set_texts(*known, field.values, {});
            else
                entry.unknown_field(field.name, {});
        }
        entry.end();
        entry.finish(Told::some);
    }
    return finish(problems, std::move(builder), {.name = std::string(name), .entry = std::string(where)}, {});
}

ReadTenant read_found_domain(std::string_view domain, const DomainFields& fields, const Defaults& defaults) {
    Problems problems;
    IndexBuilder builder;
    const PathOf path_of = &field_alone;
    FoundTenant found{.name = std::string(domain), .is_domain_entry = true};
    {
        DomainEntry entry(defaults, problems, builder, path_of);
        entry.begin(domain, Text::whole, {});
        if (fields.tenant_id) {
            entry.begin_field(DomainEntry::Field::tenant_id, {});
            entry.set(Given::of(*fields.tenant_id), Text::whole, {});
            if (const auto id = mail::TenantId::parse_lenient(*fields.tenant_id)) found.name = found.tenant_id = id->text();
        }
        const auto flag = [&](DomainEntry::Field field, const std::optional<std::string_view>& text) {
            if (!text) return;
            entry.begin_field(field, {});
            const bool is_true = base::iequals(*text, "true");
            entry.set(is_true || base::iequals(*text, "false") ? Given::of_truth(is_true) : Given::of(*text), Text::whole, {});
        };
        flag(DomainEntry::Field::dkim_enabled, fields.dkim_enabled);
        flag(DomainEntry::Field::dkim_alignment_required, fields.dkim_alignment_required);
        entry.finish(Told::all);
    }
    return finish(problems, std::move(builder), std::move(found), domain);
}

}  // namespace exota::tenant
