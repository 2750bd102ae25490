// The openspf suites of RFC 7208 and RFC 4408, from the shared corpora (EXOTA_CORPORA). Their rules for mock DNS are in the corpora's
// README.
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "authn/spf.h"
#include "base/text.h"

namespace exota::authn {
namespace {

namespace json = boost::json;

std::filesystem::path corpora() {
    const char* given = std::getenv("EXOTA_CORPORA");
    return given ? std::filesystem::path(given) : std::filesystem::path(EXOTA_SOURCE_DIR) / "../shared/corpora";
}

std::string text_of(const json::value& value) {
    if (value.is_string()) return std::string(value.as_string());
    std::string joined;
    if (value.is_array())
        for (const json::value& part : value.as_array()) joined += part.as_string();
    return joined;
}

/// The zone of one scenario: answers one question by the suite's rules.
class Zone {
public:
    explicit Zone(const json::object& data) {
        for (const auto& [name, entries] : data) zone_[base::lower(name)] = &entries.as_array();
    }

    DnsAnswer answer(const DnsQuestion& question, int depth = 0) const {
        const auto found = zone_.find(question.name);
        if (found == zone_.end())
            return {.status = question.name.starts_with("error.") ? DnsStatus::temporary_failure : DnsStatus::nxdomain};
        const json::array& entries = *found->second;
        static const std::map<RecordType, std::string> type_names{
            {RecordType::a, "A"}, {RecordType::aaaa, "AAAA"}, {RecordType::mx, "MX"}, {RecordType::ptr, "PTR"}, {RecordType::txt, "TXT"}};
        const std::string& type = type_names.at(question.type);
        const bool has_txt =
            std::ranges::any_of(entries, [](const json::value& e) { return e.is_object() && e.as_object().contains("TXT"); });
        DnsAnswer answer{.status = DnsStatus::no_data};
        for (const json::value& entry : entries) {
            if (entry.is_string()) {  // TIMEOUT: what no earlier entry answered
                if (answer.records.empty()) return {.status = DnsStatus::temporary_failure};
                continue;
            }
            for (const auto& [key, value] : entry.as_object()) {
                if (key == "CNAME" && depth == 0) return this->answer({base::lower(text_of(value)), question.type}, 1);
                if (key != type && !(key == "SPF" && type == "TXT" && !has_txt)) continue;
                if (value.is_string() && value.as_string() == "TIMEOUT") return {.status = DnsStatus::temporary_failure};
                if (value.is_string() && value.as_string() == "NONE") continue;
                answer.records.push_back(record(question.type, value));
            }
        }
        if (!answer.records.empty()) answer.status = DnsStatus::data;
        return answer;
    }

private:
    static std::string record(RecordType type, const json::value& value) {
        if (type == RecordType::a || type == RecordType::aaaa) {
            const auto octets = base::IpAddress::parse(text_of(value))->octets();
            const std::string all(octets.begin(), octets.end());
            return type == RecordType::a ? all.substr(12) : all;
        }
        if (type == RecordType::mx) return std::string("\0\x0a", 2) + base::lower(text_of(value.as_array().at(1)));
        if (type == RecordType::ptr) return base::lower(text_of(value));
        return text_of(value);
    }
    std::map<std::string, const json::array*> zone_;
};

struct Counts {
    int tests = 0, preferred = 0, alternative = 0;
    std::set<std::string> alternatives;
};

Counts run_suite(const std::filesystem::path& file) {
    std::ifstream in(file);
    std::stringstream text;
    text << in.rdbuf();
    Counts counts;
    const json::value suite = json::parse(text.str());
    for (const json::value& scenario : suite.as_array()) {
        const Zone zone(scenario.at("zonedata").as_object());
        for (const auto& [name, test_value] : scenario.at("tests").as_object()) {
            const json::object& test = test_value.as_object();
            const SpfQuery query{.ip = *base::IpAddress::parse(text_of(test.at("host"))),
                                 .helo = text_of(test.at("helo")),
                                 .mail_from = text_of(test.at("mailfrom")),
                                 .want_explanation = true};
            Dns dns;
            SpfResult result;
            int rounds = 0;
            for (result = check_spf(query, dns); result.pending && rounds < 100; result = check_spf(query, dns), ++rounds)
                for (const DnsQuestion& question : dns.take_pending()) dns.put(question, zone.answer(question));
            EXPECT_FALSE(result.pending) << std::string(name);
            ++counts.tests;
            const json::value& want = test.at("result");
            const std::string got(name_of(result.value));
            if (want.is_string() ? want.as_string() == got : want.as_array().at(0).as_string() == got) {
                ++counts.preferred;
            } else if (want.is_array() &&
                       std::ranges::any_of(want.as_array(), [&](const json::value& w) { return w.as_string() == got; })) {
                ++counts.alternative;
                counts.alternatives.insert(std::string(name));
            } else {
                ADD_FAILURE() << std::string(name) << ": got " << got << " (" << result.detail << "), want " << json::serialize(want);
            }
            if (const auto* explanation = test.if_contains("explanation"); explanation && result.value == SpfValue::fail)
                EXPECT_EQ(result.explanation.empty() ? "DEFAULT" : result.explanation, text_of(*explanation)) << std::string(name);
        }
    }
    return counts;
}

TEST(SpfCorpus, rfc7208_suite) {
    const auto file = corpora() / "spf/rfc7208-tests.json";
    if (!std::filesystem::exists(file)) GTEST_SKIP() << "no shared corpora at " << corpora();
    const Counts counts = run_suite(file);
    std::cout << "spf rfc7208: " << counts.preferred << " preferred, " << counts.alternative << " alternative, of " << counts.tests << '\n';
    EXPECT_EQ(counts.tests, 203);
    EXPECT_EQ(counts.preferred + counts.alternative, 203);
}

TEST(SpfCorpus, rfc4408_suite_with_the_ten_named_alternatives) {
    const auto file = corpora() / "spf/rfc4408-tests.json";
    if (!std::filesystem::exists(file)) GTEST_SKIP() << "no shared corpora at " << corpora();
    const Counts counts = run_suite(file);
    std::cout << "spf rfc4408: " << counts.preferred << " preferred, " << counts.alternative << " alternative, of " << counts.tests << '\n';
    const std::set<std::string> named{"spfonly",
                                      "txttimeout",
                                      "spfoverride",
                                      "multitxt1",
                                      "multispf2",
                                      "invalid-domain-empty-label",
                                      "invalid-domain-long",
                                      "invalid-domain-long-via-macro",
                                      "exists-dnserr",
                                      "mx-limit"};
    EXPECT_EQ(counts.tests, 191);
    for (const std::string& name : counts.alternatives) EXPECT_TRUE(named.contains(name)) << name;
    EXPECT_EQ(counts.preferred + counts.alternative, 191);
}

}  // namespace
}  // namespace exota::authn
