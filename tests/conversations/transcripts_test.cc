// The predecessor's own test scripts, written down as data with the replies that it gave (shared corpus, found by EXOTA_CORPORA or beside
// the tree; absent: skipped). They are replayed as drop-in under the three configurations.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

#include "base/text.h"
#include "gate/milter_session.h"
#include "gate/still_world.h"
#include "snapshot_of.h"
#include "wire/milter/mta_side.h"

namespace exota::conversations {
namespace {

namespace json = boost::json;
namespace mta = milter::mta;
using milter::Command;

std::filesystem::path corpus() {
    const char* const given = std::getenv("EXOTA_CORPORA");
    const std::filesystem::path corpora =
        given ? std::filesystem::path(given) : std::filesystem::path(EXOTA_SOURCE_DIR) / "../shared/corpora";
    return corpora / "milter" / "exota-transcripts.json";
}

std::vector<std::string> environment_of(std::string_view config) {
    std::vector<std::string> environment{"MILTER_DKIM_ENABLED=yes",
                                         "MILTER_DKIM_ALIGNMENT_REQUIRED=True",
                                         "MILTER_TRUSTED_AUTHSERVID=my-auth-serv-id",
                                         "MILTER_X509_ENABLED=yes",
                                         "MILTER_ADD_HEADER=yes",
                                         "MILTER_AUTHSERVID=my-auth-serv-id",
                                         "MILTER_X509_TRUSTED_CN=mail.protection.outlook.com"};
    if (config == "tenant_id_required") environment.emplace_back("MILTER_TENANT_ID_REQUIRED=yes");
    if (config == "x509_whitelist_without_client") environment.emplace_back("MILTER_X509_IP_WHITELIST=127.0.0.1");
    return environment;
}

struct Silent : gate::Observer {
    std::vector<std::string> errors;
    void judged(const gate::Judged&) override {}
    void protocol_error(std::string_view what) override { errors.emplace_back(what); }
};

std::size_t signatures_added = 0;

struct Outcome {
    std::string reply;  // as the corpus names it
    bool header_added = false;
};

/// The scripts report results of signatures that they leave out, which the predecessor never looked at. A result counts only beside the
/// signature that it is about (docs/reference/decision.md), so the message gets the one that it would have had.
void append_signature_reported(std::string& out, std::string_view name, std::string_view value) {
    constexpr std::string_view property = "header.d=";
    if (!base::iequals(name, "Authentication-Results")) return;
    for (std::size_t at = value.find(property); at != std::string_view::npos; at = value.find(property, at)) {
        at += property.size();
        const std::string sdid(value.substr(at, value.find_first_of("; \t\r\n", at) - at));
        const auto reported = [&](std::string_view name, std::string_view otherwise) {
            const std::size_t found = value.find(name, at);
            if (found == std::string_view::npos) return std::string(otherwise);
            const std::size_t begin = found + name.size();
            std::string text(value.substr(begin, value.find_first_of("; \t\r\n", begin) - begin));
            std::erase(text, '"');
            return text;
        };
        mta::append_header(out, "DKIM-Signature",
                           "v=1; a=rsa-sha256; c=relaxed/relaxed; d=" + sdid + "; s=" + reported("header.s=", "s1") +
                               "; h=From; bh=" + std::string(43, 'A') + "=; b=" + reported("header.b=", "AAAA"));
        ++signatures_added;
    }
}

/// @param mta_name  macro v; the scripts send none.
std::vector<Outcome> replay(const json::array& events, std::shared_ptr<const gate::Snapshot> snapshot, std::string_view mta_name) {
    Silent observer;
    gate::StillWorld world;
    gate::Judge judge(observer, world);
    judge.use(std::move(snapshot));
    gate::MilterSession session(judge, [] {});
    std::vector<Outcome> outcomes;
    std::string out;
    mta::append_offer(out, mta::full_offer);
    std::string answer;
    session.feed(out, answer);
    out.clear();
    for (const json::value& event : events) {
        const json::array& words = event.as_array();
        const auto word = [&](std::size_t i) { return std::string_view(words.at(i).as_string()); };
        const std::string_view what = word(0);
        if (what == "conninfo") {
            if (!mta_name.empty()) mta::append_macros(out, Command::connect, {{"v", mta_name}});
            mta::append_connect(out, word(1), word(2).find(':') == std::string_view::npos ? milter::Family::inet : milter::Family::inet6,
                                25000, word(2));
        } else if (what == "mailfrom") {
            mta::append_mail(out, word(1));
        } else if (what == "macro") {
            EXPECT_EQ(word(1), "SMFIC_RCPT");
            std::vector<mta::MacroPair> macros;
            for (std::size_t i = 2; i + 1 < words.size(); i += 2) macros.emplace_back(word(i), word(i + 1));
            mta::append_macros(out, Command::recipient, macros);
        } else if (what == "rcptto") {
            mta::append_recipient(out, word(1));
        } else if (what == "header") {
            mta::append_header(out, word(1), word(2));
            append_signature_reported(out, word(1), word(2));
        } else if (what == "eom") {
            mta::append_end_of_message(out);
            answer.clear();
            EXPECT_EQ(session.feed(out, answer).consumed, out.size());
            out.clear();
            std::string_view rest = answer;
            const auto replies = mta::take_replies(rest);
            EXPECT_TRUE(replies && rest.empty());
            Outcome outcome;
            for (const mta::FilterReply& reply : *replies) {
                if (const auto* plain = std::get_if<mta::Plain>(&reply))
                    outcome.reply = plain->code == milter::ReplyCode::continue_ ? "continue" : "?";
                if (const auto* line = std::get_if<mta::ReplyLine>(&reply))
                    outcome.reply = line->text.starts_with("550 5.7.1 ") ? "reject" : line->text;
                if (const auto* change = std::get_if<mta::HeaderChange>(&reply))
                    outcome.header_added |=
                        change->code == milter::ReplyCode::add_header && change->name == "X-ExOTA-Authentication-Results";
            }
            outcomes.push_back(outcome);
        } else {
            ADD_FAILURE() << "unknown event " << what;
        }
    }
    EXPECT_TRUE(observer.errors.empty());
    return outcomes;
}

TEST(Transcripts, get_the_replies_of_the_predecessor) {
    std::ifstream file(corpus());
    if (!file) GTEST_SKIP() << corpus() << " is not there (set EXOTA_CORPORA)";
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const json::object root = json::parse(text).as_object();
    const std::string policy = json::serialize(root.at("policy"));
    std::size_t messages = 0, accepted = 0;
    for (const char* mta_name : {"", "Postfix 3.7.11"})
        for (const auto& [config, unused] : root.at("configs").as_object()) {
            const Built built = snapshot_of(environment_of(config), {}, policy, false);
            ASSERT_TRUE(built.snapshot) << (built.problems.empty() ? "" : built.problems.front());
            for (const json::value& transcript : root.at("transcripts").as_array()) {
                const json::object& script = transcript.as_object();
                const std::string name = std::string(script.at("id").as_string()) + " under " + std::string(config) + " behind " + mta_name;
                const auto outcomes = replay(script.at("events").as_array(), built.snapshot, mta_name);
                const json::array& wanted = script.at("replies").as_object().at(config).as_array();
                ASSERT_EQ(outcomes.size(), wanted.size()) << name;
                for (std::size_t i = 0; i < wanted.size(); ++i, ++messages) {
                    EXPECT_EQ(outcomes[i].reply, std::string_view(wanted[i].as_string())) << name << ", message " << i + 1;
                    EXPECT_EQ(outcomes[i].header_added, outcomes[i].reply == "continue") << name << ", message " << i + 1;
                    accepted += outcomes[i].reply == "continue";
                }
            }
        }
    EXPECT_EQ(messages, 2u * 3 * 9);
    EXPECT_GT(accepted, 0u);
    std::cout << signatures_added << " DKIM-Signature fields added, for the results that the scripts report\n";
}

}  // namespace
}  // namespace exota::conversations
