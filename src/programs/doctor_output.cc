// The output of one program (postconf): started without a shell, read to its end, within a deadline.
//
// Tested by doctor_gather_test.cc.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <system_error>

#include "base/text.h"
#include "net/descriptor.h"
#include "programs/doctor_gather.h"

extern "C" char** environ;

namespace exota::programs {
namespace {

constexpr std::size_t most_octets = 4 * 1024 * 1024;

std::string message_of(int error) { return std::generic_category().message(error); }

/// Where PATH leads, and where postconf lies if PATH is a user's and not root's.
std::string found_in_path(const std::string& program) {
    if (program.find('/') != std::string::npos) return program;
    const char* const path = std::getenv("PATH");
    const std::string all = (path != nullptr ? std::string(path) + ':' : "") + "/usr/sbin:/usr/local/sbin:/usr/bin";
    for (std::string_view rest = all; !rest.empty();)
        if (const std::string_view folder = base::take_until(rest, ':'); !folder.empty())
            if (std::string candidate = std::string(folder) + '/' + program; ::access(candidate.c_str(), X_OK) == 0) return candidate;
    return program;
}

struct Pipe {
    net::Descriptor reader, writer;
};

base::Result<Pipe> make_pipe() {
    int ends[2] = {-1, -1};
    if (::pipe2(ends, O_CLOEXEC) != 0) return base::fail(base::Errc::unavailable, message_of(errno));
    return Pipe{net::Descriptor(ends[0]), net::Descriptor(ends[1])};
}

base::Result<pid_t> start(const std::vector<std::string>& command, const Pipe& output, const Pipe& errors) {
    const std::string program = found_in_path(command.front());
    std::vector<char*> arguments;
    for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_adddup2(&actions, output.writer.get(), STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions, errors.writer.get(), STDERR_FILENO);
    pid_t child = -1;
    const int error = ::posix_spawn(&child, program.c_str(), &actions, nullptr, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (error != 0) return base::fail(base::Errc::unavailable, program + ": " + message_of(error));
    return child;
}

/// Reads both until both have ended. @return  timeout, or too_long.
base::Result<void> read_both(const Pipe& output, const Pipe& errors, std::array<std::string, 2>& texts,
                             std::chrono::steady_clock::time_point deadline) {
    std::array<pollfd, 2> wait{pollfd{output.reader.get(), POLLIN, 0}, pollfd{errors.reader.get(), POLLIN, 0}};
    while (wait[0].fd >= 0 || wait[1].fd >= 0) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
        if (left.count() <= 0) return base::fail(base::Errc::timeout, "no end of its output in time");
        if (::poll(wait.data(), wait.size(), static_cast<int>(left.count())) < 0 && errno != EINTR)
            return base::fail(base::Errc::unavailable, message_of(errno));
        for (std::size_t i = 0; i < wait.size(); ++i) {
            if (wait[i].fd < 0 || wait[i].revents == 0) continue;
            char buffer[16384];
            const ssize_t got = ::read(wait[i].fd, buffer, sizeof buffer);
            if (got > 0) texts[i].append(buffer, static_cast<std::size_t>(got));
            if (got == 0 || (got < 0 && errno != EINTR)) wait[i].fd = -1;
            if (texts[i].size() > most_octets) return base::fail(base::Errc::too_long, "says more than 4 MiB");
        }
    }
    return {};
}

}  // namespace

base::Result<std::string> output_of(const std::vector<std::string>& command, std::chrono::milliseconds deadline) {
    const auto until = std::chrono::steady_clock::now() + deadline;
    auto output = make_pipe(), errors = make_pipe();
    if (!output) return std::unexpected(output.error());
    if (!errors) return std::unexpected(errors.error());
    const base::Result<pid_t> child = start(command, *output, *errors);
    if (!child) return std::unexpected(child.error());
    output->writer.reset();
    errors->writer.reset();
    std::array<std::string, 2> texts;
    const base::Result<void> ended = read_both(*output, *errors, texts, until);
    if (!ended) ::kill(*child, SIGKILL);
    int status = 0;
    while (::waitpid(*child, &status, 0) < 0 && errno == EINTR) {
    }
    if (!ended) return base::fail(ended.error().code, command.front() + ": " + ended.error().detail);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return std::move(texts[0]);
    std::string_view complaints = texts[1];
    std::string complaint;  // the last: before it postconf only warns
    while (!complaints.empty())
        if (const std::string_view line = base::trim(base::take_until(complaints, '\n')); !line.empty()) complaint = line;
    return base::fail(base::Errc::unavailable, complaint.empty() ? command.front() + " failed" : complaint);
}

}  // namespace exota::programs
