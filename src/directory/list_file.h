// Files of many lines that operators keep: how they are read, cut into lines, and what is wrong with which line.
//
//   # a comment
//   CONTENT            # a comment, behind a blank or at the beginning of a line
//
// Tested by list_file_test.cc.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "directory/file_stamp.h"

namespace exota::directory {

inline constexpr std::size_t max_list_octets = std::size_t{256} * 1024 * 1024;
inline constexpr std::size_t max_list_line_octets = 1000;  // with its comment
inline constexpr std::size_t max_list_entries = 1'000'000;
inline constexpr std::size_t max_list_problems = 100;  // that are told of one file

struct ListProblem {
    std::size_t line = 0;  // from 1; 0: of the whole file
    std::string text;
    friend bool operator==(const ListProblem&, const ListProblem&) = default;
};

struct ListText {
    std::string text;
    FileStamp stamp;
};

/// Blocks: for a thread of its own, or a start.
/// @return  not_found or io where it cannot be read (it must be a regular file), too_long above max_octets, unavailable where it changed
///          while it was read. Details do not name the path.
base::Result<ListText> read_list(const std::string& path, std::size_t max_octets = max_list_octets);

/// The lines of a text, each without its end (LF or CRLF), its comment, and blanks at either end.
class ListLines {
public:
    /// A byte order mark is passed over.
    explicit ListLines(std::string_view text) noexcept;
    /// The next line that is not empty then. @return false: there is none.
    bool next();
    std::string_view content() const noexcept { return content_; }
    std::size_t number() const noexcept { return number_; }
    bool is_too_long() const noexcept { return is_too_long_; }

private:
    std::string_view rest_, content_;
    std::size_t number_ = 0;
    bool is_too_long_ = false;
};

/// Adds a problem; the last one that is kept says that there are more.
void note(std::vector<ListProblem>& problems, std::size_t line, std::string text);

}  // namespace exota::directory
