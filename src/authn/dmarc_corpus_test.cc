// DMARC records, evaluations and public suffix vectors from the shared corpora (EXOTA_CORPORA).
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <regex>
#include <set>
#include <sstream>

#include "authn/dmarc.h"
#include "base/text.h"
#include "mail/domain.h"

namespace exota::authn {
namespace {

namespace json = boost::json;

std::filesystem::path corpora() {
    const char* given = std::getenv("EXOTA_CORPORA");
    return given ? std::filesystem::path(given) : std::filesystem::path(EXOTA_SOURCE_DIR) / "../shared/corpora";
}

std::string slurp(const std::filesystem::path& file) {
    std::ifstream in(file);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
}

std::string text_of(const json::value& value) { return std::string(value.as_string()); }

json::value cases() { return json::parse(slurp(corpora() / "dmarc/dmarc-cases.json")); }

bool corpora_are_here() { return std::filesystem::exists(corpora() / "dmarc/dmarc-cases.json"); }

TEST(DmarcCorpus, records) {
    if (!corpora_are_here()) GTEST_SKIP() << "no shared corpora at " << corpora();
    int passed = 0;
    const json::value all = cases();
    for (const json::value& test : all.at("records").as_array()) {
        const auto record = parse_dmarc_record(text_of(test.at("record")), DmarcRfc::rfc9989);
        ASSERT_TRUE(record) << text_of(test.at("id"));
        const json::object& want = test.at("expect").as_object();
        const auto psd = record->psd == DmarcPsd::yes ? "y" : record->psd == DmarcPsd::no ? "n" : "u";
        EXPECT_EQ(name_of(record->p), text_of(want.at("p")));
        EXPECT_EQ(name_of(record->sp), text_of(want.at("sp")));
        EXPECT_EQ(name_of(record->np), text_of(want.at("np")));
        EXPECT_EQ(record->adkim == DmarcAlignment::strict ? "s" : "r", text_of(want.at("adkim")));
        EXPECT_EQ(record->aspf == DmarcAlignment::strict ? "s" : "r", text_of(want.at("aspf")));
        EXPECT_EQ(record->testing, want.at("t").as_bool());
        EXPECT_EQ(psd, text_of(want.at("psd")));
        if (want.contains("fo")) EXPECT_EQ(record->fo, text_of(want.at("fo")));
        for (const char* name : {"rua", "ruf"}) {
            if (!want.contains(name)) continue;
            std::vector<std::string> addresses;
            for (const json::value& address : want.at(name).as_array()) addresses.push_back(text_of(address));
            EXPECT_EQ(name == std::string_view("rua") ? record->rua : record->ruf, addresses) << text_of(test.at("id"));
        }
        passed += !HasFailure();
    }
    std::cout << "dmarc records: " << passed << " of " << all.at("records").as_array().size() << '\n';
}

DnsAnswer answer_from(const json::object& zone, const DnsQuestion& question) {
    const auto* name = zone.if_contains(question.name);
    if (!name) return {.status = DnsStatus::nxdomain};
    const auto* records = name->as_object().if_contains(question.type == RecordType::txt ? "TXT" : "A");
    DnsAnswer answer{.status = DnsStatus::no_data};
    if (!records) return answer;
    answer.status = DnsStatus::data;
    for (const json::value& record : records->as_array())
        answer.records.push_back(question.type == RecordType::txt ? text_of(record) : std::string("\x7f\0\0\1", 4));
    return answer;
}

TEST(DmarcCorpus, evaluations) {
    if (!corpora_are_here()) GTEST_SKIP() << "no shared corpora at " << corpora();
    int passed = 0, run = 0;
    const json::value all = cases();
    const auto suffixes = PublicSuffixes::built_in();
    for (const json::value& test : all.at("evaluations").as_array()) {
        for (const DmarcRfc rfc : {DmarcRfc::rfc9989, DmarcRfc::rfc7489}) {
            if (rfc == DmarcRfc::rfc7489 && text_of(test.at("rfc")) != "both") continue;
            const std::string id = text_of(test.at("id"));
            DmarcQuery query{.public_suffixes = *suffixes};
            query.rfc = rfc;
            query.author_domain = text_of(test.at("from")).substr(text_of(test.at("from")).find('@') + 1);
            const auto result = [](std::string_view word) { return word == "pass" ? IdentifierResult::pass : IdentifierResult::other; };
            query.spf = {text_of(test.at("mailfrom_domain")), result(text_of(test.at("spf")))};
            for (const json::value& dkim : test.at("dkim").as_array())
                query.dkim.push_back({text_of(dkim.at("d")), result(text_of(dkim.at("result")))});
            Dns dns;
            std::set<std::string> walked;
            DmarcResult got = check_dmarc(query, dns);
            for (int rounds = 0; got.pending && rounds < 50; ++rounds, got = check_dmarc(query, dns))
                for (const DnsQuestion& question : dns.take_pending()) {
                    if (question.name.starts_with("_dmarc.")) walked.insert(question.name);
                    dns.put(question, answer_from(test.at("dns").as_object(), question));
                }
            const json::object& want = test.at("expect").as_object();
            EXPECT_EQ(name_of(got.value), text_of(want.at("result"))) << id << ": " << got.detail;
            if (want.contains("policy")) EXPECT_EQ(name_of(got.policy), text_of(want.at("policy"))) << id;
            if (want.contains("spf_aligned")) EXPECT_EQ(got.aligned_spf, want.at("spf_aligned").as_bool()) << id;
            if (want.contains("dkim_aligned")) EXPECT_EQ(got.aligned_dkim, want.at("dkim_aligned").as_bool()) << id;
            if (want.contains("org_domain")) EXPECT_EQ(got.organizational_domain, text_of(want.at("org_domain"))) << id;
            if (want.contains("max_dmarc_queries"))
                EXPECT_LE(walked.size(), static_cast<std::size_t>(want.at("max_dmarc_queries").as_int64())) << id;
            ++run;
            passed += !HasFailure();
        }
    }
    std::cout << "dmarc evaluations: " << passed << " of " << run << " (" << all.at("evaluations").as_array().size()
              << " cases, some under both RFCs)\n";
}

TEST(DmarcCorpus, public_suffix_vectors) {
    if (!corpora_are_here()) GTEST_SKIP() << "no shared corpora at " << corpora();
    const std::string text = slurp(corpora() / "dmarc/test_psl.txt");
    const std::regex line(R"(^checkPublicSuffix\((null|'[^']*'), (null|'[^']*')\);)");
    const auto suffixes = PublicSuffixes::built_in();
    int passed = 0, run = 0;
    std::stringstream lines(text);
    for (std::string one; std::getline(lines, one);) {
        std::smatch match;
        if (!std::regex_search(one, match, line)) continue;
        ++run;
        const auto unquoted = [](const std::string& word) { return word == "null" ? std::string() : word.substr(1, word.size() - 2); };
        const std::string input = unquoted(match[1]);
        const auto domain = mail::Domain::parse(input);
        const std::string got = domain ? std::string(suffixes->registrable_domain(domain->text())) : "";
        const auto want = mail::Domain::parse(unquoted(match[2]));
        EXPECT_EQ(got, want ? want->text() : "") << one;
        passed += got == (want ? want->text() : "");
    }
    std::cout << "public suffix vectors: " << passed << " of " << run << '\n';
    EXPECT_EQ(run, 78);
}

}  // namespace
}  // namespace exota::authn
