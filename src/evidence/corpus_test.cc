// The shared corpora: Authentication-Results fields with the parse that is wanted, and real messages of Exchange Online with the facts
// a gateway reads from them. They are no part of this tree: found by the environment variable EXOTA_CORPORA or beside the tree;
// without them the tests are skipped.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>

#include "authn/authres.h"
#include "base/text.h"
#include "evidence/collector.h"
#include "evidence/cross_check.h"
#include "evidence/json.h"

namespace exota::evidence {
namespace {

namespace json = boost::json;

std::filesystem::path corpora() {
    if (const char* given = std::getenv("EXOTA_CORPORA")) return given;
    return std::filesystem::path(EXOTA_SOURCE_DIR) / "../shared/corpora";
}

std::string read(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::string text_or_empty(const json::value& value) { return value.is_null() ? std::string() : std::string(value.as_string()); }

authn::AuthenticationResults wanted(const json::value& expect) {
    authn::AuthenticationResults out;
    out.authserv_id = text_or_empty(expect.at("authserv_id"));
    out.version = text_or_empty(expect.at("version"));
    for (const json::value& result : expect.at("results").as_array()) {
        authn::ResInfo& info = out.results.emplace_back();
        info.method = text_or_empty(result.at("method"));
        info.method_version = text_or_empty(result.at("method_version"));
        info.result = text_or_empty(result.at("result"));
        info.reason = text_or_empty(result.at("reason"));
        for (const json::value& property : result.at("properties").as_array())
            info.properties.push_back({text_or_empty(property.at(0)), text_or_empty(property.at(1)), text_or_empty(property.at(2))});
    }
    return out;
}

/// Names compare without regard to letter case; the corpus writes them small.
authn::AuthenticationResults with_small_names(authn::AuthenticationResults field) {
    for (authn::ResInfo& result : field.results) {
        for (authn::Property& p : result.properties) {
            p.ptype = base::lower(p.ptype);
            p.property = base::lower(p.property);
        }
    }
    return field;
}

TEST(Corpus, authentication_results) {
    const std::string text = read(corpora() / "authres/parse-cases.json");
    if (text.empty()) GTEST_SKIP() << "no corpus of Authentication-Results: set EXOTA_CORPORA";
    // What is done with the fields that break the grammar, as their notes allow.
    enum class Outcome : std::uint8_t { as_expected, refused, without_dkim_pass };
    const std::map<std::string_view, Outcome> nonconforming{
        {"authres-15", Outcome::without_dkim_pass},    // an unquoted IPv6 address: taken, no harm in it
        {"authres-20", Outcome::as_expected},          // properties without a ptype are dropped
        {"authres-22", Outcome::as_expected},          // likewise
        {"authres-23", Outcome::refused},              // Microsoft's: a domain where a result should be
        {"gomsgauth-12", Outcome::without_dkim_pass},  // a final semicolon
    };
    std::size_t seen = 0;
    const json::value cases = json::parse(text);
    for (const json::value& each : cases.as_array()) {
        const std::string id = text_or_empty(each.at("id"));
        std::string value = text_or_empty(each.at("header"));
        value.erase(0, value.find(':') + 1);
        const auto field = authn::parse_authentication_results(value);
        ++seen;
        if (each.at("conforming").as_bool()) {
            ASSERT_TRUE(field) << id << ": " << field.error().detail;
            EXPECT_EQ(with_small_names(*field), wanted(each.at("expect"))) << id;
            continue;
        }
        ASSERT_TRUE(nonconforming.contains(id)) << id;
        switch (nonconforming.at(id)) {
            case Outcome::refused:
                EXPECT_FALSE(field) << id;
                break;
            case Outcome::as_expected:
                ASSERT_TRUE(field) << id;
                EXPECT_EQ(with_small_names(*field), wanted(each.at("expect"))) << id;
                break;
            case Outcome::without_dkim_pass: {
                ASSERT_TRUE(field) << id;
                const json::array& lenient = each.at("lenient").at("results").as_array();
                ASSERT_EQ(field->results.size(), lenient.size()) << id;
                for (std::size_t i = 0; i < lenient.size(); ++i) {
                    EXPECT_EQ(field->results[i].method, text_or_empty(lenient[i].at("method"))) << id;
                    EXPECT_EQ(field->results[i].result, text_or_empty(lenient[i].at("result"))) << id;
                }
                break;
            }
        }
    }
    EXPECT_EQ(seen, 44U);
}

/// The header of a message, field by field, into the collector.
void collect(Collector& collector, std::string_view message) {
    while (!message.empty()) {
        std::size_t end = message.find('\n');
        while (end != std::string_view::npos && end + 1 < message.size() && base::is_wsp(message[end + 1]))
            end = message.find('\n', end + 1);
        std::string_view field = message.substr(0, end);
        message.remove_prefix(end == std::string_view::npos ? message.size() : end + 1);
        if (field.ends_with('\r')) field.remove_suffix(1);
        if (field.empty()) return;
        const std::size_t colon = field.find(':');
        ASSERT_NE(colon, std::string_view::npos) << field;
        collector.header_field(field.substr(0, colon), field.substr(colon + 1));
    }
}

// What real signers write, and a verifier accepts, is readable: the cross-check costs no honest mail.
TEST(Corpus, signatures_that_pass_are_readable) {
    const std::string text = read(corpora() / "dkim/cases.json");
    if (text.empty()) GTEST_SKIP() << "no corpus of signatures: set EXOTA_CORPORA";
    const MessageLimits limits;
    std::size_t seen = 0;
    const json::value cases = json::parse(text);
    for (const json::value& each : cases.as_array()) {
        const json::array& signatures = each.at("signatures").as_array();
        const bool all_pass = std::ranges::all_of(signatures, [](const json::value& signature) {
            return std::ranges::any_of(signature.at("expect").as_array(), [](const json::value& word) { return word == "pass"; });
        });
        if (signatures.empty() || !all_pass) continue;
        const std::string name = text_or_empty(each.at("id"));
        Collector collector(limits);
        collector.mail("<>");
        collect(collector, read(corpora() / "dkim/msg" / (name + ".eml")));
        EXPECT_EQ(CrossCheck(collector.finish().header).unreadable(), "") << name;
        ++seen;
    }
    EXPECT_EQ(seen, 12U);
}

TEST(Corpus, messages_of_exchange_online) {
    const std::string text = read(corpora() / "m365/expect.json");
    if (text.empty()) GTEST_SKIP() << "no corpus of messages: set EXOTA_CORPORA";
    const MessageLimits limits;
    std::size_t seen = 0;
    const json::value messages = json::parse(text);
    for (const json::value& each : messages.as_array()) {
        const std::string name = text_or_empty(each.at("file"));
        const std::string message = read(corpora() / "m365" / name);
        ASSERT_FALSE(message.empty()) << name;
        ++seen;
        Collector collector(limits);
        collector.mail("<>");
        collect(collector, message);
        const Evidence evidence = collector.finish();
        EXPECT_EQ(from_json(to_json(evidence)), evidence) << name;
        EXPECT_EQ(evidence.too_complex, "") << name;
        const Header& header = evidence.header;
        EXPECT_EQ(header.from_count, each.at("from_headers").to_number<std::uint32_t>()) << name;
        const mail::Mailbox* const author = value_of(header.author);
        ASSERT_NE(author, nullptr) << name;
        EXPECT_EQ(author->text(), text_or_empty(each.at("from_address"))) << name;
        EXPECT_EQ(author->domain.text(), text_or_empty(each.at("from_domain"))) << name;
        ASSERT_EQ(each.at("crosstenant_ids").as_array().size(), 1U) << name;
        ASSERT_NE(value_of(header.tenant_id), nullptr) << name;
        EXPECT_EQ(value_of(header.tenant_id)->text(), text_or_empty(each.at("crosstenant_ids").at(0))) << name;
        ASSERT_NE(value_of(header.originator_org), nullptr) << name;
        EXPECT_EQ(value_of(header.originator_org)->text(), text_or_empty(each.at("originator_org").at(0))) << name;
        ASSERT_NE(value_of(header.auth_as), nullptr) << name;
        EXPECT_EQ(*value_of(header.auth_as), text_or_empty(each.at("authas").at(0))) << name;
        EXPECT_EQ(header.dkim_signature_count, each.at("dkim").as_array().size()) << name;
        EXPECT_EQ(CrossCheck(header).unreadable(), "") << name;
        const json::array& fields = each.at("authentication_results").as_array();
        ASSERT_EQ(header.authentication_results.size(), fields.size()) << name;
        for (std::size_t i = 0; i < fields.size(); ++i) {
            const std::string& value = header.authentication_results[i].value;
            const auto field = authn::parse_authentication_results(value);
            std::string scratch;
            if (fields[i].at("conforming").as_bool()) {
                ASSERT_TRUE(field) << name;
                EXPECT_EQ(field->authserv_id, text_or_empty(fields[i].at("authserv_id"))) << name;
                EXPECT_EQ(field->results.size(), fields[i].at("methods").as_array().size()) << name;
            } else if (value.starts_with("dkim=")) {  // Microsoft's own: no authserv-id, so never anybody's
                EXPECT_FALSE(field) << name;
                EXPECT_EQ(authn::peek_authserv_id(value, scratch), "") << name;
            }
        }
        if (name.find("tlsrpt") != std::string::npos) {
            const AttributedConnection* connection = value_of(header.attributed_connection);
            ASSERT_NE(connection, nullptr);
            EXPECT_EQ(connection->tenant_id.text(), "72f988bf-86f1-41af-91ab-2d7cd011db47");
            EXPECT_EQ(connection->address.text(), "13.64.196.54");
        }
    }
    EXPECT_EQ(seen, 3U);
}

}  // namespace
}  // namespace exota::evidence
