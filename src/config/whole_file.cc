#include "config/whole_file.h"

#include "directory/read_file.h"

namespace exota::config {

base::Result<std::string> read_whole_file(const std::string& path, std::size_t max_octets) {
    const auto file = directory::open_any_file(path);
    if (!file) return directory::naming(path, file.error());
    auto text = directory::read_to_end(*file, max_octets);
    if (!text) return directory::naming(path, text.error());
    return text;
}

std::string resolve_path(const std::string& path, const std::string& from) {
    if (path.empty() || path.starts_with('/')) return path;
    const std::size_t slash = from.rfind('/');
    return slash == std::string::npos ? path : from.substr(0, slash + 1) + path;
}

base::Result<std::string> read_password_file(const std::string& path) {
    constexpr std::size_t max_password_octets = 4096;
    const auto text = read_whole_file(path, max_password_octets);
    if (!text) return std::unexpected(text.error());
    std::string password = text->substr(0, text->find('\n'));
    if (password.ends_with('\r')) password.pop_back();
    if (password.empty()) return base::fail(base::Errc::invalid_data, path + ": its first line is empty");
    return password;
}

}  // namespace exota::config
