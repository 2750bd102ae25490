// Answers of a source that is asked for single names, gathered for one message: they become an index in which each name of the keys can be
// looked up. Three things may be known of a name: whose it is, that it is nobody's, or nothing.
//
//   asked and answered     as answered; the other names of a tenant that was found count for nothing
//   not asked              the source has no way to (a filter is not set): whoever was found and lists it himself has it; else nobody
//                          here, and somebody else in Index::at_worst_for_a_forward()
//   asked, not answered    nobody's here, and somebody else's in Index::at_worst(): what decide() then accepts holds whoever has it
//
// Wildcards that are not asked are none: whoever asks for none says that there are none.
//
// Tested by answers_test.cc and decision/looked_up_test.cc.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "tenant/found_tenant.h"
#include "tenant/index.h"
#include "tenant/keys.h"

namespace exota::tenant {

/// One name in one role, and what is known of it.
enum class KeyKind : std::uint8_t { domain, wildcard, organization, dkim_domain, tenant_id };
std::string_view name_of(KeyKind kind) noexcept;  // "domain", "wildcard", "organization", "DKIM domain", "tenant id"

class Answers {
public:
    explicit Answers(const base::HashKey& key) : key_(key) {}

    /// @param name  canonical: of a wildcard its base, of a tenant id its 36 characters.
    void answered(KeyKind kind, std::string name, Answer answer) { named_.push_back({kind, std::move(name), std::move(answer)}); }
    void not_asked(KeyKind kind, std::string name) { not_asked_.push_back({kind, std::move(name), Answer(Answer::none)}); }

    /// yes: the index. none: every name was answered, and is nobody's. unknown: the answers contradict one another (a name is two tenants',
    /// in roles that may not be; two entries are tenants of one name), so nothing can be said.
    Found<std::shared_ptr<const Index>> finish() const;
    /// The name that tenants of two entries have; empty: none has.
    std::string_view doubled_name() const;

private:
    struct Named {
        KeyKind kind;
        std::string name;
        Answer answer;
    };
    class Assembly;

    base::HashKey key_;
    std::vector<Named> named_, not_asked_;
};

}  // namespace exota::tenant
