// The reference documents name every reason and every factor, and nothing that does not exist.
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "decision/decision.h"

namespace exota::decision {
namespace {

std::string document(const std::string& name) {
    std::ifstream file(std::string(EXOTA_SOURCE_DIR) + "/docs/reference/" + name);
    EXPECT_TRUE(file) << name;
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

/// The names in headings such as "## `no-policy`".
std::set<std::string> headings(const std::string& text) {
    std::set<std::string> names;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
        if (line.starts_with("## `") && line.ends_with('`')) names.insert(line.substr(4, line.size() - 5));
    return names;
}

/// The names that begin a row of the table: "| `peer` | ...".
std::set<std::string> rows(const std::string& text) {
    std::set<std::string> names;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
        if (line.starts_with("| `")) names.insert(line.substr(3, line.find('`', 3) - 3));
    return names;
}

TEST(Documents, ExplainEachReasonAndNoOther) {
    std::set<std::string> reasons;
    for (std::size_t i = 0; i < reason_count; ++i) reasons.insert(std::string(name_of(static_cast<Reason>(i))));
    EXPECT_EQ(reasons.size(), reason_count);
    EXPECT_EQ(headings(document("reasons.md")), reasons);
}

TEST(Documents, ExplainEachFactorAndNoOther) {
    const std::set<std::string> factors(tenant::factor_names.begin(), tenant::factor_names.end());
    EXPECT_EQ(rows(document("decision.md")), factors);
}

}  // namespace
}  // namespace exota::decision
