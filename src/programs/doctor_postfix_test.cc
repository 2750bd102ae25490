#include "programs/doctor_postfix.h"

#include <gtest/gtest.h>

namespace exota::programs {
namespace {

struct ListCase {
    const char* name;
    const char* list;
    std::vector<std::string> texts, paths, ports, hosts;
};

class Milters : public ::testing::TestWithParam<ListCase> {};

TEST_P(Milters, are_read) {
    const ListCase& want = GetParam();
    std::vector<std::string> texts, paths, ports, hosts;
    for (const PostfixMilter& milter : read_milters(want.list)) {
        texts.push_back(milter.text);
        paths.push_back(milter.path);
        ports.push_back(milter.port);
        hosts.push_back(milter.host);
    }
    EXPECT_EQ(texts, want.texts);
    EXPECT_EQ(paths, want.paths);
    EXPECT_EQ(ports, want.ports);
    EXPECT_EQ(hosts, want.hosts);
}

INSTANTIATE_TEST_SUITE_P(
    Table, Milters,
    ::testing::Values(ListCase{"none", " , ", {}, {}, {}, {}}, ListCase{"unix", "unix:/a/b", {"unix:/a/b"}, {"/a/b"}, {""}, {""}},
                      ListCase{"local_relative", "local:a/b", {"local:a/b"}, {"a/b"}, {""}, {""}},
                      ListCase{"two", "inet:h:1 unix:b", {"inet:h:1", "unix:b"}, {"", "b"}, {"1", ""}, {"h", ""}},
                      ListCase{"commas", "inet:h:1,unix:b", {"inet:h:1", "unix:b"}, {"", "b"}, {"1", ""}, {"h", ""}},
                      ListCase{"six", "inet:[::1]:25", {"inet:[::1]:25"}, {""}, {"25"}, {"::1"}},
                      ListCase{"braces", "{ unix:/a, x=y }, inet:h:1", {"unix:/a", "inet:h:1"}, {"/a", ""}, {"", "1"}, {"", "h"}},
                      ListCase{"empty_braces", "{}", {""}, {""}, {""}, {""}}, ListCase{"neither", "what", {"what"}, {""}, {""}, {""}}),
    [](const auto& each) { return each.param.name; });

TEST(Milters, settings_in_braces) {
    const auto milters = read_milters("{unix:/a, default_action=accept, { command_timeout = 10s, x }}");
    ASSERT_EQ(milters.size(), 1U);
    const Settings want{{"default_action", "accept"}, {"command_timeout", "10s, x"}};
    EXPECT_EQ(milters[0].settings, want);
}

TEST(Postconf, settings) {
    const Settings want{{"a", "b = c"}, {"empty", ""}, {"list", "x, y"}};
    EXPECT_EQ(read_postconf("a = b = c\nempty =\nlist = x, y\n\nno assignment\n"), want);
}

TEST(Postconf, services_and_what_they_override) {
    auto services = read_master(
        "smtp       inet  n       -       y       -       -       smtpd\n"
        "submission inet  n       -       -       -       -       smtpd -o smtpd_milters= -o {a=b, c}\n"
        "    -o folded=yes\n"
        "cleanup    unix  n       -       n       -       0       cleanup\n");
    ASSERT_TRUE(services) << services.error().detail;
    ASSERT_EQ(services->size(), 3U);
    read_overrides("submission/inet/smtpd_milters =\nsubmission/inet/a = b, c\nsmtp/unix/x = y\n", *services);
    const Settings want{{"smtpd_milters", ""}, {"a", "b, c"}};
    EXPECT_EQ((*services)[1].overrides, want);
    EXPECT_EQ((*services)[0].overrides, Settings{});
    EXPECT_EQ((*services)[1].label(), "submission/inet");
    EXPECT_EQ((*services)[2].program, "cleanup");
}

TEST(Postconf, a_line_that_is_no_service) { EXPECT_FALSE(read_master("smtp inet n - y - smtpd\n")); }

TEST(Postconf, chroot) {
    const auto with = [](const char* column) {
        return MasterService{.name = "smtp", .type = "inet", .chroot = column, .program = "smtpd"};
    };
    EXPECT_TRUE(is_chrooted(with("y"), "3.7"));
    EXPECT_FALSE(is_chrooted(with("n"), "0"));
    EXPECT_FALSE(is_chrooted(with("-"), "2"));
    EXPECT_TRUE(is_chrooted(with("-"), "0")) << "postconf(5), compatibility_level: chroot=y was the default";
    EXPECT_TRUE(is_chrooted(with("-"), "")) << "so old that it has no such setting";
}

}  // namespace
}  // namespace exota::programs
