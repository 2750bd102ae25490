// Paths of MAIL and RCPT without what is no address: brackets, blanks, source routes.
#include "mail/bare_path.h"

#include <gtest/gtest.h>

namespace exota::mail {
namespace {

TEST(BarePath, the_address_alone_is_left) {
    for (const std::string_view path : {"bob@contoso.com", "<bob@contoso.com>", " <bob@contoso.com>\t", "<@relay.example:bob@contoso.com>",
                                        "@relay.example:bob@contoso.com", "<@a.example,@b_c.example:bob@contoso.com>",
                                        "<@[192.0.2.1],@[IPv6:2001:db8::1]:bob@contoso.com>"})
        EXPECT_EQ(bare_path(path), "bob@contoso.com") << path;
    EXPECT_EQ(bare_path("<>"), "");
    EXPECT_EQ(bare_path(""), "");
    EXPECT_EQ(bare_path("<Postmaster>"), "Postmaster");
    EXPECT_EQ(bare_path("<@relay.example:\"a:b\"@contoso.com>"), "\"a:b\"@contoso.com");
}

TEST(BarePath, what_is_no_route_stays) {
    for (const std::string_view path :
         {"@", "@:", "@contoso.com", "@:bob@contoso.com", "@a.example,b.example:bob@contoso.com", "@a.example,:bob@contoso.com",
          "@a b:bob@contoso.com", "@[192.0.2.1:bob@contoso.com", "a:bob@contoso.com"})
        EXPECT_EQ(bare_path(path), path);
    EXPECT_EQ(bare_path("<<bob@contoso.com>>"), "<bob@contoso.com>") << "one pair";
    EXPECT_EQ(bare_path("<bob@contoso.com"), "<bob@contoso.com");
}

}  // namespace
}  // namespace exota::mail
