#include "directory/list_file.h"

#include "base/text.h"
#include "directory/read_file.h"

namespace exota::directory {

base::Result<ListText> read_list(const std::string& path, std::size_t max_octets) {
    const auto file = open_regular_file(path, Links::followed);
    if (!file) return std::unexpected(file.error());
    auto text = read_to_end(file->descriptor, max_octets, static_cast<std::size_t>(file->status.st_size));
    if (!text) return std::unexpected(std::move(text.error()));
    if (const auto same = has_not_changed(*file); !same) return std::unexpected(same.error());
    return ListText{*std::move(text), stamp_of(file->status)};
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
