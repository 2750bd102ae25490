// What the last failed call of the operating system becomes as an Error.
#pragma once

#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>

#include "base/result.h"

namespace exota::base {

/// Errc::io, "<what>: No such file or directory". Reads errno, so nothing stands between it and the call that failed.
inline std::unexpected<Error> system_error(std::string_view what) {
    const int error = errno;
    return fail(Errc::io, std::string(what) + ": " + std::strerror(error));
}

}  // namespace exota::base
