// Settings that need own verification: DMARC and ARC, and the proofs that name them.
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

#include "config/config.h"
#include "config/public_suffixes.h"
#include "config/testing.h"
#include "net/testing.h"
#include "tenant/tenants_file.h"

namespace exota::config {
namespace {

using testing::all_of;
using testing::from_toml;
using testing::minimal;

void write(const std::string& path, std::string_view text) { std::ofstream(path) << text; }

TEST(ConfigOwnVerification, FactorsThatRestOnOwnVerificationNeedIt) {
    const struct {
        std::string_view source, factor;
        bool good;
    } cases[] = {
        {"authentication-results", "dmarc", false},
        {"authentication-results", "arc", false},
        {"authentication-results", "spf", true},
        {"authentication-results", "dkim", true},
        {"verify", "dmarc", true},
        {"verify", "arc", true},
        {"verify", "spf", true},
        {"both", "dmarc", true},
        {"both", "arc", true},
        {"both", "spf", true},
    };
    for (const auto& c : cases) {
        const std::string proof = "client-cert + " + std::string(c.factor);
        const std::string source = "[dkim]\nsource = \"" + std::string(c.source) + "\"\n";
        const LoadedConfig of_all = from_toml(std::string(minimal) + "proofs = [\"" + proof + "\"]\n" + source);
        EXPECT_EQ(of_all.config.has_value(), c.good) << c.source << proof << all_of(of_all);
        if (!c.good) EXPECT_NE(all_of(of_all).find("needs dkim.source"), std::string::npos) << all_of(of_all);

        const LoadedConfig loaded = from_toml(std::string(minimal) + source);
        ASSERT_TRUE(loaded.config) << all_of(loaded);
        const std::string text = R"({"version": 2, "tenants": {"t": {"domains": ["t.example"], "proofs": [")" + proof + R"("]}}})";
        EXPECT_EQ(tenant::read_tenants(text, loaded.config->tenant_defaults).index.has_value(), c.good) << c.source << text;
    }
}

TEST(ConfigOwnVerification, SealersWithoutOwnVerificationAreWarnedOf) {
    const std::string sealers = "[arc]\ntrusted_sealers = [\"lists.example\"]\n";
    const LoadedConfig idle = from_toml(std::string(minimal) + "[dkim]\nsource = \"authentication-results\"\n" + sealers);
    EXPECT_TRUE(idle.config);
    EXPECT_NE(all_of(idle).find("ARC chains are looked at only"), std::string::npos) << all_of(idle);
    const LoadedConfig used = from_toml(std::string(minimal) + "[dkim]\nsource = \"verify\"\n" + sealers);
    EXPECT_EQ(all_of(used).find("ARC chains"), std::string::npos) << all_of(used);
}

TEST(ConfigOwnVerification, DmarcByTheListOfTheSystemOrOfAFile) {
    const std::string verifying = std::string(minimal) + "[dkim]\nsource = \"verify\"\n[client_ip]\nprefixes = [\"40.92.0.0/15\"]\n";
    for (const std::string_view rfc : {"7489", "\"7489\""}) {
        const LoadedConfig loaded = from_toml(verifying + "[dmarc]\nrfc = " + std::string(rfc) + "\n");
        ASSERT_TRUE(loaded.config) << all_of(loaded);
        EXPECT_TRUE(loaded.problems.empty()) << all_of(loaded);
        EXPECT_EQ(loaded.config->rules.dmarc.rfc, authn::DmarcRfc::rfc7489);
        ASSERT_NE(loaded.config->rules.dmarc.public_suffixes, nullptr);
        EXPECT_NE(loaded.config->rules.dmarc.public_suffixes, process_public_suffixes()) << "read anew";
        EXPECT_TRUE(loaded.config->rules.dmarc.public_suffixes->is_public_suffix("co.uk"));
    }
    const auto of_eval = from_json(R"({"authorisation": {"mode": "enforce"}, "dkim": {"source": "verify"}, "dmarc": {"rfc": 7489}})");
    ASSERT_TRUE(of_eval.config) << all_of(of_eval);
    EXPECT_EQ(of_eval.config->rules.dmarc.rfc, authn::DmarcRfc::rfc7489);
    EXPECT_EQ(of_eval.config->rules.dmarc.public_suffixes, process_public_suffixes());

    const net::testing::TemporaryDirectory folder;
    const std::string path = folder.path("list.dat");
    const std::string with_file = "[dmarc]\nrfc = 7489\npublic_suffix_file = \"" + path + "\"\n";
    write(folder.path("list.dat"), "// ===BEGIN ICANN DOMAINS===\ncom\ntown.example\n// ===END ICANN DOMAINS===\n");
    const LoadedConfig own = from_toml(verifying + with_file);
    ASSERT_TRUE(own.config) << all_of(own);
    EXPECT_TRUE(own.config->rules.dmarc.public_suffixes->is_public_suffix("town.example"));
    EXPECT_FALSE(own.config->rules.dmarc.public_suffixes->is_public_suffix("co.uk"));

    write(folder.path("list.dat"), "<html>moved</html>");
    const LoadedConfig page = from_toml(verifying + with_file);
    EXPECT_FALSE(page.config);
    EXPECT_NE(all_of(page).find("no public suffix list"), std::string::npos) << all_of(page);
    EXPECT_NE(all_of(page).find("dmarc.public_suffix_file"), std::string::npos) << all_of(page);
    std::remove(path.c_str());
    const LoadedConfig missing = from_toml(verifying + with_file);
    EXPECT_FALSE(missing.config);
    EXPECT_NE(all_of(missing).find(path), std::string::npos) << all_of(missing);
    EXPECT_FALSE(from_json(R"({"authorisation": {"mode": "enforce"}, "dmarc": {"rfc": 7489, "public_suffix_file": "l.dat"}})").config);
}

TEST(ConfigOwnVerification, DmarcSettingsThatDoNothingAreWarnedOf) {
    const LoadedConfig idle = from_toml(std::string(minimal) + "[dkim]\nsource = \"authentication-results\"\n[dmarc]\nrfc = 7489\n");
    EXPECT_TRUE(idle.config);
    EXPECT_NE(all_of(idle).find("DMARC is looked at only"), std::string::npos) << all_of(idle);
    const net::testing::TemporaryDirectory folder;
    write(folder.path("list.dat"), "// ===BEGIN ICANN DOMAINS===\ncom\n// ===END ICANN DOMAINS===\n");
    const LoadedConfig unused = from_toml(std::string(minimal) + "[dmarc]\npublic_suffix_file = \"" + folder.path("list.dat") + "\"\n");
    EXPECT_TRUE(unused.config);
    EXPECT_NE(all_of(unused).find("rfc = 7489 only"), std::string::npos) << all_of(unused);
}

}  // namespace
}  // namespace exota::config
