// What a gateway to Exchange asks of other sections: with tls_level = "dane" or "dane-only" of [dns].
#include <gtest/gtest.h>

#include "config/testing.h"

namespace exota::config {
namespace {

/// What is said of gateway.out.tls_level; empty: nothing.
std::string said(std::string_view level, std::string_view dns) {
    const LoadedConfig loaded =
        testing::from_toml(std::string(testing::minimal) + "[dns]\n" + std::string(dns) +
                           "\n[gateway.out]\ndirection = \"to-exchange\"\nlisten = [\"inet:192.0.2.1:26\"]\n" + std::string(level));
    const auto found = std::ranges::find(loaded.problems, "gateway.out.tls_level", &Problem::key);
    return found == loaded.problems.end() ? "" : found->text;
}

TEST(ConfigGatewayDane, NeedsValidationThatIsAlwaysOn) {
    const struct {
        std::string_view level, dns, says;
    } cases[] = {
        {"", "", "\"dane\" needs dns.dnssec = \"on\": with \"auto\" nothing is validated while"},  // the defaults
        {"tls_level = \"dane\"", "dnssec = \"auto\"", "\"dane\" needs dns.dnssec = \"on\""},
        {"tls_level = \"dane-only\"", "dnssec = \"auto\"", "\"dane-only\" needs dns.dnssec = \"on\""},
        {"tls_level = \"dane\"", "dnssec = \"off\"", "\"dane\" needs DNSSEC: dns.dnssec is \"off\""},
        {"tls_level = \"dane-only\"", "dnssec = \"on\"\ntrust_anchor_files = []", "\"dane-only\" needs DNSSEC: dns.trust_anchor_files"},
    };
    for (const auto& c : cases) EXPECT_TRUE(said(c.level, c.dns).starts_with(c.says)) << c.level << c.dns << said(c.level, c.dns);
    for (const std::string_view level : {"dane", "dane-only"})
        EXPECT_EQ(said("tls_level = \"" + std::string(level) + '"', "dnssec = \"on\""), "");
}

TEST(ConfigGatewayDane, OtherLevelsNeedNone) {
    for (const std::string_view level : {"may", "encrypt", "verify"})
        for (const std::string_view dnssec : {"off", "auto", "on"})
            EXPECT_EQ(said("tls_level = \"" + std::string(level) + '"', "dnssec = \"" + std::string(dnssec) + '"'), "");
}

}  // namespace
}  // namespace exota::config
