#include "directory/ldap_recipients.h"

#include <gtest/gtest.h>

#include <vector>

namespace exota::directory {
namespace {

using Answer = RecipientLookup::Answer;

struct Server : LdapDirectory {
    void search(LdapSearch search, Done done) override {
        searches.push_back(std::move(search));
        done(says);
    }
    std::vector<LdapSearch> searches;
    base::Result<LdapFound> says{LdapFound{}};
};

TEST(LdapRecipients, whoever_is_found_exists_and_no_answer_is_none) {
    Server server;
    const auto filter = LdapFilter::parse("(|(mail=%r)(proxyAddresses=smtp:%r))", LdapRecipients::placeholder);
    ASSERT_TRUE(filter);
    LdapRecipients recipients(server, "dc=example", *filter);
    std::vector<Answer> answers;
    const auto ask = [&](const std::string& entry) { recipients.ask(entry, [&](Answer answer) { answers.push_back(answer); }); };
    ask("john@contoso.com");
    server.says = LdapFound{.entries = {LdapEntry{"cn=john", {}}}};
    ask("@contoso.com");
    server.says = LdapFound{.entries = {LdapEntry{"cn=john", {}}}, .more = true};
    ask("*)(uid=*@contoso.com");
    for (const base::Errc code : {base::Errc::unavailable, base::Errc::timeout, base::Errc::invalid_data}) {
        server.says = base::fail(code, "no");
        ask("john@contoso.com");
    }
    ASSERT_EQ(answers.size(), 6U);
    EXPECT_TRUE(answers[0].is(Answer::none));
    EXPECT_TRUE(answers[1].is(Answer::yes));
    EXPECT_TRUE(answers[2].is(Answer::yes)) << "several are one more than enough";
    for (std::size_t i = 3; i < answers.size(); ++i) EXPECT_TRUE(answers[i].is(Answer::unknown)) << i;
    ASSERT_EQ(server.searches.size(), 6U);
    EXPECT_EQ(server.searches[0].filter, "(|(mail=john@contoso.com)(proxyAddresses=smtp:john@contoso.com))");
    EXPECT_EQ(server.searches[1].filter, "(|(mail=@contoso.com)(proxyAddresses=smtp:@contoso.com))");
    EXPECT_EQ(server.searches[2].filter,
              "(|(mail=\\2a\\29\\28uid=\\2a@contoso.com)(proxyAddresses=smtp:\\2a\\29\\28uid=\\2a@contoso.com))");
    for (const LdapSearch& search : server.searches) EXPECT_EQ(search.attributes, std::vector<std::string>{"1.1"});
}

}  // namespace
}  // namespace exota::directory
