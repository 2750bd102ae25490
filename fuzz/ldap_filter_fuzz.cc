// A filter as an operator writes it, and a name as a stranger does: whatever the name, the filter keeps its shape.
//
// The first line of the input is the filter, the rest the name. Another name differs from it only where the name stands; and a server's
// reading of the value gives the name back.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/text.h"
#include "directory/ldap_filter.h"
#include "property.h"

namespace {

using exota::fuzz::require;

/// RFC 4515 §4, as a server undoes it.
std::string unescaped(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\') {
            out += text[i];
            continue;
        }
        require(i + 2 < text.size());
        out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
        i += 2;
    }
    return out;
}

std::size_t count(std::string_view text, char c) {
    std::size_t n = 0;
    for (const char each : text) n += each == c ? 1 : 0;
    return n;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view name(reinterpret_cast<const char*>(data), size);
    const std::string_view text = exota::base::take_until(name, '\n');
    const std::string value = exota::directory::escaped_for_filter(name);
    require(unescaped(value) == name);
    for (const char c : value) require(c >= 0x20 && c < 0x7f && c != '*' && c != '(' && c != ')');

    const auto filter = exota::directory::LdapFilter::parse(text, "%d");
    if (!filter) {
        require(!filter.error().detail.empty());
        return 0;
    }
    const std::string with_name = filter->with(name), with_none = filter->with("");
    for (const char c : {'(', ')', '*'}) require(count(with_name, c) == count(with_none, c));
    require(filter->with("x").size() > with_none.size());
    return 0;
}
