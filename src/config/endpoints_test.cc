#include "config/endpoints.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace exota::config {
namespace {

constexpr std::string_view id_10 = R"([
 {"id": 1, "serviceArea": "Exchange", "urls": ["outlook.office.com"], "ips": ["13.107.6.152/31"], "tcpPorts": "80,443"},
 {"id": 10, "serviceArea": "Exchange", "ips": ["40.92.0.0/15", "2a01:111:f400::/48"], "tcpPorts": "25", "required": true},
 {"id": 31, "serviceArea": "SharePoint", "ips": ["13.107.136.0/22"], "tcpPorts": "25"},
 {"id": 64, "serviceArea": "Skype"}
])";

TEST(Endpoints, TakesExchangeWithPort25Only) {
    const auto list = parse_endpoints(id_10);
    ASSERT_TRUE(list) << list.error().detail;
    ASSERT_EQ(list->prefixes.size(), 2U);
    EXPECT_EQ(list->prefixes[0].text(), "40.92.0.0/15");
    EXPECT_EQ(list->prefixes[1].text(), "2a01:111:f400::/48");
    EXPECT_EQ(list->records, 1U);
}

std::string record(std::string_view fields) { return "[{\"serviceArea\": \"Exchange\", " + std::string(fields) + "}]"; }

TEST(Endpoints, PortsAsWritten) {
    const struct {
        std::string_view ports;
        bool taken;
    } cases[] = {
        {R"("25")", true}, {R"("25,587")", true}, {R"("143, 25 ,587")", true}, {"25", true},   {R"("2525")", false}, {R"("25-30x")", false},
        {R"("")", false},  {"null", false},       {R"(["25"])", false},        {"443", false},
    };
    for (const auto& c : cases)
        EXPECT_EQ(parse_endpoints(record("\"ips\": [\"192.0.2.0/24\"], \"tcpPorts\": " + std::string(c.ports))).has_value(), c.taken)
            << c.ports;
}

TEST(Endpoints, Errors) {
    const struct {
        std::string text;
        std::string_view says;
    } cases[] = {
        {"", "no JSON"},
        {"{}", "no JSON array"},
        {"[1]", "record 1"},
        {"[]", "shrank to nothing"},
        {record("\"tcpPorts\": \"25\""), "shrank to nothing"},
        {record("\"tcpPorts\": \"25\", \"ips\": []"), "shrank to nothing"},
        {record("\"tcpPorts\": \"25\", \"ips\": \"192.0.2.0/24\""), "no list"},
        {record("\"tcpPorts\": \"25\", \"ips\": [1]"), "no string"},
        {record("\"id\": 10, \"tcpPorts\": \"25\", \"ips\": [\"192.0.2.0/33\"]"), "id 10"},
        {record("\"tcpPorts\": \"25\", \"ips\": [\"192.0.2.1/24\"]"), "record 1"},
        {std::string(id_10.substr(0, 200)), "no JSON"},
        {std::string(max_endpoint_octets + 1, ' '), "more than"},
    };
    for (const auto& c : cases) {
        const auto list = parse_endpoints(c.text);
        ASSERT_FALSE(list) << c.text.substr(0, 200);
        EXPECT_NE(list.error().detail.find(c.says), std::string::npos) << list.error().detail;
    }
}

TEST(Endpoints, RepeatsCountOnceAndAByteOrderMarkIsTaken) {
    const auto list = parse_endpoints("\xEF\xBB\xBF" + record(R"("ips": ["192.0.2.0/24", "192.0.2.0/24"], "tcpPorts": "25")"));
    ASSERT_TRUE(list);
    EXPECT_EQ(list->prefixes.size(), 1U);
}

TEST(Endpoints, TheShippedListHasMicrosoftsPrefixes) {
    std::ifstream file(EXOTA_SOURCE_DIR "/packaging/endpoints.json");
    const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    const auto list = parse_endpoints(text);
    ASSERT_TRUE(list) << list.error().detail;
    EXPECT_EQ(list->prefixes.size(), 6U);
    EXPECT_TRUE(base::any_contains(list->prefixes, base::IpAddress::parse("104.47.127.255").value()));
    EXPECT_FALSE(base::any_contains(list->prefixes, base::IpAddress::parse("104.47.128.0").value()));
    EXPECT_FALSE(base::any_contains(list->prefixes, base::IpAddress::parse("40.95.0.1").value()));
}

TEST(Endpoints, AgeIsWarnedAboutOnBothSides) {
    const std::string path = ::testing::TempDir() + "/endpoints_age.json";
    std::ofstream(path) << "[]";
    const auto now = std::chrono::system_clock::now();
    EXPECT_FALSE(endpoint_age_warning(path, now));
    EXPECT_FALSE(endpoint_age_warning(path, now + endpoint_list_is_old - std::chrono::days(1)));
    EXPECT_TRUE(endpoint_age_warning(path, now + endpoint_list_is_old + std::chrono::days(1)));
    std::filesystem::remove(path);
    EXPECT_TRUE(endpoint_age_warning(path, now));
}

TEST(Endpoints, AConfirmationMakesAFileYoung) {
    const std::string path = ::testing::TempDir() + "/endpoints_confirmed.json";
    std::ofstream(path) << "[]";
    const auto later = std::chrono::system_clock::now() + endpoint_list_is_old + std::chrono::days(1);
    EXPECT_TRUE(endpoint_age_warning(path, later));
    EXPECT_FALSE(endpoint_age_warning(path, later, later - std::chrono::days(1)));
    EXPECT_TRUE(endpoint_age_warning(path, later, later - endpoint_list_is_old - std::chrono::days(2)));
    std::filesystem::remove(path);
}

TEST(Endpoints, ATimeThatLiesAheadMakesNothingYoung) {
    const std::string path = ::testing::TempDir() + "/endpoints_ahead.json";
    std::ofstream(path) << "[]";
    const auto now = std::chrono::system_clock::now(), before = now - std::chrono::days(1);
    std::filesystem::last_write_time(path, std::filesystem::file_time_type::clock::now() + std::chrono::days(3650));
    EXPECT_EQ(endpoint_age_warning(path, now), "age unknown: its time lies ahead");
    EXPECT_EQ(endpoint_age_warning(path, now, now + std::chrono::days(1)), "age unknown: its time lies ahead");
    EXPECT_FALSE(endpoint_age_warning(path, now, before));
    std::filesystem::remove(path);
}

TEST(Endpoints, VersionDocuments) {
    EXPECT_EQ(parse_endpoint_version(R"({"instance":"Worldwide","latest":"2026081400"})", "Worldwide").value(), "2026081400");
    EXPECT_EQ(parse_endpoint_version(R"({"latest":"1","instance":"worldwide","more":[]})", "Worldwide").value(), "1");
    const std::string digits(max_version_digits, '1');
    EXPECT_EQ(parse_endpoint_version(R"({"instance":"China","latest":")" + digits + "\"}", "China").value(), digits);
    const std::string cases[] = {
        "",
        "[]",
        "{}",
        "[{\"instance\":\"China\",\"latest\":\"1\"}]",
        R"({"instance":"China","latest":1})",
        R"({"instance":"China","latest":""})",
        R"({"instance":"China","latest":"1 "})",
        R"({"instance":"China","latest":"20x"})",
        R"({"instance":"Worldwide","latest":"1"})",
        R"({"latest":"1"})",
        R"({"instance":"China","latest":"1"} x)",
        R"({"instance":"China","latest":")" + digits + "1\"}",
        R"({"instance":"China","latest":"1"})" + std::string(max_endpoint_version_octets, ' '),
    };
    for (const std::string& text : cases) EXPECT_FALSE(parse_endpoint_version(text, "China")) << text.substr(0, 200);
    const std::string longest = R"({"instance":"China","latest":"1"})";
    EXPECT_TRUE(parse_endpoint_version(longest + std::string(max_endpoint_version_octets - longest.size(), ' '), "China"));
}

}  // namespace
}  // namespace exota::config
