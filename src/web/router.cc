#include "web/router.h"

#include <algorithm>
#include <utility>

namespace exota::web {

void Router::add(std::string path, Page page) { entries_.push_back({std::move(path), std::move(page)}); }

Answer Router::answer(Method method, std::string_view target) const {
    const auto found = std::ranges::find(entries_, target.substr(0, target.find('?')), &Entry::path);
    if (found == entries_.end()) {
        std::string known;
        for (const Entry& entry : entries_) known += (known.empty() ? "" : &entry == &entries_.back() ? " and " : ", ") + entry.path;
        return {.status = 404, .body = "Not Found: there are " + known + '\n'};
    }
    if (method == Method::other) return {.status = 405, .allow = "GET, HEAD", .body = "Method Not Allowed\n"};
    return found->page();
}

}  // namespace exota::web
