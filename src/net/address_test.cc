#include "net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <gtest/gtest.h>

#include <cstring>

#include "net/socket_address.h"

namespace exota::net {
namespace {

TEST(Address, endpoints_texts_and_back_from_the_system) {
    const struct {
        const char *endpoint, *text;
    } cases[] = {
        {"inet:192.0.2.1:25", "192.0.2.1:25"},
        {"inet6:[2001:db8::1]:65535", "[2001:db8::1]:65535"},
        {"inet:0.0.0.0:0", "0.0.0.0:0"},
        {"unix:/run/x", "unix:/run/x"},
    };
    for (const auto& c : cases) {
        const std::optional<Address> address = Address::of(*Endpoint::parse(c.endpoint));
        ASSERT_TRUE(address) << c.endpoint;
        EXPECT_EQ(address->text(), c.text);
        const auto system = SocketAddress::of(*address);
        ASSERT_TRUE(system) << c.endpoint;
        EXPECT_EQ(Address::of_system(&system->storage, system->octets), *address) << c.endpoint;
    }
}

TEST(Address, no_one_address) {
    for (const char* text : {"inet:localhost:25", "inet:25", "systemd", "systemd:x"})
        EXPECT_FALSE(Address::of(*Endpoint::parse(text))) << text;
}

TEST(Address, mapped_is_v4) {
    sockaddr_in6 mapped{};
    mapped.sin6_family = AF_INET6;
    mapped.sin6_port = htons(25);
    ASSERT_EQ(inet_pton(AF_INET6, "::ffff:192.0.2.1", &mapped.sin6_addr), 1);
    EXPECT_EQ(Address::of_system(&mapped, sizeof mapped).text(), "192.0.2.1:25");
}

TEST(Address, what_is_cut_short_or_foreign_has_no_name) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    EXPECT_EQ(Address::of_system(&v4, 0).text(), "unix");
    EXPECT_EQ(Address::of_system(&v4, sizeof v4 - 1).text(), "unix");
    sockaddr_un local{};
    local.sun_family = AF_UNIX;
    EXPECT_EQ(Address::of_system(&local, offsetof(sockaddr_un, sun_path)).text(), "unix") << "a client's";
    std::memset(local.sun_path, 'x', sizeof local.sun_path);  // no NUL anywhere
    EXPECT_EQ(Address::of_system(&local, sizeof local).path.size(), sizeof local.sun_path);
}

TEST(Address, paths_on_both_sides_of_the_limit) {
    EXPECT_TRUE(SocketAddress::of(Address::of_socket(std::string(max_socket_path_octets, 'x'))));
    const auto too_long = SocketAddress::of(Address::of_socket(std::string(max_socket_path_octets + 1, 'x')));
    ASSERT_FALSE(too_long);
    EXPECT_EQ(too_long.error().code, base::Errc::too_long);
    EXPECT_EQ(SocketAddress::of({}).error().code, base::Errc::invalid_data);
}

}  // namespace
}  // namespace exota::net
