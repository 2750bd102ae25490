// exota report: our log summed. The result of a dry run: who would have been refused, and why.
//
// Tested by tests/cli_test.py.
#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iostream>
#include <memory>
#include <system_error>

#include "programs/options.h"
#include "programs/report_render.h"

namespace exota::programs {
namespace {

struct Options {
    std::vector<std::string> logs;
    std::vector<std::string> by;
    bool json = false, html = false;
};

void sum(std::istream& in, ReportSum& out) {
    for (std::string line; std::getline(in, line);)
        out.add(line.size() > max_report_line_octets ? std::string_view("too long") : std::string_view(line));
}

Exit run(const Options& options) {
    ReportColumns by{};
    for (const std::string& column : options.by)
        by[static_cast<std::size_t>(std::ranges::find(report_columns, column) - report_columns.begin())] = true;
    if (options.by.empty()) std::fill_n(by.begin(), usual_report_columns, true);
    ReportSum total(by);
    std::vector<std::string> logs = options.logs;
    if (logs.empty()) logs.emplace_back("-");
    for (const std::string& path : logs) {
        if (path == "-") {
            sum(std::cin, total);
            continue;
        }
        errno = 0;
        std::ifstream file(path, std::ios::binary);
        if (file) sum(file, total);
        if (!file.is_open() || file.bad()) {
            complain("exota report: " + path + ": " + std::generic_category().message(errno != 0 ? errno : EIO) + '\n');
            return Exit::no_input;
        }
    }
    print(options.json ? report_as_json(total) : options.html ? report_as_html(total) : report_as_table(total));
    return Exit::ok;
}

}  // namespace

void add_report(CommandLine& program) {
    auto options = std::make_shared<Options>();
    Command command = program.command(
        "report", "Sum our log by tenant, author domain, verdict, judged, reason and missing factor (the result of a dry run)");
    const std::vector<std::string> columns(report_columns.begin(), report_columns.end());
    std::string all;
    for (const std::string& column : columns) all += (all.empty() ? "" : ",") + column;
    command.option({.names = "--by",
                    .about = "Columns to keep apart (default: all but gateway and stage): " + all,
                    .type = "COLUMN,...",
                    .choices = columns,
                    .separator = ','},
                   options->by);
    command.flag("--json", options->json, "Print JSON");
    command.flag("--html", options->html, "Print one page of HTML that needs nothing else");
    command.excludes("--html", "--json");
    command.option({.names = "LOG", .about = "Log files, logfmt or JSON (default, and -: standard input)"}, options->logs);
    command.action([options] { return run(*options); });
}

}  // namespace exota::programs
