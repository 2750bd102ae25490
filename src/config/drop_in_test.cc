#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "base/one_line.h"
#include "config/config.h"

namespace exota::config {
namespace {

using Variables = std::vector<std::string>;

LoadedConfig load(const Variables& variables) {
    std::vector<const char*> pointers;
    for (const std::string& entry : variables) pointers.push_back(entry.c_str());
    pointers.push_back(nullptr);
    return from_environment(pointers.data());
}

std::string texts(const LoadedConfig& loaded) {
    std::string out;
    for (const Problem& problem : loaded.problems) out += to_text(problem) + '\n';
    return out;
}

TEST(DropIn, IsAskedForByAnyOfTheVariables) {
    const char* none[] = {"PATH=/bin", "LOG_LEVEL=debug", "MILTER_UNKNOWN=1", nullptr};
    const char* one[] = {"PATH=/bin", "MILTER_NAME=", nullptr};
    const char* prefix_only[] = {"MILTER_NAME", nullptr};
    EXPECT_FALSE(drop_in_requested(none));
    EXPECT_TRUE(drop_in_requested(one));
    EXPECT_FALSE(drop_in_requested(prefix_only));
}

TEST(DropIn, DefaultsAreThePredecessors) {
    const LoadedConfig loaded = load({"MILTER_POLICY_FILE=/data/policy.json"});
    ASSERT_TRUE(loaded.config) << texts(loaded);
    const Config& c = *loaded.config;
    EXPECT_EQ(c.milter.listen, std::vector<std::string>{"/socket/exota-milter"});
    EXPECT_EQ(c.milter.socket_mode, std::nullopt);
    EXPECT_EQ(c.log.name, "exota-milter");
    EXPECT_EQ(c.log.level, telemetry::LogLevel::info);
    EXPECT_EQ(c.tenants.file, "/data/policy.json");
    EXPECT_EQ(c.rules.mode, tenant::Mode::enforce);
    EXPECT_EQ(c.rules.peer_proof, decision::PeerProof::none);
    EXPECT_EQ(c.rules.authres.position, evidence::AuthresTrust::Position::any);
    EXPECT_FALSE(c.rules.contradictions_refuse);
    EXPECT_TRUE(c.rules.resent_from);
    EXPECT_TRUE(c.rules.forwarding_always);
    EXPECT_EQ(c.rules.reply.tempfail_code, 450);
    EXPECT_FALSE(c.rules.header.add);
    ASSERT_TRUE(c.rules.drop_in);
    EXPECT_EQ(c.rules.drop_in->reject_message, "Security policy violation!");
    EXPECT_EQ(c.rules.drop_in->tempfail_message, "Service temporarily not available! Please try again later.");
    EXPECT_FALSE(c.rules.drop_in->x509 || c.rules.drop_in->dkim || c.rules.drop_in->tenant_id_required);
}

TEST(DropIn, SetMeansOnWhateverTheValue) {
    for (const std::string value : {"", "false", "0", "no", "Off"}) {
        const LoadedConfig loaded = load({"MILTER_POLICY_FILE=p", "MILTER_TENANT_ID_REQUIRED=" + value, "MILTER_X509_ENABLED=" + value});
        ASSERT_TRUE(loaded.config);
        EXPECT_TRUE(loaded.config->rules.drop_in->tenant_id_required);
        EXPECT_TRUE(loaded.config->rules.drop_in->x509);
        EXPECT_EQ(std::ranges::count_if(loaded.problems, [](const Problem& p) { return p.text.find("reads as off") != std::string::npos; }),
                  2)
            << texts(loaded);
    }
    const LoadedConfig loaded = load({"MILTER_POLICY_FILE=p", "MILTER_TENANT_ID_REQUIRED=True"});
    EXPECT_EQ(texts(loaded).find("reads as off"), std::string::npos);
}

TEST(DropIn, ErrorTextsAreKept) {
    const struct {
        Variables variables;
        std::string_view says;
    } cases[] = {
        {{"MILTER_NAME=x"}, "ENV[MILTER_POLICY_FILE] is mandatory!"},
        {{"MILTER_POLICY_FILE=p", "MILTER_DKIM_ENABLED=1"}, "ENV[MILTER_TRUSTED_AUTHSERVID] is mandatory!"},
        {{"MILTER_POLICY_FILE=p", "MILTER_ADD_HEADER=1"}, "ENV[MILTER_AUTHSERVID] is mandatory!"},
        {{"MILTER_POLICY_FILE=p", "MILTER_DKIM_ENABLED=1", "MILTER_TRUSTED_AUTHSERVID=a", "MILTER_DKIM_ALIGNMENT_REQUIRED=true"},
         "ENV[MILTER_DKIM_ALIGNMENT_REQUIRED] must be a boolean type: 'True' or 'False'!"},
        {{"MILTER_POLICY_FILE=p", "MILTER_DKIM_ENABLED=1", "MILTER_TRUSTED_AUTHSERVID=a", "MILTER_DKIM_ALIGNMENT_REQUIRED="},
         "ENV[MILTER_DKIM_ALIGNMENT_REQUIRED] must be a boolean type: 'True' or 'False'!"},
        {{"MILTER_POLICY_SOURCE=ldap"}, "ENV[MILTER_LDAP_SERVER_URI] is mandatory!"},
        {{"MILTER_POLICY_SOURCE=redis"}, "must be \"file\" or \"ldap\""},
    };
    for (const auto& c : cases) {
        const LoadedConfig loaded = load(c.variables);
        EXPECT_FALSE(loaded.config) << c.says;
        EXPECT_NE(texts(loaded).find(c.says), std::string::npos) << texts(loaded);
    }
}

TEST(DropIn, AnErrorLeavesThePolicyToBeChecked) {
    const struct {
        Variables variables;
        std::string_view file;  // empty: none
        bool errors_only;
    } cases[] = {
        {{"MILTER_POLICY_FILE=/p", "MILTER_ADD_HEADER=1"}, "/p", false},
        {{"MILTER_POLICY_FILE=/p", "MILTER_DKIM_ENABLED=1", "MILTER_TRUSTED_AUTHSERVID=a", "MILTER_DKIM_ALIGNMENT_REQUIRED=x"}, "/p", true},
        {{"MILTER_ADD_HEADER=1"}, "", false},
        {{"MILTER_POLICY_SOURCE=x", "MILTER_POLICY_FILE=/p"}, "", false},
    };
    for (const auto& c : cases) {
        const LoadedConfig loaded = load(c.variables);
        EXPECT_FALSE(loaded.config);
        ASSERT_EQ(loaded.tenants_to_check.has_value(), !c.file.empty()) << texts(loaded);
        if (c.file.empty()) continue;
        EXPECT_EQ(loaded.tenants_to_check->file, c.file);
        EXPECT_EQ(loaded.tenants_to_check->errors_only, c.errors_only) << texts(loaded);
    }
}

TEST(DropIn, ReadsOnlyWhatIsOn) {
    // Without DKIM, a bogus alignment flag and a missing authserv-id are nothing; without ADD_HEADER, AUTHSERVID is not read.
    const LoadedConfig loaded =
        load({"MILTER_POLICY_FILE=p", "MILTER_DKIM_ALIGNMENT_REQUIRED=maybe", "MILTER_AUTHSERVID=x y", "MILTER_X509_TRUSTED_CN=z"});
    ASSERT_TRUE(loaded.config) << texts(loaded);
    EXPECT_TRUE(loaded.config->rules.authres.authserv_ids.empty());
    EXPECT_EQ(loaded.config->rules.header.authserv_id, "");
}

TEST(DropIn, AnAuthservIdThatIsNoneIsUsedWithAWarning) {
    for (const std::string_view id : {"", "mx 1", "mx;x", "m\xc3\xbcnchen.example", "mx\x7f", "mx.example"}) {
        const LoadedConfig loaded = load({"MILTER_POLICY_FILE=p", "MILTER_ADD_HEADER=1", "MILTER_AUTHSERVID=" + std::string(id)});
        ASSERT_TRUE(loaded.config) << texts(loaded);
        EXPECT_EQ(loaded.config->rules.header.authserv_id, id);
        EXPECT_EQ(texts(loaded).contains("ENV[MILTER_AUTHSERVID] is invalid: " + base::in_one_line(id)), id != "mx.example")
            << texts(loaded);
    }
}

TEST(DropIn, AlignmentIsOffUnlessTrue) {
    const auto required = [](Variables more) {
        more.insert(more.end(), {"MILTER_POLICY_FILE=p", "MILTER_DKIM_ENABLED=1", "MILTER_TRUSTED_AUTHSERVID=MX.Example"});
        const LoadedConfig loaded = load(more);
        EXPECT_TRUE(loaded.config) << texts(loaded);
        EXPECT_EQ(loaded.config->rules.authres.authserv_ids, std::vector<std::string>{"mx.example"});
        return loaded.config->rules.drop_in->dkim_alignment_required;
    };
    EXPECT_FALSE(required({}));
    EXPECT_FALSE(required({"MILTER_DKIM_ALIGNMENT_REQUIRED=False"}));
    EXPECT_TRUE(required({"MILTER_DKIM_ALIGNMENT_REQUIRED=True"}));
}

TEST(DropIn, WhitelistLosesItsWhiteSpaceAndIsSplitAtCommas) {
    const struct {
        std::string list;
        std::vector<std::string> addresses;
        std::size_t warnings;
    } cases[] = {
        {"10.0.0.1, 127.0.0.1", {"10.0.0.1/32", "127.0.0.1/32"}, 0},
        {"10.0.0.1 127.0.0.1", {}, 1},  // becomes 10.0.0.1127.0.0.1
        {"::1,\t2001:db8:: 1", {"::1/128", "2001:db8::1/128"}, 0},
        {"10.0.0.0/8", {}, 1},  // never was a prefix
        {"", {}, 0},
        {",,", {}, 0},
        {"localhost,127.0.0.1", {"127.0.0.1/32"}, 1},
    };
    for (const auto& c : cases) {
        const LoadedConfig loaded = load({"MILTER_POLICY_FILE=p", "MILTER_X509_ENABLED=1", "MILTER_X509_IP_WHITELIST=" + c.list});
        ASSERT_TRUE(loaded.config);
        std::vector<std::string> got;
        for (const auto& prefix : loaded.config->rules.certificate_exempt) got.push_back(prefix.text());
        EXPECT_EQ(got.size(), c.addresses.size()) << c.list;
        for (const std::string& address : c.addresses) {
            const std::string bare = address.substr(0, address.find('/'));
            EXPECT_TRUE(base::any_contains(loaded.config->rules.certificate_exempt, base::IpAddress::parse(bare).value())) << bare;
        }
        EXPECT_EQ(static_cast<std::size_t>(std::ranges::count_if(
                      loaded.problems, [](const Problem& p) { return p.text.find("never matched") != std::string::npos; })),
                  c.warnings)
            << texts(loaded);
    }
    const LoadedConfig defaults = load({"MILTER_POLICY_FILE=p", "MILTER_X509_ENABLED=1"});
    EXPECT_EQ(defaults.config->rules.certificate_exempt.size(), 2U);
}

TEST(DropIn, ProofsOfAnEntry) {
    const struct {
        Variables on;
        bool dkim_enabled, alignment;
        std::string_view proof;
    } cases[] = {
        {{}, true, true, "listed"},
        {{"MILTER_X509_ENABLED=1"}, true, true, "client-cert"},
        {{"MILTER_TENANT_ID_REQUIRED=1"}, true, true, "tenant-id"},
        {{"MILTER_DKIM_ENABLED=1", "MILTER_TRUSTED_AUTHSERVID=a"}, true, true, "dkim-any"},
        {{"MILTER_DKIM_ENABLED=1", "MILTER_TRUSTED_AUTHSERVID=a"}, false, true, "listed"},
        {{"MILTER_DKIM_ENABLED=1", "MILTER_TRUSTED_AUTHSERVID=a", "MILTER_DKIM_ALIGNMENT_REQUIRED=True"}, true, true, "dkim-aligned"},
        {{"MILTER_DKIM_ENABLED=1", "MILTER_TRUSTED_AUTHSERVID=a", "MILTER_DKIM_ALIGNMENT_REQUIRED=True"}, true, false, "dkim-any"},
        {{"MILTER_DKIM_ENABLED=1", "MILTER_TRUSTED_AUTHSERVID=a", "MILTER_DKIM_ALIGNMENT_REQUIRED=True", "MILTER_X509_ENABLED=1",
          "MILTER_TENANT_ID_REQUIRED=1"},
         true,
         true,
         "client-cert + tenant-id + dkim-aligned"},
    };
    for (const auto& c : cases) {
        Variables variables = c.on;
        variables.emplace_back("MILTER_POLICY_FILE=p");
        const LoadedConfig loaded = load(variables);
        ASSERT_TRUE(loaded.config) << texts(loaded);
        const auto proofs = loaded.config->tenant_defaults.v1_proofs(c.dkim_enabled, c.alignment);
        ASSERT_EQ(proofs.size(), 1U);
        EXPECT_EQ(proofs[0].text, c.proof);
    }
}

TEST(DropIn, MisspeltVariablesAreWarnedOf) {
    const struct {
        std::string_view entry, says;  // empty: nothing
    } cases[] = {
        {"MILTER_TENANT_ID_REQUIERD=1",
         "MILTER_TENANT_ID_REQUIERD: is no variable of the ExOTA-Milter and does nothing; did you mean MILTER_TENANT_ID_REQUIRED?"},
        {"MILTER_DKIM_ENABLE=", "did you mean MILTER_DKIM_ENABLED?"},
        {"MILTER_DKIM_ALIGNMENT=True", "MILTER_DKIM_ALIGNMENT: is no variable of the ExOTA-Milter and does nothing\n"},
        {"MILTER_=1", "MILTER_: is no variable"},
        {"MILTER_TENANT_ID_REQUIRED=1", ""},
        {"MILTER_LDAP_QUERY=x", ""},
        {"XMILTER_DKIM_ENABLE=1", ""},
        {"milter_dkim_enable=1", ""},
        {"MILTER_DKIM_ENABLE", ""},  // no variable at all
        {"PATH=/bin", ""},
    };
    for (const auto& c : cases) {
        const LoadedConfig loaded = load({"MILTER_POLICY_FILE=p", std::string(c.entry)});
        ASSERT_TRUE(loaded.config) << c.entry << texts(loaded);
        if (c.says.empty())
            EXPECT_EQ(texts(loaded).find("does nothing"), std::string::npos) << c.entry << texts(loaded);
        else
            EXPECT_NE(texts(loaded).find(c.says), std::string::npos) << c.entry << texts(loaded);
    }
}

TEST(DropIn, LogLevels) {
    const struct {
        std::string_view value;
        telemetry::LogLevel level;
    } cases[] = {{"info", telemetry::LogLevel::info},       {"INFO", telemetry::LogLevel::info},
                 {"warn", telemetry::LogLevel::warning},    {"Warning", telemetry::LogLevel::warning},
                 {"error", telemetry::LogLevel::error},     {"errors", telemetry::LogLevel::info},
                 {"debugging", telemetry::LogLevel::debug}, {"verbose", telemetry::LogLevel::info},
                 {"xxwarning", telemetry::LogLevel::info},  {"", telemetry::LogLevel::info}};
    for (const auto& c : cases)
        EXPECT_EQ(load({"MILTER_POLICY_FILE=p", "LOG_LEVEL=" + std::string(c.value)}).config->log.level, c.level) << c.value;
}

TEST(DropIn, OpenHolesArePrinted) {
    const auto holes = [](Variables variables) {
        variables.emplace_back("MILTER_POLICY_FILE=p");
        std::string out;
        for (const std::string& text : drop_in_warnings(*load(variables).config)) out += text + '\n';
        return out;
    };
    EXPECT_NE(holes({"MILTER_X509_ENABLED=1"}).find("hole 8"), std::string::npos);
    EXPECT_EQ(holes({"MILTER_X509_ENABLED=1"}).find("hole 2"), std::string::npos);
    EXPECT_NE(holes({"MILTER_DKIM_ENABLED=1", "MILTER_TRUSTED_AUTHSERVID=a"}).find("hole 2"), std::string::npos);
    EXPECT_NE(holes({"MILTER_DKIM_ENABLED=1", "MILTER_TRUSTED_AUTHSERVID=a"}).find("hole 11"), std::string::npos);
    EXPECT_EQ(holes({"MILTER_X509_ENABLED=1"}).find("hole 11"), std::string::npos);
    EXPECT_NE(holes({}).find("no check is switched on"), std::string::npos);
    EXPECT_TRUE(drop_in_warnings(Config{}).empty());
}

TEST(DropIn, EnvironmentAndDefaultFileTogetherAreAnErrorThatNamesBoth) {
    const std::string path = ::testing::TempDir() + "/exota-both.toml";
    std::ofstream(path) << "[authorisation]\nmode = \"monitor\"\n";
    const char* environment[] = {"MILTER_POLICY_FILE=p", nullptr};
    const char* empty[] = {nullptr};
    const LoadedConfig both = choose(std::nullopt, environment, path);
    EXPECT_FALSE(both.config);
    EXPECT_NE(texts(both).find(path), std::string::npos);
    EXPECT_NE(texts(both).find("MILTER_"), std::string::npos);
    EXPECT_TRUE(choose(path, environment, "/does/not/exist").config) << "-c beats the environment";
    EXPECT_TRUE(choose(std::nullopt, environment, "/does/not/exist").config->rules.drop_in);
    EXPECT_FALSE(choose(std::nullopt, empty, path).config->rules.drop_in);
}

}  // namespace
}  // namespace exota::config
