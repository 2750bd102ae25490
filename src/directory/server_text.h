// What a server says in an error, as it may stand in a log: one line of printable ASCII, not too long, and without the secret that we told
// that server. One that does not know the command by which we log in quotes it (Redis: "unknown command 'AUTH', with args beginning
// with: …"), and one that is not who it says it is may do so at any time.
//
// Tested by server_text_test.cc.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace exota::directory {

/// Of a longer secret a beginning of so many octets is taken out, too: servers cut what they quote.
constexpr std::size_t min_part_of_secret = 16;

/// @param secret  as it was told; empty: none was.
/// @return        at most `max_octets`; line ends are spaces, what else is no printable ASCII a '?', and each secret is "***".
std::string server_text(std::string_view said, std::string_view secret, std::size_t max_octets);

}  // namespace exota::directory
