// exota report: our log summed. The result of a dry run: who would have been refused, and why.
//
// Tested by tests/cli_test.py.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <fstream>
#include <iostream>
#include <memory>
#include <system_error>

#include "programs/command.h"
#include "programs/loading.h"
#include "programs/report_sum.h"

namespace exota::programs {
namespace {

struct Options {
    std::vector<std::string> logs;
    std::vector<std::string> by;
    bool json = false;
};

void sum(std::istream& in, ReportSum& out) {
    for (std::string line; std::getline(in, line);)
        out.add(line.size() > max_report_line_octets ? std::string_view("too long") : std::string_view(line));
}

/// Text of senders in a table for a terminal: nothing that moves the cursor.
std::string printable(std::string_view text) {
    std::string out;
    for (const char c : text) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
    return out.empty() ? "-" : out;
}

std::string as_table(const ReportSum& total, const std::array<bool, report_columns.size()>& by) {
    std::vector<std::vector<std::string>> lines{{"messages"}};
    for (std::size_t i = 0; i < by.size(); ++i)
        if (by[i]) lines.front().emplace_back(report_columns[i]);
    for (const ReportSum::Row& row : total.rows()) {
        std::vector<std::string> cells{std::to_string(row.messages)};
        for (std::size_t i = 0; i < by.size(); ++i)
            if (by[i]) cells.push_back(printable(row.key[i]));
        lines.push_back(std::move(cells));
    }
    std::vector<std::size_t> widths(lines.front().size());
    for (const auto& cells : lines)
        for (std::size_t i = 0; i < cells.size(); ++i) widths[i] = std::max(widths[i], cells[i].size());
    std::string out;
    for (const auto& cells : lines) {
        for (std::size_t i = 0; i < cells.size(); ++i) {
            const std::string padding(widths[i] - cells[i].size(), ' ');
            out += i == 0 ? padding + cells[i] : "  " + cells[i] + (i + 1 < cells.size() ? padding : "");
        }
        out += '\n';
    }
    return out + std::to_string(total.messages()) + " messages, " + std::to_string(total.foreign_lines()) + " other lines\n";
}

std::string as_json(const ReportSum& total, const std::array<bool, report_columns.size()>& by) {
    std::string out = "{\"messages\": " + std::to_string(total.messages()) + ", \"other_lines\": " + std::to_string(total.foreign_lines()) +
                      ", \"rows\": [";
    bool first = true;
    for (const ReportSum::Row& row : total.rows()) {
        out += first ? "" : ", ";
        first = false;
        out += "{\"messages\": " + std::to_string(row.messages);
        for (std::size_t i = 0; i < by.size(); ++i)
            if (by[i]) out += ", " + json_string(report_columns[i]) + ": " + json_string(row.key[i]);
        out += '}';
    }
    return out + "]}\n";
}

Exit run(const Options& options) {
    std::array<bool, report_columns.size()> by{};
    for (const std::string& column : options.by)
        by[static_cast<std::size_t>(std::ranges::find(report_columns, column) - report_columns.begin())] = true;
    if (options.by.empty()) by.fill(true);
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
    print(options.json ? as_json(total, by) : as_table(total, by));
    return Exit::ok;
}

}  // namespace

void add_report(CLI::App& program, Exit& exit) {
    auto options = std::make_shared<Options>();
    CLI::App* command =
        program.add_subcommand("report", "Sum our log by tenant, author domain, verdict, judged and reason (the result of a dry run)");
    const std::vector<std::string> columns(report_columns.begin(), report_columns.end());
    command->add_option("--by", options->by, "Columns to keep apart (default: all): " + CLI::detail::join(columns, ","))
        ->type_name("COLUMN,...")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->check(CLI::IsMember(columns).description(""));
    command->add_flag("--json", options->json, "Print JSON");
    command->add_option("LOG", options->logs, "Log files, logfmt or JSON (default, and -: standard input)");
    command->callback([options, &exit] { exit = run(*options); });
}

}  // namespace exota::programs
