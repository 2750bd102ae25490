#include "tenant/names_to_add.h"

#include <algorithm>
#include <utility>

namespace exota::tenant {
namespace {

/// The field that such names are given in, in the order of NamesToAdd::As.
constexpr std::array<std::string_view, 6> fields{"tenant_ids", "organizations", "domains", "dkim_domains", "domains", ""};

}  // namespace

void NamesToAdd::add(As as, Number tenant, std::string_view name, std::string_view written, std::size_t element, TextPlace where) {
    Waiting& waiting = waiting_[count_ % waiting_.size()];
    if (count_++ >= waiting_.size()) enter(waiting);
    const HashedName hashed = builder_.hashed(name);
    if (as == As::tenant_id)
        builder_.expect_tenant_id(hashed);
    else if (as == As::tenant)
        builder_.expect_tenant(hashed);
    else
        builder_.expect_name(hashed);
    waiting.as = as;
    waiting.tenant = tenant;
    waiting.fingerprint = hashed.fingerprint;
    waiting.where = where;
    waiting.element = element;
    waiting.name = name;
    if (written.data() != name.data())
        waiting.written = written;
    else
        waiting.written.clear();
}

/// Tells if the name is somebody's already.
void NamesToAdd::enter(const Waiting& waiting) {
    const HashedName name(waiting.name.view(), waiting.fingerprint);
    const auto clash = [&] -> std::optional<Clash> {
        switch (waiting.as) {
            case As::tenant_id:
                return builder_.add_tenant_id(waiting.tenant, name);
            case As::organization:
                return builder_.add_organization(waiting.tenant, name);
            case As::domain:
                return builder_.add_domain(waiting.tenant, name);
            case As::dkim_domain:
                return builder_.add_dkim_domain(waiting.tenant, name);
            case As::wildcard:
                return builder_.add_wildcard(waiting.tenant, name);
            case As::tenant:
                return builder_.make_findable(waiting.tenant, name);
        }
        return std::nullopt;
    }();
    if (!clash) return;
    const std::string_view tenant = builder_.name(waiting.tenant);
    if (waiting.as == As::tenant)
        return problems_.error(waiting.where, path_of_(tenant, {}, std::nullopt), "duplicate key: this tenant stands twice in the file");
    std::string path = path_of_(tenant, fields[static_cast<std::size_t>(waiting.as)], waiting.element);
    const std::string written = in_quotes(waiting.written.empty() ? waiting.name.view() : waiting.written);
    if (clash->owner == waiting.tenant)
        problems_.warning(waiting.where, std::move(path), written + " stands twice in this tenant");
    else
        problems_.error(waiting.where, std::move(path),
                        written + " is " + (clash->as.starts_with('o') ? "an " : "a ") + std::string(clash->as) + " of tenant " +
                            in_quotes(builder_.name(clash->owner)) + " too");
}

void NamesToAdd::add_all() {
    for (std::size_t i = count_ - std::min(count_, waiting_.size()); i < count_; ++i) enter(waiting_[i % waiting_.size()]);
    count_ = 0;
}

}  // namespace exota::tenant
