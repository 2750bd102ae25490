// Prefix files: either every line was read or a line that exists is named; and the table says of each end of each prefix, and of the
// addresses beside it, what the lines one by one say.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "directory/prefix_file.h"

namespace {

using namespace exota;

base::IpAddress next(base::IpAddress address, bool up) {
    auto octets = address.octets();
    for (std::size_t i = octets.size(); i > 0; --i) {
        std::uint8_t& octet = octets[i - 1];
        octet = static_cast<std::uint8_t>(up ? octet + 1 : octet - 1);
        if (octet != (up ? 0 : 255)) break;
    }
    return base::IpAddress::from_octets(octets);
}

struct Line {
    base::IpPrefix prefix;
    bool ends;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const directory::PrefixFile file = directory::parse_prefix_file(text, 200);
    if (file.table.has_value() == !file.problems.empty()) std::abort();
    const auto lines = static_cast<std::size_t>(std::ranges::count(text, '\n')) + 1;
    for (const directory::ListProblem& problem : file.problems)
        if (problem.line > lines || problem.text.empty()) std::abort();
    if (!file.table) return 0;

    std::vector<Line> read;
    for (directory::ListLines line(text); line.next();) {
        std::string_view rest = line.content();
        const std::size_t end = std::min(rest.find_first_of(" \t\r"), rest.size());
        const auto prefix = base::IpPrefix::parse(rest.substr(0, end));
        if (!prefix) std::abort();
        read.push_back({*prefix, rest.contains("until")});
    }
    if (read.size() != file.table->size()) std::abort();
    // All that end have ended by then.
    const auto late = base::PrefixTable::forever;
    for (const Line& line : read)
        for (const base::IpAddress& address :
             {line.prefix.network(), line.prefix.last(), next(line.prefix.network(), false), next(line.prefix.last(), true)}) {
            const bool want = std::ranges::any_of(read, [&](const Line& other) { return !other.ends && other.prefix.contains(address); });
            if (file.table->find(address, late).has_value() != want) std::abort();
        }
    return 0;
}
