// Settings of [dkim] and [authentication_results], and the words that `forwarding` takes.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "config/build.h"
#include "config/config.h"
#include "config/testing.h"
#include "config/tree.h"

namespace exota::config {
namespace {

using testing::all_of;
using testing::from_toml;
using testing::minimal;

TEST(ConfigAuthentication, TrustedIdsWithoutAWordOnTheSourceAreAnError) {
    const std::string ids = "[authentication_results]\ntrusted_authserv_ids = [\"mx.example\"]\n";
    const LoadedConfig loaded = from_toml(std::string(minimal) + ids);
    EXPECT_FALSE(loaded.config);
    for (const char* choice : {"\"authentication-results\"", "\"verify\"", "\"both\""})
        EXPECT_NE(all_of(loaded).find(choice), std::string::npos) << all_of(loaded);
    for (const char* source : {"authentication-results", "verify", "both"})
        EXPECT_TRUE(from_toml(std::string(minimal) + "[dkim]\nsource = \"" + source + "\"\n" + ids).config) << source;
    EXPECT_TRUE(from_toml(std::string(minimal) + "[authentication_results]\ntrusted_authserv_ids = []\n").config);
}

TEST(ConfigAuthentication, ForwardingIsATruthValueOrAWord) {
    using tenant::Forwarding;
    const struct {
        std::string_view value;
        Forwarding want;
    } cases[] = {{"true", Forwarding::all}, {"false", Forwarding::none}, {"\"journal\"", Forwarding::journal}};
    for (const auto& c : cases) {
        const LoadedConfig loaded = from_toml(std::string(minimal) + "forwarding = " + std::string(c.value) + "\n");
        ASSERT_TRUE(loaded.config) << all_of(loaded);
        EXPECT_EQ(loaded.config->tenant_defaults.forwarding, c.want) << c.value;
    }
}

TEST(ConfigAuthentication, ForwardingSaysHowItIsWritten) {
    const struct {
        std::string_view value, says;
    } cases[] = {
        {"\"some\"", "must be false, \"journal\" or true, not \"some\""},
        {"1.5", "must be false, \"journal\" or true, not "},
        {"\"true\"", "write true without quotes"},
        {"\"false\"", "write false without quotes"},
    };
    for (const auto& c : cases) {
        const LoadedConfig loaded = from_toml(std::string(minimal) + "forwarding = " + std::string(c.value) + "\n");
        EXPECT_FALSE(loaded.config) << c.value;
        EXPECT_NE(all_of(loaded).find(c.says), std::string::npos) << all_of(loaded);
    }
    EXPECT_NE(all_of(from_toml(std::string(minimal) + "peer_proof = true\n")).find(", not true"), std::string::npos);
    for (const char* number : {"7489", "\"7489\""}) EXPECT_TRUE(from_toml(std::string(minimal) + "[dmarc]\nrfc = " + number + "\n").config);
}

TEST(ConfigAuthentication, JobIdsWithWhatTheyDoNotGoWith) {
    constexpr std::string_view hops = "that hop's queue id", any = "no effect with job ids", anywhere = "below a Received";
    const struct {
        std::string_view settings;
        std::vector<std::string_view> says;
    } cases[] = {
        {"job_id = true\n", {}},
        {"own_hops = 1\n", {}},
        {"job_id = true\nown_hops = 1\n", {hops}},
        {"position = \"any\"\n", {anywhere}},
        {"job_id = true\nposition = \"any\"\n", {any}},
        {"job_id = true\nown_hops = 2\nposition = \"any\"\n", {hops, any}},
    };
    for (const auto& c : cases) {
        const LoadedConfig loaded = from_toml(
            std::string(minimal) + "[dkim]\nsource = \"both\"\n[authentication_results]\ntrusted_authserv_ids = [\"mx.example\"]\n" +
            std::string(c.settings));
        ASSERT_TRUE(loaded.config) << all_of(loaded);
        for (const std::string_view text : {hops, any, anywhere})
            EXPECT_EQ(all_of(loaded).contains(text), std::ranges::find(c.says, text) != c.says.end()) << c.settings << text << '\n'
                                                                                                      << all_of(loaded);
    }
}

}  // namespace
}  // namespace exota::config
