#include "app/kept_endpoints.h"

#include <gtest/gtest.h>

#include <sys/stat.h>

#include <filesystem>

#include "net/testing.h"
#include "net/tls_helper.h"

namespace exota::app {
namespace {

using net::testing::write_file;

class KeptEndpoints : public ::testing::Test {
protected:
    void put(std::string_view prefixes) const {
        write_file(path_, "[{\"serviceArea\": \"Exchange\", \"tcpPorts\": \"25\", \"ips\": [" + std::string(prefixes) + "]}]");
    }
    /// As a start finds it: nothing of what ran before but the files.
    config::Config read() const {
        config::Config config;
        config.own_prefixes = {base::IpPrefix::parse("198.51.100.0/24").value()};
        config.tenants.state_directory = folder_.path("state");
        config::use_endpoints(config, config::read_endpoints_file(path_).value());
        return config;
    }
    static std::string said(const std::vector<config::Problem>& problems) {
        std::string out;
        for (const config::Problem& problem : problems) out += to_text(problem) + '\n';
        return out;
    }
    void SetUp() override {
        std::filesystem::create_directory(folder_.path("state"));
        put(R"("192.0.2.0/24", "2001:db8::/48")");
        ASSERT_FALSE(keep_endpoints(read()));
        kept_ = kept_endpoints_path(read());
    }

    net::testing::TemporaryDirectory folder_;
    const std::string path_ = folder_.path("endpoints.json");
    std::string kept_;
};

TEST_F(KeptEndpoints, TheFirstStartHasNothingToCompareWith) {
    std::filesystem::remove(kept_);
    put(R"("192.0.2.0/26")");
    config::Config config = read();
    EXPECT_EQ(said(compare_with_kept(config)), "");
    EXPECT_EQ(config.endpoints.list.prefixes.size(), 1U);
}

TEST_F(KeptEndpoints, WhatARunningDaemonWouldTakeIsTaken) {
    put(R"("192.0.2.0/24", "203.0.113.0/24", "2001:db8::/48")");
    config::Config config = read();
    EXPECT_EQ(said(compare_with_kept(config)), "");
    EXPECT_EQ(config.rules.exchange_online.size(), 4U);
    EXPECT_EQ(config.endpoints.stamp, directory::stamp_of(path_).value());
}

TEST_F(KeptEndpoints, WhatItWouldRefuseIsLeftForTheOneInUseBefore) {
    for (const std::string_view refused :
         {R"("192.0.2.0/24")", R"("192.0.2.0/26", "2001:db8::/48")", R"("192.0.0.0/20", "2001:db8::/48")"}) {
        put(refused);
        config::Config config = read();
        const auto problems = compare_with_kept(config);
        ASSERT_EQ(problems.size(), 1U) << refused;
        EXPECT_EQ(problems[0].severity, config::Problem::Severity::warning) << "it starts all the same";
        EXPECT_EQ(problems[0].file, path_);
        EXPECT_NE(problems[0].text.find("--force"), std::string::npos) << "what to do, if it is meant: " << problems[0].text;
        EXPECT_EQ(config.endpoints.path, path_);
        EXPECT_EQ(config.endpoints.list.prefixes.size(), 2U);
        EXPECT_EQ(config.rules.exchange_online.size(), 3U) << "and the configuration's own";
        EXPECT_NE(config.endpoints.stamp, directory::stamp_of(path_).value()) << "the watch looks at it as at one that changed";
        EXPECT_FALSE(keep_endpoints(config));
        EXPECT_EQ(config::read_endpoints_file(kept_)->list.prefixes.size(), 2U) << "kept is what is in use";
    }
}

TEST_F(KeptEndpoints, WhatAnOperatorSaidIsMeantIsTaken) {
    put(R"("192.0.2.0/26")");
    config::Config config = read();
    ASSERT_TRUE(config::endpoints_guard(path_).accept(config.endpoints.content));
    EXPECT_EQ(said(compare_with_kept(config)), "");
    EXPECT_EQ(config.endpoints.list.prefixes.size(), 1U);
    EXPECT_FALSE(keep_endpoints(config));
    EXPECT_EQ(config::read_endpoints_file(kept_)->content.text(), config.endpoints.content.text());
}

TEST_F(KeptEndpoints, AnotherFileIsNotComparedAndKeptApart) {
    put(R"("192.0.2.0/26")");
    config::Config config = read();
    config.endpoints.path = folder_.path("other.json");
    std::filesystem::copy_file(path_, config.endpoints.path);
    EXPECT_NE(kept_endpoints_path(config), kept_);
    EXPECT_EQ(said(compare_with_kept(config)), "") << "the operator named it";
    EXPECT_FALSE(keep_endpoints(config));
    EXPECT_EQ(config::read_endpoints_file(kept_)->list.prefixes.size(), 2U);
}

TEST_F(KeptEndpoints, DamagedNothingIsComparedAndThatIsSaid) {
    put(R"("192.0.2.0/26")");
    for (const std::string_view damaged : {"", "[", "[]"}) {
        write_file(kept_, std::string(damaged));
        config::Config config = read();
        const auto problems = compare_with_kept(config);
        ASSERT_EQ(problems.size(), 1U) << damaged;
        EXPECT_NE(problems[0].text.find("not compared"), std::string::npos) << problems[0].text;
        EXPECT_EQ(config.endpoints.list.prefixes.size(), 1U);
    }
    EXPECT_FALSE(keep_endpoints(read()));
    EXPECT_EQ(config::read_endpoints_file(kept_)->list.prefixes.size(), 1U) << "mended";
}

TEST_F(KeptEndpoints, NothingIsKeptWithoutAListOrAPlaceAndAPlaceThatIsNoneIsSaid) {
    config::Config config = read();
    config.tenants.state_directory.clear();
    EXPECT_EQ(kept_endpoints_path(config), "");
    EXPECT_TRUE(compare_with_kept(config).empty());
    EXPECT_FALSE(keep_endpoints(config));
    EXPECT_EQ(kept_endpoints_path(config::Config{}), "");
    config.tenants.state_directory = folder_.path("none");
    EXPECT_TRUE(compare_with_kept(config).empty());
    const auto warning = keep_endpoints(config);
    ASSERT_TRUE(warning);
    EXPECT_EQ(warning->severity, config::Problem::Severity::warning);
    EXPECT_NE(warning->text.find("cannot be kept"), std::string::npos);
}

TEST_F(KeptEndpoints, AFileThatChangedSinceItWasReadIsNotKept) {
    const config::Config config = read();
    std::filesystem::remove(kept_);
    put(R"("192.0.2.0/26")");
    EXPECT_FALSE(keep_endpoints(config));
    EXPECT_FALSE(std::filesystem::exists(kept_));
    std::filesystem::remove(path_);
    EXPECT_FALSE(keep_endpoints(config));
    EXPECT_FALSE(std::filesystem::exists(kept_));
}

/// `exota check` of root reads in the folder of the daemon's user.
TEST_F(KeptEndpoints, WhatIsNoFileIsNotReadAndThatIsSaid) {
    put(R"("192.0.2.0/26")");
    const auto looked_at = [&] {
        config::Config config = read();
        return said(compare_with_kept(config));
    };
    std::filesystem::rename(kept_, folder_.path("elsewhere"));
    std::filesystem::create_symlink(folder_.path("elsewhere"), kept_);
    EXPECT_NE(looked_at().find(kept_ + ": a link, which is not followed here"), std::string::npos) << looked_at();
    std::filesystem::remove(kept_);
    ASSERT_EQ(::mkfifo(kept_.c_str(), 0600), 0);
    EXPECT_NE(looked_at().find(kept_ + ": not a regular file"), std::string::npos) << looked_at();
    EXPECT_FALSE(keep_endpoints(read()));
    EXPECT_EQ(read_kept_endpoints(read())->list.prefixes.size(), 1U) << "mended";
}

TEST_F(KeptEndpoints, AListMayBeALinkAndIsNotWaitedFor) {
    const std::string link = folder_.path("link.json"), pipe = folder_.path("pipe.json");
    std::filesystem::create_symlink(path_, link);
    EXPECT_EQ(config::read_endpoints_file(link)->list.prefixes.size(), 2U);
    ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    EXPECT_EQ(config::read_endpoints_file(pipe).error().code, base::Errc::io);
}

}  // namespace
}  // namespace exota::app
