#include "directory/tenants_file_source.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <functional>
#include <memory>
#include <utility>

#include "base/encode.h"

namespace exota::directory {
namespace {

constexpr std::size_t max_record_octets = 256;
constexpr std::string_view acceptance_begins = "sha256 ";
constexpr std::string_view in_use_begins = "domains ";

class Descriptor {
public:
    explicit Descriptor(int number) noexcept : number_(number) {}
    ~Descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    Descriptor& operator=(Descriptor&&) = delete;
    int number() const noexcept { return number_; }

private:
    int number_;
};

std::unexpected<base::Error> refused(const std::string& path, int error) {
    return base::fail(error == ENOENT || error == ENOTDIR ? base::Errc::not_found : base::Errc::io, path + ": " + std::strerror(error));
}

base::Result<FileStamp> stamp_of_open(const std::string& path, const Descriptor& file) {
    struct stat status{};
    if (::fstat(file.number(), &status) != 0) return refused(path, errno);
    if (!S_ISREG(status.st_mode)) return base::fail(base::Errc::io, path + ": not a regular file");
    return stamp_of(status);
}

/// Reads the whole file, a piece at a time.
/// @return  the stamp of what was read.
base::Result<FileStamp> read_pieces(const std::string& path, const std::function<void(std::string_view)>& take) {
    // O_NONBLOCK: opening a FIFO must not wait for its writer; it is refused right after.
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (file.number() < 0) return refused(path, errno);
    const base::Result<FileStamp> before = stamp_of_open(path, file);
    if (!before) return before;
    const auto buffer = std::make_unique_for_overwrite<char[]>(read_octets);
    for (;;) {
        const ssize_t got = ::read(file.number(), buffer.get(), read_octets);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return refused(path, errno);
        if (got == 0) break;
        take({buffer.get(), static_cast<std::size_t>(got)});
    }
    const base::Result<FileStamp> after = stamp_of_open(path, file);
    if (after && *after != *before) return base::fail(base::Errc::unavailable, path + ": changed while it was read");
    return after;
}

/// SHA-256 of the content, in hexadecimal.
base::Result<std::string> digest_of(const std::string& path) {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    bool fine = context && EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1;
    const base::Result<FileStamp> read =
        read_pieces(path, [&](std::string_view piece) { fine = fine && EVP_DigestUpdate(context.get(), piece.data(), piece.size()) == 1; });
    if (!read) return std::unexpected(read.error());
    unsigned char octets[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (!fine || EVP_DigestFinal_ex(context.get(), octets, &size) != 1) return base::fail(base::Errc::io, "SHA-256 is not available");
    return base::hex_encode({reinterpret_cast<const char*>(octets), size});
}

/// A small file of ours, written beside and renamed, so that nobody ever reads half of it.
base::Result<void> write_record(const std::string& path, std::string_view text) {
    const std::string beside = path + ".new";
    const Descriptor file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644));
    if (file.number() < 0) return refused(beside, errno);
    while (!text.empty()) {
        const ssize_t written = ::write(file.number(), text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return refused(beside, errno);
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    if (::fsync(file.number()) != 0) return refused(beside, errno);
    if (::rename(beside.c_str(), path.c_str()) != 0) return refused(path, errno);
    return {};
}

/// The word behind `begins` in a record of one line.
base::Result<std::string> read_record(const std::string& path, std::string_view begins) {
    std::string text;
    const base::Result<FileStamp> read = read_pieces(
        path, [&](std::string_view piece) { text += piece.substr(0, max_record_octets - std::min(text.size(), max_record_octets)); });
    if (!read) return std::unexpected(read.error());
    if (!text.starts_with(begins) || !text.ends_with('\n')) return base::fail(base::Errc::invalid_data, path + ": not a record of ours");
    return text.substr(begins.size(), text.size() - begins.size() - 1);
}

}  // namespace

base::Result<LoadedFile> load_tenants_file(const std::string& path, tenant::Defaults defaults) {
    tenant::TenantsReader reader(std::move(defaults));
    const base::Result<FileStamp> stamp = read_pieces(path, [&](std::string_view piece) { reader.feed(piece); });
    if (!stamp) return std::unexpected(stamp.error());
    return LoadedFile{reader.finish(), *stamp};
}

Watched look_at(const std::string& path) {
    const auto seen = [](const std::string& name) -> std::optional<FileStamp> {
        const base::Result<FileStamp> stamp = stamp_of(name);
        if (!stamp) return std::nullopt;
        return *stamp;
    };
    return {seen(path), seen(acceptance_path(path))};
}

std::string acceptance_path(const std::string& path) { return path + ".accept-shrink"; }

base::Result<void> accept_shrink(const std::string& path) {
    const base::Result<std::string> digest = digest_of(path);
    if (!digest) return std::unexpected(digest.error());
    return write_record(acceptance_path(path), std::string(acceptance_begins) + *digest + '\n');
}

std::optional<std::string> refusal_of_shrink(const std::string& path, std::size_t domains_in_use, std::size_t domains) {
    if (!shrinks_too_far(domains_in_use, domains)) return std::nullopt;
    const std::string shrink = path + " has " + std::to_string(domains) + " domains, and " + std::to_string(domains_in_use) +
                               " are in use: more than a fifth would be lost. ";
    const base::Result<std::string> accepted = read_record(acceptance_path(path), acceptance_begins);
    if (!accepted) {
        if (accepted.error().code == base::Errc::not_found) return shrink + "If that is meant, run: exota check --accept-shrink";
        return shrink + "The acceptance cannot be read: " + accepted.error().detail;
    }
    const base::Result<std::string> digest = digest_of(path);
    if (!digest) return shrink + digest.error().detail;
    if (*accepted == *digest) return std::nullopt;
    return shrink + "The acceptance that is there is of another content. If this one is meant, run: exota check --accept-shrink";
}

base::Result<void> write_domains_in_use(const std::string& record, std::size_t domains) {
    return write_record(record, std::string(in_use_begins) + std::to_string(domains) + '\n');
}

base::Result<std::size_t> read_domains_in_use(const std::string& record) {
    const base::Result<std::string> text = read_record(record, in_use_begins);
    if (!text) return std::unexpected(text.error());
    std::size_t domains = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), domains);
    if (error != std::errc{} || end != text->data() + text->size())
        return base::fail(base::Errc::invalid_data, record + ": not a record of ours");
    return domains;
}

}  // namespace exota::directory
