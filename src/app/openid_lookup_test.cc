// Microsoft's OpenID document from HTTPS servers of the test, on this host.
#include "app/openid_lookup.h"

#include <gtest/gtest.h>

#include "net/testing_https.h"
#include "tenant/openid_document.h"

namespace exota::app {
namespace {

using namespace std::chrono_literals;
using base::Errc;
using net::testing::HttpsServer;
using net::testing::Identity;
using net::testing::Wire;
using net::testing::write_file;

constexpr std::string_view id = "1234abcd-18c5-45e8-88de-123456789abc";

std::string answer(std::string_view body) {
    return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
           std::string(body);
}
std::string document() { return R"({"issuer":"https://login.example/)" + std::string(id) + R"(/v2.0"})"; }

class OpenidLookups : public ::testing::Test {
protected:
    OpenidLookups() { write_file(directory_.path("roots"), root_.chain()); }
    static HttpsServer::Serve says(std::string text) {
        return [text = std::move(text)](const Wire& wire) {
            wire.request();
            wire.say(text);
            wire.wait_for_end();
        };
    }
    base::Result<mail::TenantId> look_up(std::uint16_t port, std::chrono::milliseconds deadline = 60s) const {
        return look_up_tenant_id(
            {.base = {.host = "localhost", .port = port, .path = "/x"}, .deadline = deadline, .roots_file = directory_.path("roots")},
            mail::Domain::parse("contoso.com").value());
    }

    net::testing::WithoutPipeSignal no_signal_;
    net::testing::TemporaryDirectory directory_;
    Identity root_ = Identity::root("Root");
    Identity good_ = root_.issue({.dns_names = {"localhost"}, .usages = "serverAuth"});
};

TEST_F(OpenidLookups, the_issuers_id) {
    std::string asked;
    const HttpsServer server({.identity = &good_}, [&](const Wire& wire) {
        asked = wire.request();
        wire.say(answer(document()));
        wire.wait_for_end();
    });
    const auto found = look_up(server.port());
    ASSERT_TRUE(found) << found.error().detail;
    EXPECT_EQ(found->text(), id);
    EXPECT_TRUE(asked.starts_with("GET /x/contoso.com/.well-known/openid-configuration HTTP/1.1\r\nHost: localhost:")) << asked;
}

TEST_F(OpenidLookups, what_is_no_answer) {
    const struct {
        const char* name;
        std::string says;
        Errc code;
        const char* detail;
    } cases[] = {
        {"unknown_domain", "HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\n{}", Errc::unavailable, "localhost: HTTP status 400"},
        {"none", "HTTP/1.1 404 No\r\n\r\n", Errc::not_found, "localhost: HTTP status 404"},
        {"redirect", "HTTP/1.1 302 There\r\nLocation: https://other.test/\r\n\r\n", Errc::unavailable, "localhost: HTTP status 302"},
        {"no_document", answer("{}"), Errc::invalid_data, "localhost: its document of contoso.com names no issuer"},
        {"garbage", "SSH-2.0-x\r\n\r\n", Errc::invalid_data, "localhost: "},
        {"too_long", answer(std::string(tenant::max_openid_octets + 1, ' ')), Errc::too_long, "localhost: "},
    };
    for (const auto& c : cases) {
        const HttpsServer server({.identity = &good_}, says(c.says));
        const auto found = look_up(server.port());
        ASSERT_FALSE(found) << c.name;
        EXPECT_EQ(found.error().code, c.code) << c.name << found.error().detail;
        EXPECT_EQ(found.error().detail.substr(0, std::string(c.detail).size()), c.detail) << c.name;
    }
}

TEST_F(OpenidLookups, who_does_not_prove_that_he_is_it) {
    const Identity stranger = Identity::root("Stranger").issue({.dns_names = {"localhost"}, .usages = "serverAuth"});
    const Identity other = root_.issue({.dns_names = {"other.test"}, .usages = "serverAuth"});
    for (const Identity* const shown : {&stranger, &other}) {
        const HttpsServer server({.identity = shown}, says(answer(document())));
        const auto found = look_up(server.port());
        ASSERT_FALSE(found);
        EXPECT_EQ(found.error().code, Errc::unavailable) << found.error().detail;
    }
}

TEST_F(OpenidLookups, who_does_not_answer_in_time) {
    const HttpsServer server({.identity = &good_}, [](const Wire& wire) { wire.wait_for_end(); });
    const auto found = look_up(server.port(), 50ms);
    ASSERT_FALSE(found);
    EXPECT_TRUE(found.error().code == Errc::timeout || found.error().code == Errc::unavailable) << found.error().detail;
}

TEST_F(OpenidLookups, without_roots_nobody_is_asked) {
    std::filesystem::remove(directory_.path("roots"));
    const HttpsServer server({.identity = &good_}, says(answer(document())));
    EXPECT_FALSE(look_up(server.port()));
    EXPECT_EQ(server.connections(), 0);
}

}  // namespace
}  // namespace exota::app
