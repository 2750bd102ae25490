#include "app/loading.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "net/testing.h"
#include "net/tls_helper.h"

namespace exota::app {
namespace {

TEST(Loading, nobody_in_the_tenants_file_is_warned_of_where_it_has_an_effect) {
    const net::testing::TemporaryDirectory folder;
    const struct {
        std::string_view mode, tenants;
        ForceMonitor force_monitor;
        std::string_view says;  // empty: nothing
    } cases[] = {
        {"enforce", "{}", ForceMonitor::no, "is refused"},
        {"enforce", "[]", ForceMonitor::no, "is refused"},
        {"enforce", R"({"version": 2, "tenants": {}})", ForceMonitor::no, "is refused"},
        {"defer", "{}", ForceMonitor::no, "is deferred"},
        {"quarantine", "{}", ForceMonitor::no, "is held"},
        {"monitor", "{}", ForceMonitor::no, ""},
        {"enforce", "{}", ForceMonitor::yes, ""},
        {"enforce", R"({"a.example": {}})", ForceMonitor::no, ""},
        {"enforce", R"({"version": 2, "tenants": {"a": {"domains": ["a.example"]}}})", ForceMonitor::no, ""},
    };
    for (const auto& c : cases) {
        std::ofstream(folder.path("tenants.json")) << c.tenants;
        std::ofstream(folder.path("exota.toml"))
            << "authorisation.mode = \"" << c.mode << "\"\ntenants.file = \"tenants.json\"\ntenants.state_directory = \".\"\n";
        const Loaded loaded = load_all([&] { return config::load(folder.path("exota.toml")); }, c.force_monitor, nullptr);
        ASSERT_TRUE(loaded.snapshot) << c.tenants;
        std::string said;
        for (const config::Problem& problem : loaded.problems)
            if (problem.text.find("names no tenant") != std::string::npos) said += to_text(problem);
        EXPECT_EQ(said.empty(), c.says.empty()) << c.mode << c.tenants << said;
        EXPECT_NE(said.find(c.says), std::string::npos) << said;
        if (!said.empty()) EXPECT_TRUE(said.starts_with(folder.path("tenants.json") + ": warning: ")) << said;
    }
}

TEST(Loading, a_wrong_configuration_hides_nothing_that_is_wrong_in_the_tenants_file) {
    const net::testing::TemporaryDirectory folder;
    const std::string_view good = R"({"version": 2, "tenants": {"a": {"domains": ["a.example"]}}})",  // one warning: no tenant_ids
        bad = R"({"version": 2, "tenants": {"a": {"domains": ["a..example"], "x": 1}, "b": {"domains": ["b.example"], "mode": "?"}}})";
    const struct {
        std::string_view config, tenants;
        std::size_t errors;
        bool warnings;
    } cases[] = {
        {"tenants.file = \"tenants.json\"\nauthorisation.mode = \"monitor\"\n", bad, 3, true},
        {"tenants.file = \"tenants.json\"\nauthorisation.mode = \"monitor\"\nx = 1\n", bad, 4, true},
        {"tenants.file = \"tenants.json\"\nauthorisation.mode = \"monitor\"\ntenants.x = 1\n", bad, 4, true},
        {"tenants.file = \"tenants.json\"\nauthorisation.mode = \"monitor\"\nx = 1\n", good, 1, true},
        {"tenants.file = \"missing.json\"\nauthorisation.mode = \"monitor\"\nx = 1\n", good, 2, false},
        {"tenants.file = \"tenants.json\"\n", bad, 4, false},  // no mode: what entries take from there is not sure
        {"tenants.file = \"tenants.json\"\n", good, 1, false},
        {"tenants.file = 1\nauthorisation.mode = \"monitor\"\n", bad, 1, false},
        {"tenants.fil = \"tenants.json\"\nauthorisation.mode = \"monitor\"\n", bad, 1, false},  // not another file than was meant
        {"tenants.source = \"postgres\"\ntenants.file = \"tenants.json\"\nauthorisation.mode = \"monitor\"\n", bad, 1, false},  // misspelt
        {"tenants.source = \"postgresql\"\ntenants.file = \"tenants.json\"\nauthorisation.mode = \"monitor\"\nx = 1\n", bad, 1, false},
    };
    for (const auto& c : cases) {
        std::ofstream(folder.path("tenants.json")) << c.tenants;
        std::ofstream(folder.path("exota.toml")) << c.config;
        const auto read = [&] { return config::load(folder.path("exota.toml")); };
        const ReadFiles files = read_files(read());
        std::string all;
        for (const config::Problem& problem : files.problems) all += to_text(problem) + '\n';
        EXPECT_EQ(count_of(files.problems, config::Problem::Severity::error), c.errors) << c.config << all;
        const bool warned = std::ranges::any_of(files.problems, [&](const config::Problem& problem) {
            return problem.severity == config::Problem::Severity::warning && problem.file == folder.path("tenants.json");
        });
        EXPECT_EQ(warned, c.warnings) << c.config << all;
        EXPECT_FALSE(files.tenants) << c.config;
        EXPECT_FALSE(files.tenants_stamp && !files.config) << "it was not taken, so it is not what a watch compares with";
        EXPECT_EQ(count_of(load_all(read, ForceMonitor::no, nullptr).problems, config::Problem::Severity::error), c.errors) << "at start";
    }
}

TEST(Loading, a_reload_of_a_wrong_configuration_takes_nothing) {
    const net::testing::TemporaryDirectory folder;
    const std::string_view right = "authorisation.mode = \"monitor\"\ntenants.file = \"tenants.json\"\ntenants.state_directory = \".\"\n";
    const auto read = [&] { return config::load(folder.path("exota.toml")); };
    std::ofstream(folder.path("tenants.json")) << R"({"version": 2, "tenants": {"a": {"domains": ["a.example"]}}})";
    std::ofstream(folder.path("exota.toml")) << right;
    const Loaded before = load_all(read, ForceMonitor::no, nullptr);
    ASSERT_TRUE(before.snapshot);
    std::ofstream(folder.path("exota.toml")) << right << "x = 1\n";
    const Loaded after = load_all(read, ForceMonitor::no, before.snapshot.get());
    EXPECT_FALSE(after.snapshot);
    EXPECT_FALSE(after.config);
    EXPECT_FALSE(after.tenants_stamp);
    EXPECT_EQ(count_of(after.problems, config::Problem::Severity::error), 1U);
}

TEST(Loading, early_refusal_that_refuses_nobody_is_warned_of) {
    const net::testing::TemporaryDirectory folder;
    const net::testing::Identity host = net::testing::Identity::root("Root").issue({.dns_names = {"mx.example.net"}});
    net::testing::write_file(folder.path("host.pem"), host.chain() + host.key());
    const std::string listing = R"("a": {"domains": ["a.example"], "organizations": ["a.example"]})",
                      silent = R"("b": {"domains": ["b.example"]})";
    for (const auto& [early, tenants, warned] :
         {std::tuple("true", listing + ", " + silent, true), std::tuple("true", listing, false), std::tuple("false", silent, false)}) {
        std::ofstream(folder.path("tenants.json")) << R"({"version": 2, "tenants": {)" << tenants << "}}";
        std::ofstream(folder.path("exota.toml"))
            << "authorisation.mode = \"enforce\"\ntenants.file = \"tenants.json\"\ntenants.state_directory = \".\"\n"
            << "[gateway.exchange]\ndirection = \"from-exchange\"\nlisten = [\"inet:127.0.0.1:25\"]\nbackend = [\"inet:127.0.0.1:26\"]\n"
            << "certificate_file = \"host.pem\"\nearly_refusal = " << early << '\n';
        const ReadFiles read = read_files(config::load(folder.path("exota.toml")));
        std::string said;
        for (const config::Problem& problem : read.problems)
            if (problem.text.find("early_refusal of [gateway.exchange]") != std::string::npos) said += to_text(problem);
        EXPECT_EQ(!said.empty(), warned) << early << tenants;
        if (warned) EXPECT_TRUE(said.starts_with(folder.path("tenants.json") + ": warning: ")) << said;
    }
}

TEST(Loading, where_tenants_are_kept_waits_for_the_next_start) {
    config::Config lookup, snapshot, file;
    lookup.tenants.source = snapshot.tenants.source = "ldap";
    lookup.tenants.ldap.emplace().base = "dc=lookup";
    snapshot.tenants.ldap.emplace().base = "dc=snapshot";
    snapshot.tenants.ldap->mode = directory::LdapSettings::Mode::snapshot;
    for (const auto& [running, loaded, base] : {std::tuple(lookup, snapshot, "dc=lookup"), std::tuple(snapshot, lookup, "dc=snapshot"),
                                                std::tuple(snapshot, file, "dc=snapshot"), std::tuple(lookup, lookup, "dc=lookup")}) {
        const config::LoadedConfig taken = with_source_of(running, {.config = loaded, .problems = {}});
        ASSERT_TRUE(taken.config && taken.config->tenants.ldap);
        EXPECT_EQ(taken.config->tenants.ldap->base, base);
    }
}

}  // namespace
}  // namespace exota::app
