// The shared corpus of fields as EOP writes them, with the reading that is wanted. Found as corpus_test.cc finds its own.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/text.h"
#include "evidence/eop.h"

namespace exota::evidence {
namespace {

namespace json = boost::json;

std::string cases() {
    const char* given = std::getenv("EXOTA_CORPORA");
    const std::filesystem::path corpora = given ? given : std::filesystem::path(EXOTA_SOURCE_DIR) / "../shared/corpora";
    std::ifstream file(corpora / "eop/cases.json", std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

json::value text_or_null(const std::string* text) { return text != nullptr ? json::value(*text) : json::value(nullptr); }

/// A member of the corpus ("mail_from") of a statement.
json::value member_of(const EopStatement& statement, std::string_view name) {
    if (name == "result") return json::value(statement.result);
    if (name == "sender_ip") {
        const auto address = sender_ip_of(statement);
        return address ? json::value(address->text()) : json::value(nullptr);
    }
    if (name == "mail_from") return text_or_null(statement.find("smtp.mailfrom"));
    if (name == "header_from") return text_or_null(statement.find("header.from"));
    if (name == "header_d") {
        const std::string* domain = statement.find("header.d");
        return text_or_null(domain != nullptr && *domain == "none" ? nullptr : domain);
    }
    return text_or_null(statement.find(name));
}

TEST(EopCorpus, each_field_is_read_as_wanted) {
    const std::string text = cases();
    if (text.empty()) GTEST_SKIP() << "no corpus of EOP's fields: set EXOTA_CORPORA";
    std::size_t read = 0, refused = 0;
    for (const json::value& entry : json::parse(text).as_array()) {
        const std::string field(entry.at("field").as_string());
        std::string_view value = field;
        const std::string_view name = base::take_until(value, ':');
        const json::object& expect = entry.at("expect").as_object();
        const auto results = parse_eop_results(value);
        if (expect.contains("error")) {
            EXPECT_FALSE(results) << field;
            ++refused;
            continue;
        }
        ASSERT_TRUE(results) << field << '\n' << results.error().detail;
        EXPECT_EQ(name == "Authentication-Results", !expect.contains("counts")) << "the other name never counts";
        EXPECT_FALSE(has_authserv_id(value)) << field;
        std::size_t methods = 0;
        for (const auto& [method, wanted] : expect) {
            if (method == "counts") continue;
            const auto statement = std::ranges::find(*results, std::string_view(method), &EopStatement::method);
            ASSERT_NE(statement, results->end()) << field << '\n' << method;
            for (const auto& [member, value_wanted] : wanted.as_object())
                EXPECT_EQ(member_of(*statement, member), value_wanted) << field << '\n' << method << ' ' << member;
            ++methods;
        }
        EXPECT_EQ(methods, results->size()) << field;
        ++read;
    }
    EXPECT_EQ(read, 29U);
    EXPECT_EQ(refused, 5U);
}

}  // namespace
}  // namespace exota::evidence
