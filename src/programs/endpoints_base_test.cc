#include "programs/endpoints_base.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "net/testing.h"

namespace exota::programs {
namespace {

constexpr std::chrono::seconds day = std::chrono::days(1), now{1'764'000'000};

config::EndpointList list_of(std::size_t prefixes) {
    config::EndpointList list;
    for (std::size_t i = 0; i < prefixes; ++i)
        list.prefixes.push_back(*base::IpPrefix::parse("2001:db8:" + std::to_string(1000 + i % 9000) + ":1000:2000:3000:4000:5000/128"));
    return list;
}

class EndpointsBaseFile : public ::testing::Test {
protected:
    std::string text() const {
        std::ifstream in(endpoints_base_path(file_));
        return {std::istreambuf_iterator<char>(in), {}};
    }
    void put(const std::string& text) const { std::ofstream(endpoints_base_path(file_)) << text; }

    net::testing::TemporaryDirectory folder_;
    const std::string file_ = folder_.path("endpoints.json");
};

TEST_F(EndpointsBaseFile, IsReadAsItWasWritten) {
    EXPECT_FALSE(endpoints_base(file_, "0123", now)) << "there is none";
    for (const std::size_t prefixes : {std::size_t{1}, config::max_endpoint_prefixes}) {
        ASSERT_TRUE(keep_endpoints_base(file_, {.list = list_of(prefixes), .written = "0123", .changed = now}));
        const auto read = endpoints_base(file_, "0123", now);
        ASSERT_TRUE(read) << prefixes;
        EXPECT_EQ(read->list.prefixes, list_of(prefixes).prefixes);
        EXPECT_EQ(read->written, "0123");
        EXPECT_EQ(read->changed, now);
    }
}

TEST_F(EndpointsBaseFile, WithMorePrefixesThanAListMayHaveIsNone) {
    const std::string head = "exota endpoints base 1 1764000000 0123\n";
    std::string lines;
    for (std::size_t i = 0; i < config::max_endpoint_prefixes; ++i) lines += "::/0\n";
    put(head + lines);
    EXPECT_TRUE(endpoints_base(file_, "0123", now));
    put(head + lines + "::/0\n");
    EXPECT_FALSE(endpoints_base(file_, "0123", now));
}

TEST_F(EndpointsBaseFile, CountsUntilSomebodyElseWritesOrTheListStands) {
    ASSERT_TRUE(keep_endpoints_base(file_, {.list = list_of(2), .written = "0123", .changed = now}));
    EXPECT_FALSE(endpoints_base(file_, "0124", now)) << "somebody else wrote the list";
    EXPECT_FALSE(endpoints_base(file_, "", now)) << "or took it away";
    EXPECT_TRUE(endpoints_base(file_, "0123", now + endpoints_stand - std::chrono::seconds(1)));
    EXPECT_FALSE(endpoints_base(file_, "0123", now + endpoints_stand)) << "the list stood";
    EXPECT_TRUE(endpoints_base(file_, "0123", now - 1000 * day)) << "by a clock that was ahead nothing stood";
}

TEST_F(EndpointsBaseFile, DamagedItIsNone) {
    ASSERT_TRUE(keep_endpoints_base(file_, {.list = list_of(2), .written = "0123", .changed = now}));
    const std::string good = text();
    ASSERT_TRUE(good.starts_with("exota endpoints base 1 1764000000 0123\n"));
    for (const std::string& bad :
         {std::string(), std::string("exota endpoints base 2 1764000000 0123\n2001:db8::/32\n"),
          std::string("exota endpoints base 1 x 0123\n2001:db8::/32\n"), std::string("exota endpoints base 1 -1 0123\n2001:db8::/32\n"),
          std::string("exota endpoints base 1 -9223372036854775808 0123\n2001:db8::/32\n"), good + "\n", good + "nothing\n",
          std::string("exota endpoints base 1 1764000000 0123\n")}) {
        put(bad);
        EXPECT_FALSE(endpoints_base(file_, "0123", now)) << bad;
    }
    std::filesystem::remove(endpoints_base_path(file_));
    std::ofstream(folder_.path("elsewhere")) << good;
    std::filesystem::create_symlink(folder_.path("elsewhere"), endpoints_base_path(file_));
    EXPECT_FALSE(endpoints_base(file_, "0123", now)) << "a link";
    EXPECT_FALSE(keep_endpoints_base(folder_.path("none/file"), {}));
}

}  // namespace
}  // namespace exota::programs
