// The pages that there are: /metrics, /healthz, /readyz.
//
// Tested by pages_test.cc and http_server_test.cc.
#pragma once

#include <functional>
#include <string>

#include "web/router.h"

namespace exota::web {

struct PageSources {
    std::function<std::string()> metrics;  // in the text form of Prometheus
    std::function<bool()> ready;
};

Router pages(PageSources sources);

}  // namespace exota::web
