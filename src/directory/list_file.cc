#include "directory/list_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/text.h"
#include "net/descriptor.h"

namespace exota::directory {
namespace {

std::unexpected<base::Error> refused(int error) {
    return base::fail(error == ENOENT || error == ENOTDIR ? base::Errc::not_found : base::Errc::io, std::strerror(error));
}

base::Result<FileStamp> stamp_of_open(const net::Descriptor& file) {
    struct stat status{};
    if (::fstat(file.get(), &status) != 0) return refused(errno);
    if (!S_ISREG(status.st_mode)) return base::fail(base::Errc::io, "not a regular file");
    return stamp_of(status);
}

}  // namespace

base::Result<ListText> read_list(const std::string& path, std::size_t max_octets) {
    // O_NONBLOCK: opening a FIFO must not wait for its writer; it is refused right after.
    const net::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file) return refused(errno);
    const base::Result<FileStamp> before = stamp_of_open(file);
    if (!before) return std::unexpected(before.error());
    const auto too_long = [&] { return base::fail(base::Errc::too_long, "larger than " + std::to_string(max_octets) + " octets"); };
    if (static_cast<std::uint64_t>(before->size) > max_octets) return too_long();
    ListText list;
    list.text.reserve(static_cast<std::size_t>(before->size));
    std::array<char, 65536> piece;
    for (;;) {
        const ssize_t got = ::read(file.get(), piece.data(), piece.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return refused(errno);
        if (got == 0) break;
        list.text.append(piece.data(), static_cast<std::size_t>(got));
        if (list.text.size() > max_octets) return too_long();
    }
    const base::Result<FileStamp> after = stamp_of_open(file);
    if (!after) return std::unexpected(after.error());
    if (*after != *before) return base::fail(base::Errc::unavailable, "it changed while it was read");
    list.stamp = *after;
    return list;
}

ListLines::ListLines(std::string_view text) noexcept : rest_(text) {
    constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
    if (rest_.starts_with(byte_order_mark)) rest_.remove_prefix(byte_order_mark.size());
}

bool ListLines::next() {
    while (!rest_.empty()) {
        std::string_view line = base::take_until(rest_, '\n');
        ++number_;
        if (line.ends_with('\r')) line.remove_suffix(1);
        is_too_long_ = line.size() > max_list_line_octets;
        for (std::size_t at = line.find('#'); at != std::string_view::npos; at = line.find('#', at + 1))
            if (at == 0 || base::is_wsp(line[at - 1])) {
                line = line.substr(0, at);
                break;
            }
        content_ = base::trim(line);
        if (!content_.empty() || is_too_long_) return true;
    }
    return false;
}

void note(std::vector<ListProblem>& problems, std::size_t line, std::string text) {
    if (problems.size() + 1 < max_list_problems)
        problems.push_back({line, std::move(text)});
    else if (problems.size() < max_list_problems)
        problems.push_back({0, "has more problems than these"});
}

}  // namespace exota::directory
