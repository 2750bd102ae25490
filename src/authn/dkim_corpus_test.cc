// The shared corpora of real and made messages: `dkim` (48 signatures) and `arc` (82 chains). The count is printed and must be complete.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

#include <boost/json.hpp>

#include "authn/message_test_helper.h"
#include "authn/message_verifier.h"

namespace exota::authn {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

fs::path corpora() {
    const char* set = std::getenv("EXOTA_CORPORA");
    return set != nullptr ? fs::path(set) : fs::path(EXOTA_SOURCE_DIR) / ".." / "shared" / "corpora";
}

std::string read(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::string_view text(const json::value& value) { return value.as_string(); }

TEST(DkimCorpus, every_signature_gets_the_result_that_is_expected) {
    const fs::path folder = corpora() / "dkim";
    if (!fs::exists(folder / "cases.json")) GTEST_SKIP() << "no corpora at " << folder << " (set EXOTA_CORPORA)";
    MockDns zone;
    const json::value records = json::parse(read(folder / "dns.json"));
    for (const auto& [name, record] : records.as_object())
        if (record.is_string()) zone.txt(name, text(record));
    int signatures = 0, good = 0;
    const json::value cases = json::parse(read(folder / "cases.json"));
    for (const json::value& item : cases.as_array()) {
        const json::object& message = item.as_object();
        const std::string id(text(message.at("id")));
        std::int64_t now = 1'700'000'000;
        for (const json::value& signature : message.at("signatures").as_array())
            if (const json::value* why = signature.as_object().if_contains("why"); why != nullptr && why->is_string())
                if (const std::size_t at = text(*why).find("clock "); at != std::string_view::npos)
                    now = std::atoll(text(*why).data() + at + 6);
        const Verified verified = verify(crlf(read(folder / "msg" / (id + ".eml"))), zone, now);
        const json::array& wanted = message.at("signatures").as_array();
        ASSERT_EQ(verified.dkim.signatures.size(), wanted.size()) << id;
        for (std::size_t i = 0; i < wanted.size(); ++i) {
            const json::array& allowed = wanted[i].at("expect").as_array();
            const std::string_view value = name_of(verified.dkim.signatures[i].value);
            const bool as_wanted = std::ranges::any_of(allowed, [value](const json::value& word) { return text(word) == value; });
            EXPECT_TRUE(as_wanted) << id << " signature " << i << ": " << value << " (" << verified.dkim.signatures[i].reason
                                   << "), wanted " << json::serialize(allowed);
            ++signatures;
            good += as_wanted ? 1 : 0;
        }
    }
    std::cout << "dkim corpus: " << good << " of " << signatures << " signatures\n";
    EXPECT_EQ(signatures, 48);
}

TEST(ArcCorpus, every_chain_gets_the_result_that_is_expected) {
    const fs::path file = corpora() / "arc" / "arc-validation.shared.json";
    if (!fs::exists(file)) GTEST_SKIP() << "no corpora at " << file << " (set EXOTA_CORPORA)";
    int chains = 0, good = 0;
    const json::value scenarios = json::parse(read(file));
    for (const json::value& scenario : scenarios.as_array()) {
        MockDns zone;
        for (const auto& [name, record] : scenario.at("txt-records").as_object()) zone.txt(name, text(record));
        for (const auto& [id, test] : scenario.at("tests").as_object()) {
            const Verified verified = verify(crlf(text(test.at("message"))), zone, 1'500'000'000);
            const std::string_view value = name_of(verified.arc.value);
            EXPECT_EQ(value, text(test.at("expect"))) << id << ": " << verified.arc.reason;
            ++chains;
            good += value == text(test.at("expect")) ? 1 : 0;
        }
    }
    std::cout << "arc corpus: " << good << " of " << chains << " chains\n";
    EXPECT_EQ(chains, 82);
}

}  // namespace
}  // namespace exota::authn
