#include "directory/server_text.h"

#include <algorithm>

#include "base/text.h"

namespace exota::directory {
namespace {

/// How many octets at the beginning of `said` are the secret, or enough of it.
std::size_t secret_at_begin(std::string_view said, std::string_view secret) {
    const auto same = static_cast<std::size_t>(std::ranges::mismatch(said, secret).in2 - secret.begin());
    return same == secret.size() || same >= min_part_of_secret ? same : 0;
}

}  // namespace

std::string server_text(std::string_view said, std::string_view secret, std::size_t max_octets) {
    std::string text;
    while (!said.empty() && text.size() < max_octets) {
        if (const std::size_t octets = secret_at_begin(said, secret); octets > 0) {
            text += "***";
            said.remove_prefix(octets);
            continue;
        }
        const char c = said.front();
        text += c == '\n' || c == '\r' || c == '\t' ? ' ' : c >= ' ' && c <= '~' ? c : '?';
        said.remove_prefix(1);
    }
    return std::string(base::trim(text.substr(0, max_octets)));
}

}  // namespace exota::directory
