// What a fuzz target says when a property does not hold: where, and then it aborts, which is how libFuzzer knows.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <source_location>

namespace exota::fuzz {

inline void require(bool holds, const std::source_location& where = std::source_location::current()) {
    if (holds) return;
    std::fprintf(stderr, "property broken: %s:%u\n", where.file_name(), static_cast<unsigned>(where.line()));
    std::abort();
}

inline void require(bool holds, const char* property) {
    if (holds) return;
    std::fprintf(stderr, "property broken: %s\n", property);
    std::abort();
}

}  // namespace exota::fuzz
