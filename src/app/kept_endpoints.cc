#include "app/kept_endpoints.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "config/endpoints_read.h"
#include "directory/replace_file.h"

namespace exota::app {
namespace {

config::Problem warning_of(const std::string& file, std::string text) {
    return {config::Problem::Severity::warning, file, 0, 0, {}, std::move(text)};
}

/// Two processes in two folders may name one file relatively.
std::string absolute(const std::string& path) {
    std::error_code error;
    const std::filesystem::path whole = std::filesystem::absolute(path, error);
    return error ? path : whole.lexically_normal().string();
}

}  // namespace

std::string kept_endpoints_path(const config::Config& config) {
    if (config.endpoints.path.empty() || config.tenants.state_directory.empty()) return {};
    directory::Fingerprint name;
    name.feed(absolute(config.endpoints.path));
    return config.tenants.state_directory + "/endpoints.used." + name.text();
}

base::Result<config::EndpointsFile> read_kept_endpoints(const config::Config& config) {
    const std::string path = kept_endpoints_path(config);
    if (path.empty()) return base::fail(base::Errc::not_found, "no endpoint list is kept");
    return config::read_endpoints_file(path, directory::Links::refused);
}

std::vector<config::Problem> compare_with_kept(config::Config& config) {
    auto kept = read_kept_endpoints(config);
    if (!kept) {
        if (kept.error().code == base::Errc::not_found) return {};
        return {warning_of(config.endpoints.path, "endpoint list is not compared with the one in use before: " + kept.error().detail)};
    }
    std::string why = config::why_not_used(config.endpoints, &kept->list);
    if (why.empty()) return {};
    // The stamp stays that of what is kept: so the daemon's watch looks at the file as at any that changed, and says what it says then.
    const std::string place = std::exchange(kept->path, config.endpoints.path);
    config::use_endpoints(config, *std::move(kept));
    return {warning_of(config.endpoints.path, "the one in use before, kept in " + place + ", stays: " + std::move(why))};
}

std::optional<config::Problem> keep_endpoints(const config::Config& config) {
    const std::string path = kept_endpoints_path(config);
    if (path.empty()) return std::nullopt;
    const std::string content = config.endpoints.content.text();
    if (const auto kept = read_kept_endpoints(config); kept && kept->content.text() == content) return std::nullopt;
    const auto file = directory::read_plain_file(config.endpoints.path, config::max_endpoint_octets, directory::Links::followed);
    if (!file) return std::nullopt;  // gone since it was read: the daemon's watch tells of that
    directory::Fingerprint now;
    now.feed(file->text);
    if (now.text() != content) return std::nullopt;  // the next load keeps it
    if (const auto written = directory::replace_file(path, file->text, {.mode = 0644}); !written)
        return warning_of(config.endpoints.path, "cannot be kept for the next start to compare with: " + written.error().detail);
    return std::nullopt;
}

}  // namespace exota::app
