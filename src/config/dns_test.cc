// [dns]: what libunbound would only say with the first question, of settings that a start has to refuse.
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "config/testing.h"

namespace exota::config {
namespace {

using testing::all_of;
using testing::from_toml;
using testing::minimal;

/// With a server of its own, so that no resolv.conf matters, and nothing else to say.
std::string said(const std::string& lines, const std::string& before = "") {
    const std::string usual = std::string(minimal) + "[client_ip]\nprefixes = [\"40.92.0.0/15\"]\n[dns]\nservers = [\"127.0.0.1@53\"]\n";
    return all_of(from_toml(before + usual + lines));
}

std::string anchors(const std::string& text) {
    const auto* const test = ::testing::UnitTest::GetInstance()->current_test_info();
    std::string path = ::testing::TempDir() + "/exota-anchors-" + test->name() + '-' + std::to_string(::getpid());
    std::ofstream(path) << text;
    return path;
}

constexpr std::string_view key = ". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D\n";

TEST(ConfigDns, TrustAnchorsMustBeFilesThatCanBeRead) {
    EXPECT_EQ(said("trust_anchor_files = [\"" + anchors(std::string(key)) + "\"]\ndnssec = \"on\"\n"), "");
    const struct {
        std::string file, says;
    } cases[] = {
        {"/does/not/exist", "dns.trust_anchor_files: /does/not/exist: No such file"},
        {"/tmp", "dns.trust_anchor_files: /tmp: not a regular file"},  // in which libunbound would read for ever
        {"/dev/null", "dns.trust_anchor_files: /dev/null: not a regular file"},
    };
    for (const auto& c : cases)
        for (const std::string dnssec : {"auto", "on", "off"}) {
            const std::string all = said("trust_anchor_files = [\"" + c.file + "\"]\ndnssec = \"" + dnssec + "\"\n");
            EXPECT_EQ(all.contains(c.says), dnssec != "off") << c.file << dnssec << all;
        }
}

TEST(ConfigDns, TrustAnchorsAreOfNoMatterWhereNothingIsVerified) {
    EXPECT_FALSE(
        said("trust_anchor_files = [\"/does/not/exist\"]\n", "[dkim]\nsource = \"authentication-results\"\n").contains("trust_anchor"));
}

/// Others ask as well, with the same resolver.
TEST(ConfigDns, TrustAnchorsMatterToASectionToExchange) {
    const std::string all = said("trust_anchor_files = [\"/does/not/exist\"]\n[gateway.out]\ndirection = \"to-exchange\"\n",
                                 "[dkim]\nsource = \"authentication-results\"\n");
    EXPECT_TRUE(all.contains("dns.trust_anchor_files: /does/not/exist: No such file")) << all;
}

TEST(ConfigDns, ValidationThatIsAlwaysOnNeedsAKey) {
    const std::string none = "dns.trust_anchor_files: no DNSKEY or DS record is there";
    const std::string commented = "trust_anchor_files = [\"" + anchors("; " + std::string(key)) + "\"]\n";
    EXPECT_TRUE(said("trust_anchor_files = []\ndnssec = \"on\"\n").contains(none));
    EXPECT_TRUE(said(commented + "dnssec = \"on\"\n").contains(none));
    EXPECT_EQ(said(commented + "dnssec = \"auto\"\n"), "");
    EXPECT_EQ(said("trust_anchor_files = []\n"), "");
}

TEST(ConfigDns, WhatLibunboundCannotReadIsAnErrorOfTheStart) {
    const std::string says = "libunbound: initialization failure";
    EXPECT_TRUE(said("trust_anchor_files = [\"" + anchors("no record\n") + "\"]\n").contains(says));
    EXPECT_TRUE(said("open_zones = [\"..\"]\n").contains(says));
    EXPECT_EQ(said("open_zones = [\"test.\"]\n"), "");
}

}  // namespace
}  // namespace exota::config
