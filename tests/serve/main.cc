// exota with no command but `serve`: what ThreadSanitizer watches is the daemon, and the other commands are half of all there is to
// compile.
#include <csignal>
#include <string>

#include "programs/options.h"

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    exota::programs::CommandLine program("exota", "The daemon alone, for tests.", "", "exota for tests");
    exota::programs::add_serve(program);
    return static_cast<int>(program.run(argc, argv));
}
