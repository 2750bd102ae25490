#include <cstdio>
#include <cstdlib>

#include "programs/command.h"

namespace exota::programs {

void print(std::string_view text) {
    if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size()) return;
    complain("exota: standard output cannot be written\n");
    std::_Exit(static_cast<int>(Exit::unavailable));
}

void complain(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stderr); }

}  // namespace exota::programs
