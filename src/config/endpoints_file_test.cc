#include "config/endpoints_file.h"

#include <gtest/gtest.h>

#include <fstream>

#include "config/config.h"
#include "net/testing.h"

namespace exota::config {
namespace {

using net::testing::TemporaryDirectory;

void write_file(const std::string& path, std::string_view text) { std::ofstream(path, std::ios::binary) << text; }

std::string json(std::string_view prefixes) {
    return "[{\"serviceArea\": \"Exchange\", \"tcpPorts\": \"25\", \"ips\": [" + std::string(prefixes) + "]}]";
}

TEST(EndpointsFile, IsReadWithItsPlaceInEveryError) {
    const TemporaryDirectory folder;
    const std::string path = folder.path("e.json");
    write_file(path, json("\"192.0.2.0/24\""));
    const auto file = read_endpoints_file(path);
    ASSERT_TRUE(file) << file.error().detail;
    EXPECT_EQ(file->path, path);
    EXPECT_EQ(file->list.prefixes.size(), 1U);
    EXPECT_EQ(file->stamp, directory::stamp_of(path).value());
    const struct {
        std::string text;
        base::Errc code;
    } cases[] = {{"{", base::Errc::invalid_data},
                 {std::string(max_endpoint_octets + 1, ' '), base::Errc::too_long},
                 {json("\"192.0.2.0/24\"").substr(0, 60), base::Errc::invalid_data}};
    for (const auto& c : cases) {
        write_file(path, c.text);
        const auto wrong = read_endpoints_file(path);
        ASSERT_FALSE(wrong);
        EXPECT_EQ(wrong.error().code, c.code) << wrong.error().detail;
        EXPECT_TRUE(wrong.error().detail.starts_with(path)) << wrong.error().detail;
    }
    EXPECT_EQ(read_endpoints_file(folder.path("none")).error().code, base::Errc::not_found);
}

TEST(EndpointsFile, WhatAnOperatorConfirmedIsUsedAndNothingElse) {
    const TemporaryDirectory folder;
    const std::string wide = folder.path("wide.json"), wider = folder.path("wider.json");
    write_file(wide, json("\"10.0.0.0/8\""));
    write_file(wider, json("\"10.0.0.0/7\""));
    const EndpointsFile file = read_endpoints_file(wide).value(), other = read_endpoints_file(wider).value();
    EXPECT_NE(why_not_used(file, nullptr).find("10.0.0.0/8 is shorter than /10"), std::string::npos);
    EXPECT_NE(why_not_used(file, nullptr).find("exota endpoints update --force --from " + wide), std::string::npos);
    ASSERT_TRUE(endpoints_guard(wide).accept(file.content));
    EXPECT_EQ(why_not_used(file, nullptr), "");
    EXPECT_EQ(why_not_used(file, &other.list), "") << "against any other list, too";
    EXPECT_NE(why_not_used(other, nullptr), "");
    ASSERT_TRUE(endpoints_guard(wider).accept(file.content));
    EXPECT_NE(why_not_used(other, nullptr), "") << "another list's confirmation";
}

class EndpointsInConfiguration : public ::testing::Test {
protected:
    LoadedConfig load_with(std::string_view more, Endpoints endpoints = Endpoints::read) {
        write_file(folder_.path("exota.toml"),
                   "authorisation.mode = \"monitor\"\ntenants.file = \"t.json\"\ntenants.state_directory = \".\"\n"
                   "[client_ip]\nendpoints_file = \"e.json\"\nprefixes = [\"198.51.100.0/24\"]\n" +
                       std::string(more));
        return load(folder_.path("exota.toml"), endpoints);
    }
    static std::string errors(const LoadedConfig& loaded) {
        std::string out;
        for (const Problem& problem : loaded.problems)
            if (problem.severity == Problem::Severity::error) out += to_text(problem) + '\n';
        return out;
    }
    TemporaryDirectory folder_;
};

TEST_F(EndpointsInConfiguration, AreUnitedWithItsOwnPrefixes) {
    write_file(folder_.path("e.json"), json("\"192.0.2.0/24\""));
    const LoadedConfig loaded = load_with("");
    ASSERT_TRUE(loaded.config) << errors(loaded);
    EXPECT_EQ(loaded.config->rules.exchange_online.size(), 2U);
    EXPECT_EQ(loaded.config->own_prefixes.size(), 1U);
    EXPECT_EQ(loaded.config->endpoints.list.prefixes.size(), 1U);
    EXPECT_EQ(loaded.config->endpoints_service.base, (net::HttpsBase{.host = "endpoints.office.com", .port = 443, .path = {}}));
    EXPECT_EQ(loaded.config->endpoints_service.instance, "Worldwide");
    Config config = *loaded.config;
    write_file(folder_.path("e.json"), json("\"192.0.2.0/25\", \"203.0.113.0/24\""));
    use_endpoints(config, read_endpoints_file(folder_.path("e.json")).value());
    EXPECT_EQ(config.rules.exchange_online.size(), 3U);
}

TEST_F(EndpointsInConfiguration, WhatTheRulesRefuseIsAnErrorOfTheKey) {
    write_file(folder_.path("e.json"), json("\"192.0.0.0/9\""));
    EXPECT_NE(errors(load_with("")).find("exota.toml:5:18: error: client_ip.endpoints_file: "), std::string::npos) << errors(load_with(""));
    const LoadedConfig named = load_with("", Endpoints::named);
    ASSERT_TRUE(named.config) << errors(named);
    EXPECT_EQ(named.config->endpoints.path, folder_.path("e.json"));
    EXPECT_EQ(named.config->rules.exchange_online.size(), 1U);
    ASSERT_TRUE(endpoints_guard(folder_.path("e.json")).accept(read_endpoints_file(folder_.path("e.json"))->content));
    EXPECT_TRUE(load_with("").config);
}

TEST_F(EndpointsInConfiguration, TheServiceIsHttpsWithAName) {
    write_file(folder_.path("e.json"), json("\"192.0.2.0/24\""));
    const LoadedConfig china = load_with("endpoints_base = \"https://Endpoints.Example:8443/x\"\nendpoints_instance = \"China\"\n");
    ASSERT_TRUE(china.config) << errors(china);
    EXPECT_EQ(china.config->endpoints_service.base, (net::HttpsBase{.host = "endpoints.example", .port = 8443, .path = "/x"}));
    EXPECT_EQ(china.config->endpoints_service.instance, "China");
    for (const char* wrong : {"endpoints_base = \"http://endpoints.example\"\n", "endpoints_base = \"\"\n",
                              "endpoints_base = \"https://192.0.2.1\"\n", "endpoints_instance = \"Germany\"\n"})
        EXPECT_FALSE(load_with(wrong).config) << wrong;
}

}  // namespace
}  // namespace exota::config
