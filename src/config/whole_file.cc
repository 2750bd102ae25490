#include "config/whole_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace exota::config {
namespace {

class Descriptor {
public:
    explicit Descriptor(int number) noexcept : number_(number) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    int number() const noexcept { return number_; }

private:
    int number_;
};

std::unexpected<base::Error> system_failure(const std::string& path, int error) {
    const base::Errc code = error == ENOENT || error == ENOTDIR ? base::Errc::not_found : base::Errc::io;
    return base::fail(code, path + ": " + std::generic_category().message(error));
}

}  // namespace

base::Result<std::string> read_whole_file(const std::string& path, std::size_t max_octets) {
    if (path.find('\0') != std::string::npos) return base::fail(base::Errc::not_found, "a file name with a NUL");
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (file.number() < 0) return system_failure(path, errno);
    struct ::stat about{};
    if (::fstat(file.number(), &about) != 0) return system_failure(path, errno);
    if (S_ISDIR(about.st_mode)) return system_failure(path, EISDIR);
    std::string content;
    std::array<char, 65536> buffer;
    for (;;) {
        const ssize_t got = ::read(file.number(), buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return system_failure(path, errno);
        if (got == 0) return content;
        content.append(buffer.data(), static_cast<std::size_t>(got));
        if (content.size() > max_octets)
            return base::fail(base::Errc::too_long, path + ": larger than " + std::to_string(max_octets) + " octets");
    }
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
