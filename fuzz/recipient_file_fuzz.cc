// Recipient files: either every line was read or a line that exists is named; every address that was read is known, in its canonical form
// too, which is its own canonical form; and nothing is known at a domain of which no line speaks.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "directory/recipient_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace exota;
    if (size == 0) return 0;
    const tenant::RecipientRules rules{.delimiter = (data[0] & 1) != 0 ? '+' : '\0', .fold_case = (data[0] & 2) != 0};
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    const directory::RecipientFile file = directory::parse_recipient_file(text, rules, {}, 200);
    if (file.list.has_value() == !file.problems.empty()) std::abort();
    const auto lines = static_cast<std::size_t>(std::ranges::count(text, '\n')) + 1;
    for (const directory::ListProblem& problem : file.problems)
        if (problem.line > lines || problem.text.empty()) std::abort();
    if (!file.list) return 0;

    bool speaks_of_it = false;
    for (directory::ListLines line(text); line.next();) {
        std::string address(line.content());
        if (address.starts_with('@')) address.insert(0, "a");
        const auto name = tenant::RecipientName::parse(address, rules);
        if (!name && name.error().code == base::Errc::too_long) continue;  // a domain so long that no address has room beside it
        if (!name || !file.list->knows(*name, rules)) std::abort();
        if (name->text().size() > tenant::max_recipient_octets || name->domain().contains('@')) std::abort();
        speaks_of_it |= name->domain() == "nobody.invalid";
        if (name->domain().empty()) continue;  // postmaster
        // What needs quotes is written with them.
        std::string quoted = "\"";
        for (const char c : name->local_part()) (c == '"' || c == '\\' ? quoted += '\\' : quoted) += c;
        quoted += '"';
        const auto again = tenant::RecipientName::parse(quoted.append(name->at_domain()), rules);
        if (!again || again->text() != name->text()) std::abort();
    }
    const auto nobody = tenant::RecipientName::parse("somebody@nobody.invalid", rules);
    if (!speaks_of_it && file.list->knows(nobody.value(), rules)) std::abort();
    return 0;
}
