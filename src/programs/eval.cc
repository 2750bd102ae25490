// exota eval: the engine for programs. One JSON object a line in, one a line out, in order; bad input is answered, never an end.
//
// Tested by tests/cli_test.py and tests/corpora_test.py.
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <vector>

#include "programs/eval_ops.h"
#include "programs/options.h"

namespace exota::programs {
namespace {

/// Lines of standard input. Of one that is too long only so much is kept that evaluate_line sees that it is.
class Lines {
public:
    /// @return false at the end of the input.
    bool next(std::string& line) {
        line.clear();
        for (;;) {
            if (at_ == end_ && !fill()) return !line.empty();
            const std::string_view unread(buffer_.data() + at_, end_ - at_);
            const std::size_t stop = unread.find('\n');
            const std::string_view piece = unread.substr(0, stop);
            line.append(piece.substr(0, max_eval_line_octets + 1 - std::min(line.size(), max_eval_line_octets + 1)));
            at_ += piece.size() + (stop == std::string_view::npos ? 0 : 1);
            if (stop != std::string_view::npos) return true;
        }
    }
    bool nothing_buffered() const { return at_ == end_; }
    bool failed() const { return failed_; }

private:
    bool fill() {
        // read(2), not fread(3): a program that waits for each answer must not wait for a full buffer.
        ssize_t got = 0;
        do got = ::read(STDIN_FILENO, buffer_.data(), buffer_.size());
        while (got < 0 && errno == EINTR);
        failed_ = got < 0;
        at_ = 0;
        end_ = got > 0 ? static_cast<std::size_t>(got) : 0;
        return got > 0;
    }
    std::vector<char> buffer_ = std::vector<char>(256 * 1024);
    std::size_t at_ = 0, end_ = 0;
    bool failed_ = false;
};

Exit run() {
    Lines lines;
    for (std::string line; lines.next(line);) {
        if (line.ends_with('\r')) line.pop_back();
        print(evaluate_line(line) + '\n');
        if (lines.nothing_buffered() && std::fflush(stdout) != 0) return Exit::unavailable;
    }
    if (!lines.failed()) return Exit::ok;
    complain("exota eval: standard input cannot be read\n");
    return Exit::no_input;
}

}  // namespace

void add_eval(CommandLine& program) {
    Command command = program.command("eval", "Answer JSON questions, one a line, from standard input (for programs and tests)");
    command.footer(
        "Operations (\"op\"): from, authres, dkim, arc, spf, dmarc, eop, compauth, decide. Each line of input gets one line of output with "
        "the same \"id\";\nbad input gets {\"error\": \"...\"}. The members of each are in docs/reference/commands.md.");
    command.flag("--json", [] {}, "Changes nothing: the output is always JSON");
    command.action(run);
}

}  // namespace exota::programs
