#include "config/endpoints_file.h"

#include <filesystem>
#include <utility>

#include "config/config.h"
#include "config/endpoints_read.h"

namespace exota::config {

base::Result<EndpointsFile> read_endpoints_file(const std::string& path, directory::Links links) {
    const auto read = directory::read_plain_file(path, max_endpoint_octets, links);
    if (!read) return std::unexpected(read.error());
    auto list = parse_endpoints(read->text);
    if (!list) return base::fail(list.error().code, path + ": " + list.error().detail);
    EndpointsFile file{.path = path, .list = *std::move(list), .stamp = read->stamp};
    file.content.feed(read->text);
    return file;
}

base::Result<EndpointsFile> read_endpoints_file(const std::string& path) { return read_endpoints_file(path, directory::Links::followed); }

directory::ShrinkGuard endpoints_guard(const std::string& path) {
    const std::filesystem::path file(path);
    const std::string folder = file.parent_path().string();
    return directory::ShrinkGuard(folder.empty() ? "." : folder, file.filename().string());
}

std::string why_not_used(const EndpointsFile& file, const EndpointList* before) {
    const std::vector<std::string> objections = objections_to(file.list, before);
    if (objections.empty() || endpoints_guard(file.path).is_accepted(file.content)) return {};
    return "endpoint list is not used: " + text_of_objections(objections) + "; if that is meant, exota endpoints update --force --from " +
           file.path;
}

void use_endpoints(Config& config, EndpointsFile file) {
    config.rules.exchange_online = config.own_prefixes;
    config.rules.exchange_online.insert(config.rules.exchange_online.end(), file.list.prefixes.begin(), file.list.prefixes.end());
    config.endpoints = std::move(file);
}

}  // namespace exota::config
