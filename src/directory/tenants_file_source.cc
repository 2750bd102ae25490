#include "directory/tenants_file_source.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "directory/random_key.h"
#include "directory/read_ahead.h"
#include "directory/read_file.h"

namespace exota::directory {

base::Result<LoadedFile> load_tenants_file(const std::string& path, tenant::Defaults defaults) {
    const auto file = open_regular_file(path, Links::followed);
    if (!file) return std::unexpected(file.error());

    const base::Result<base::HashKey> key = random_key();
    if (!key) return std::unexpected(key.error());
    tenant::TenantsReader reader(std::move(defaults), *key);
    std::optional<ReadAhead> ahead;
    try {
        // One octet more than a small file has: it is one piece, and the end is seen by the next read().
        const auto whole = static_cast<std::size_t>(file->status.st_size) + 1;
        ahead.emplace(file->descriptor.get(), std::clamp(whole, std::size_t{4096}, read_octets));
    } catch (const std::system_error& error) {
        return base::fail(base::Errc::unavailable, "there is no thread to read it: " + error.code().message());
    }
    for (std::string_view piece = ahead->next(); !piece.empty(); piece = ahead->next()) reader.feed(piece);
    if (ahead->error() != 0) return system_failure(ahead->error());

    if (const auto same = has_not_changed(*file); !same) return std::unexpected(same.error());
    return LoadedFile{reader.finish(), stamp_of(file->status), ahead->fingerprint()};
}

}  // namespace exota::directory
