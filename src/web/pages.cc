#include "web/pages.h"

#include <utility>

namespace exota::web {

Router pages(PageSources sources) {
    Router router;
    router.add("/metrics", [metrics = std::move(sources.metrics)] {
        return Answer{.content_type = "text/plain; version=0.0.4; charset=utf-8", .body = metrics()};
    });
    router.add("/healthz", [] { return Answer{.body = "ok\n"}; });
    router.add("/readyz", [ready = std::move(sources.ready)] {
        return ready() ? Answer{.body = "ok\n"} : Answer{.status = 503, .body = "not ready\n"};
    });
    return router;
}

}  // namespace exota::web
