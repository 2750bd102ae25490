#include "directory/ldap_link.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <csignal>

namespace exota::directory {
namespace {

using namespace std::chrono_literals;

TEST(LdapLink, a_question_for_which_the_other_end_is_gone_is_known_as_such) {
    std::signal(SIGPIPE, SIG_IGN);
    net::Loop loop;
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    const auto link = LdapLink::make(loop, net::Descriptor(ends[0]), {.entry = {}, .reference = {}, .end = {}, .lost = {}});
    ASSERT_TRUE(link) << link.error().detail;
    const LdapSearch search{.base = "dc=x", .filter = "(a=v)", .attributes = {"a"}};
    EXPECT_TRUE((*link)->search(search, 1s));
    LdapSearch wrong = search;
    wrong.filter = "(";
    EXPECT_EQ((*link)->search(wrong, 1s).error().code, base::Errc::invalid_data);
    ::close(ends[1]);
    EXPECT_EQ((*link)->search(search, 1s).error().code, base::Errc::closed);
}

}  // namespace
}  // namespace exota::directory
