// Which Authentication-Results fields pose as ours. Properties: a field that reads as ours and speaks of x-exota does, however it is
// decorated at both ends; one of another id that has none of the letters does not; and of what does not, no careless program sees our id
// with our method behind it.
#include <algorithm>
#include <cstdint>
#include <string>

#include "authn/authres.h"
#include "base/text.h"
#include "decision/forged_result.h"
#include "property.h"

namespace {

using namespace exota;

constexpr std::string_view our_id = "gw.example";

using exota::fuzz::require;

bool poses(std::string_view value) { return decision::poses_as_ours(value, {.authserv_id = our_id}, decision::Readable::unknown); }

/// Splits at the first ';', trims, and looks.
bool careless(const std::string& text) {
    const std::size_t end = text.find(';');
    std::string_view id = base::trim(std::string_view(text).substr(0, end));
    while (id.ends_with('.')) id.remove_suffix(1);
    return end != std::string::npos && base::iequals(id, our_id) && base::ifind(text, "x-exota") != std::string_view::npos;
}

std::string without(std::string text, std::string_view dropped) {
    std::erase_if(text, [&](char c) { return dropped.find(c) != std::string_view::npos; });
    return text;
}

std::string without_comments(std::string text) {
    for (std::size_t start = text.find('('); start != std::string::npos; start = text.find('(')) {
        const std::size_t end = text.find(')', start);
        if (end == std::string::npos) break;
        text.erase(start, end + 1 - start);
    }
    return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    // As long as a field that is read; the seed `longest` makes libFuzzer try more than 4,096 octets.
    const std::string value(reinterpret_cast<const char*>(data), std::min(size, authn::max_authres_octets));
    const auto field = authn::parse_authentication_results(value);
    const bool has_method = base::ifind(value, "x-exota") != std::string_view::npos;
    if (field && base::iequals(field->authserv_id, our_id) && has_method) require(poses(value) && poses(" (c) " + value + " (c)"));
    if (!field && base::istarts_with(value, our_id) && value.size() > our_id.size() && value[our_id.size()] == ';') require(poses(value));
    if (poses(value)) return 0;
    for (const std::string& text : {value, without(value, "\\"), without(value, "\""), without(value, "\\\" \t\r\n"),
                                    without_comments(value), without_comments(without(value, "\\\""))})
        require(!careless(text));
    return 0;
}
