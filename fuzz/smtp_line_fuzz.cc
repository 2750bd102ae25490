// Lines of SMTP.
//
// Properties: cutting the octets anywhere gives the same lines; no more is kept than the limit; the lines with their CRLFs are the input,
// but for those that are too long; a line without fault has no CR, LF or NUL.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "property.h"
#include "wire/smtp/line.h"

namespace {

using namespace exota::smtp;

constexpr LineLimits limits{20, 40};  // small, so that both are met

using exota::fuzz::require;

std::vector<std::string> lines_by_pieces(std::string_view bytes, std::size_t piece) {
    std::vector<std::string> lines;
    LineReader reader(limits);
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        const std::string buffer(bytes.substr(at, piece));
        std::string_view part = buffer;
        while (const auto line = reader.next(part)) {
            const bool plain = line->text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
            require(line->fault == LineFault::too_long ? line->text.empty() : plain == (line->fault == LineFault::none));
            require(line->text.size() + 2 <= limits.mail_octets);
            lines.push_back(static_cast<char>('0' + static_cast<int>(line->fault)) + std::string(line->text));
        }
        require(part.empty() && reader.kept_octets() <= limits.mail_octets);
    }
    lines.emplace_back(reader.within_line() ? "more" : "");
    return lines;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const auto whole = lines_by_pieces(bytes, std::max<std::size_t>(size, 1));
    for (const std::size_t piece : {1u, 2u, 3u, 19u}) require(lines_by_pieces(bytes, piece) == whole);
    std::string again;
    bool complete = true;
    for (std::size_t i = 0; i + 1 < whole.size(); ++i) {
        complete &= whole[i][0] != '0' + static_cast<int>(LineFault::too_long);
        again += whole[i].substr(1) + "\r\n";
    }
    if (complete) require(bytes.starts_with(again) && (whole.back() == "more") == (again.size() < size));
    return 0;
}
