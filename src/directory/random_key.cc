#include "directory/random_key.h"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>

namespace exota::directory {

base::Result<base::HashKey> random_key() {
    std::array<std::uint64_t, 3> octets{};
    if (::getrandom(octets.data(), sizeof octets, 0) != static_cast<ssize_t>(sizeof octets))
        return base::fail(base::Errc::unavailable, std::string("no random numbers: ") + std::strerror(errno));
    return base::HashKey(octets);
}

}  // namespace exota::directory
