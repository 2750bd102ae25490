#include "net/endpoint.h"

#include <gtest/gtest.h>

namespace exota::net {
namespace {

struct Good {
    const char* text;
    const char* canonical;
};
TEST(Endpoint, takes_every_documented_form) {
    const Good cases[] = {
        {"unix:/run/exota/milter.sock", "unix:/run/exota/milter.sock"},
        {"local:/run/x", "unix:/run/x"},
        {"/socket/exota-milter", "unix:/socket/exota-milter"},
        {"inet:127.0.0.1:8893", "inet:127.0.0.1:8893"},
        {"inet:8893@127.0.0.1", "inet:127.0.0.1:8893"},
        {"inet:8893@localhost", "inet:localhost:8893"},
        {"inet:8893", "inet:0.0.0.0:8893"},
        {"inet:0@127.0.0.1", "inet:127.0.0.1:0"},
        {"inet6:[::1]:8893", "inet6:[::1]:8893"},
        {"inet6:8893@[::1]", "inet6:[::1]:8893"},
        {"inet6:8893@::1", "inet6:[::1]:8893"},
        {"inet6:8893", "inet6:[::]:8893"},
        {"inet6:65535@ip6-localhost", "inet6:[ip6-localhost]:65535"},
        {"systemd", "systemd"},
        {"systemd:milter", "systemd:milter"},
    };
    for (const Good& c : cases) {
        const auto endpoint = Endpoint::parse(c.text);
        ASSERT_TRUE(endpoint) << c.text << ": " << endpoint.error().detail;
        EXPECT_EQ(endpoint->text(), c.canonical) << c.text;
        const auto again = Endpoint::parse(endpoint->text());
        ASSERT_TRUE(again) << endpoint->text();
        EXPECT_EQ(again->text(), endpoint->text());
    }
}

TEST(Endpoint, refuses_what_it_could_misread) {
    for (const char* text : {"",
                             "unix:",
                             "unix:relative",
                             "local:x",
                             "inet:",
                             "inet:65536",
                             "inet:-1",
                             "inet:+25@127.0.0.1",
                             "inet:127.0.0.1",
                             "inet:127.0.0.1:",
                             "inet:x@127.0.0.1",
                             "inet:8893@::1",
                             "inet6:::1:8893",
                             "inet:8893@a b",
                             "inet:8893@a/b",
                             "tcp:1@2",
                             "127.0.0.1:8893",
                             "systemd:",
                             "systemdx",
                             "INET:8893",
                             "inet:000008893"}) {
        EXPECT_FALSE(Endpoint::parse(text)) << text;
    }
    EXPECT_FALSE(Endpoint::parse(std::string_view("unix:/a\0b", 9)));
}

TEST(Endpoint, limits_a_socket_path_to_what_the_system_takes) {
    EXPECT_TRUE(Endpoint::parse("/" + std::string(max_socket_path_octets - 1, 'a')));
    EXPECT_FALSE(Endpoint::parse("/" + std::string(max_socket_path_octets, 'a')));
}

TEST(Endpoint, knows_every_address) {
    for (const char* text : {"inet:8893", "inet:0.0.0.0:8893", "inet:0:8893", "inet6:8893", "inet6:[::]:8893", "inet6:[0:0::0]:8893"})
        EXPECT_TRUE(Endpoint::parse(text)->is_every_address()) << text;
    for (const char* text :
         {"inet:127.0.0.1:8893", "inet:localhost:0", "inet6:[::1]:8893", "inet6:0@ip6-localhost", "unix:/run/0.0.0.0", "systemd"})
        EXPECT_FALSE(Endpoint::parse(text)->is_every_address()) << text;
}

TEST(Endpoint, http_takes_a_bare_address_too) {
    EXPECT_EQ(Endpoint::parse_http("127.0.0.1:8894")->text(), "inet:127.0.0.1:8894");
    EXPECT_EQ(Endpoint::parse_http("[::1]:8894")->text(), "inet6:[::1]:8894");
    EXPECT_EQ(Endpoint::parse_http("inet:8894@127.0.0.1")->text(), "inet:127.0.0.1:8894");
    EXPECT_EQ(Endpoint::parse_http("unix:/run/h")->text(), "unix:/run/h");
    EXPECT_FALSE(Endpoint::parse_http("127.0.0.1"));
    EXPECT_FALSE(Endpoint::parse_http("::1:8894"));
}

}  // namespace
}  // namespace exota::net
