#include "directory/plain_file.h"

#include <algorithm>

namespace exota::directory {

base::Result<PlainFile> read_plain_file(const std::string& path, std::size_t max_octets, Links links) {
    const auto file = open_regular_file(path, links);
    if (!file) return naming(path, file.error());
    const auto octets = static_cast<std::size_t>(file->status.st_size);
    auto text = read_to_end(file->descriptor, std::min(octets, max_octets), octets);
    if (!text) return naming(path, text.error());
    return PlainFile{.text = *std::move(text), .stamp = stamp_of(file->status), .owner = file->status.st_uid};
}

}  // namespace exota::directory
