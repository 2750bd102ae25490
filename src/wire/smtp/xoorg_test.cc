#include "wire/smtp/xoorg.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace exota::smtp {
namespace {

TEST(Xoorg, is_one_domain_name) {
    const std::string label(63, 'a');
    const std::string longest = label + "." + label + "." + label + "." + std::string(61, 'a');  // 253 octets
    std::string encoded;
    for (const char c : longest) encoded += c == '.' ? "+2E" : std::string(1, c);
    struct Case {
        std::string value;
        std::optional<std::string> want;
    };
    const Case cases[] = {
        {"contoso.example", "contoso.example"},
        {"Contoso.Example", "contoso.example"},
        {"contoso+2Eexample", "contoso.example"},
        {"contoso.example.", "contoso.example"},
        {"b+C3+BCcher.example", "xn--bcher-kva.example"},
        {longest, longest},
        {encoded, longest},
        {longest + "a", std::nullopt},
        {std::string(256, 'a'), std::nullopt},
        {"", std::nullopt},
        {"+", std::nullopt},
        {"+2e", std::nullopt},
        {"a=b", std::nullopt},
        {"contoso+00.example", std::nullopt},
        {"contoso.example+0D+0A", std::nullopt},
        {"a.example+20b.example", std::nullopt},
        {"a.example,b.example", std::nullopt},
        {"[192.0.2.1]", std::nullopt},
        {"user@contoso.example", std::nullopt},
        {"<>", std::nullopt},
        {"b\xc3\xbc"
         "cher.example",
         std::nullopt},
    };
    for (const Case& c : cases) {
        const auto read = parse_xoorg(c.value);
        EXPECT_EQ(read ? std::optional(read->text()) : std::nullopt, c.want) << c.value;
        if (!read) EXPECT_EQ(read.error().code == base::Errc::invalid_data || read.error().code == base::Errc::too_long, true);
    }
}

}  // namespace
}  // namespace exota::smtp
