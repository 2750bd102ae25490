#include "programs/endpoints_fetched.h"

#include <unistd.h>

#include <utility>

#include "config/endpoints.h"
#include "directory/plain_file.h"
#include "directory/replace_file.h"
#include "directory/shrink_guard.h"

namespace exota::programs {
namespace {

std::string path_in(const std::string& directory) { return directory + "/endpoints.fetched"; }

}  // namespace

std::string fingerprint_of(std::string_view list) {
    directory::Fingerprint content;
    content.feed(list);
    return content.text();
}

base::Result<void> keep_fetched(const std::string& directory, std::string_view list) {
    if (directory.empty()) return {};
    return directory::replace_file(path_in(directory), list, {.mode = 0644});
}

std::optional<std::string> fetched_list(const std::string& directory, const std::string& content) {
    if (directory.empty() || content.empty()) return std::nullopt;
    auto file = directory::read_plain_file(path_in(directory), config::max_endpoint_octets);
    if (!file || file->owner != ::geteuid() || fingerprint_of(file->text) != content) return std::nullopt;
    return std::move(file->text);
}

void forget_fetched(const std::string& directory) noexcept {
    if (!directory.empty()) static_cast<void>(::unlink(path_in(directory).c_str()));
}

}  // namespace exota::programs
