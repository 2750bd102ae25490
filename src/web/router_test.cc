#include "web/router.h"

#include <gtest/gtest.h>

namespace exota::web {
namespace {

TEST(Router, answers_by_path_and_method) {
    Router router;
    router.add("/one", [] { return Answer{.content_type = "text/html", .body = "1"}; });
    router.add("/two", [] { return Answer{.status = 503, .body = "2"}; });
    router.add("/three", [] { return Answer{.body = "3"}; });
    const struct {
        const char* name;
        Method method;
        std::string_view target;
        unsigned status;
        std::string_view body;
    } cases[] = {
        {"a page", Method::get, "/one", 200, "1"},
        {"its own status", Method::get, "/two", 503, "2"},
        {"HEAD as GET", Method::head, "/one", 200, "1"},
        {"a query", Method::get, "/one?a=/two", 200, "1"},
        {"an empty query", Method::get, "/one?", 200, "1"},
        {"another method", Method::other, "/one", 405, "Method Not Allowed\n"},
        {"another path", Method::get, "/four", 404, "Not Found: there are /one, /two and /three\n"},
        {"another path and method", Method::other, "/four", 404, "Not Found: there are /one, /two and /three\n"},
        {"nothing", Method::get, "", 404, "Not Found: there are /one, /two and /three\n"},
        {"a longer path", Method::get, "/one/", 404, "Not Found: there are /one, /two and /three\n"},
        {"letter case", Method::get, "/ONE", 404, "Not Found: there are /one, /two and /three\n"},
        {"nothing is decoded", Method::get, "/%6fne", 404, "Not Found: there are /one, /two and /three\n"},
        {"nothing is resolved", Method::get, "/four/../one", 404, "Not Found: there are /one, /two and /three\n"},
        {"the absolute form", Method::get, "http://x/one", 404, "Not Found: there are /one, /two and /three\n"},
    };
    for (const auto& c : cases) {
        const Answer answer = router.answer(c.method, c.target);
        EXPECT_EQ(answer.status, c.status) << c.name;
        EXPECT_EQ(answer.body, c.body) << c.name;
        EXPECT_EQ(answer.allow, c.status == 405 ? "GET, HEAD" : "") << c.name;
    }
    EXPECT_EQ(router.answer(Method::get, "/one").content_type, "text/html");
    EXPECT_EQ(router.answer(Method::get, "/two").content_type, plain_text);
}

}  // namespace
}  // namespace exota::web
