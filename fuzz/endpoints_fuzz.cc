// Endpoint lists: a list is never empty, holds each prefix once and bounded, and every prefix reads back from its own text.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "config/endpoints.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace exota;
    const auto list = config::parse_endpoints({reinterpret_cast<const char*>(data), size});
    if (!list) {
        if (list.error().detail.empty()) std::abort();
        return 0;
    }
    if (list->prefixes.empty() || list->records == 0 || list->prefixes.size() > config::max_endpoint_prefixes) std::abort();
    for (std::size_t i = 0; i < list->prefixes.size(); ++i) {
        const auto again = base::IpPrefix::parse(list->prefixes[i].text());
        if (!again || *again != list->prefixes[i]) std::abort();
        if (std::find(list->prefixes.begin(), list->prefixes.begin() + static_cast<std::ptrdiff_t>(i), list->prefixes[i]) !=
            list->prefixes.begin() + static_cast<std::ptrdiff_t>(i))
            std::abort();
    }
    return 0;
}
