#include "web/pages.h"

#include <gtest/gtest.h>

namespace exota::web {
namespace {

TEST(Pages, say_what_their_sources_say) {
    bool ready = true;
    const Router router = pages({.metrics = [] { return "exota_sessions 3\n"; }, .ready = [&ready] { return ready; }});
    const auto get = [&router](std::string_view target) { return router.answer(Method::get, target); };
    EXPECT_EQ(get("/metrics").status, 200U);
    EXPECT_EQ(get("/metrics").body, "exota_sessions 3\n");
    EXPECT_EQ(get("/metrics").content_type, "text/plain; version=0.0.4; charset=utf-8");
    EXPECT_EQ(get("/readyz").status, 200U);
    EXPECT_EQ(get("/readyz").body, "ok\n");
    ready = false;
    EXPECT_EQ(get("/readyz").status, 503U);
    EXPECT_EQ(get("/readyz").body, "not ready\n");
    EXPECT_EQ(get("/healthz").status, 200U);
    EXPECT_EQ(get("/healthz").body, "ok\n");
    EXPECT_EQ(get("/").body, "Not Found: there are /metrics, /healthz and /readyz\n");
}

}  // namespace
}  // namespace exota::web
