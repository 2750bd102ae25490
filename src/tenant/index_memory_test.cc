// What an index takes: a source that is asked for each message makes one of the few names in it.
#include <gtest/gtest.h>
#include <malloc.h>

#include <utility>
#include <vector>

#include "tenant/index_builder.h"

namespace exota::tenant {
namespace {

TEST(IndexMemory, of_two_names_is_small) {
    const auto allocated = [] {
        const auto info = mallinfo2();
        return info.uordblks + info.hblkhd;
    };
    constexpr std::size_t count = 100;  // more than the allocator has left over
    std::vector<Index> indexes;
    indexes.reserve(count);
    const std::size_t before = allocated();
    while (indexes.size() < count) {
        IndexBuilder builder;
        const Number tenant = builder.add_tenant("contoso", builder.policy({}));
        builder.add_domain(tenant, "contoso.com");
        builder.add_wildcard(tenant, "contoso.com");
        indexes.push_back(std::move(builder).build());
    }
    const std::size_t each = (allocated() - before) / count;
    EXPECT_EQ(indexes.back().name(indexes.back().covering("www.contoso.com")->tenant), "contoso");
    EXPECT_GE(each, indexes.back().memory_octets() / 2) << "else nothing was measured";
    EXPECT_LT(each, 4096U);
    EXPECT_LT(indexes.back().memory_octets(), 4096U);
}

}  // namespace
}  // namespace exota::tenant
