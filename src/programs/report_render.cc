#include "programs/report_render.h"

#include <algorithm>
#include <vector>

#include "base/counted.h"
#include "base/encode.h"
#include "programs/json_output.h"

namespace exota::programs {
namespace {

using base::JsonArray;
using base::JsonObject;

/// Text of senders for people: what could move a cursor or turn the direction of writing stands escaped, as in the log.
std::string printable(std::string_view text) {
    if (text.empty()) return "-";
    std::string out;
    base::append_json_string(out, text);
    return out.substr(1, out.size() - 2);
}

/// Into an element's content or a quoted attribute.
std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            case '\'':
                out += "&#39;";
                break;
            default:
                out += c;
        }
    return out;
}

constexpr std::string_view own_domains_title = "Own domains: who sent what an inbound door refuses, or would";
constexpr std::string_view own_domains_advice =
    "If a sender is honest (a mailing list, a service that writes in your name), there are two ways out: let it sign with DKIM as your "
    "domain; or, where it only passes mail on and seals what it found with ARC, name its sealing domain in arc.trusted_sealers.";

std::vector<std::vector<std::string>> cells_of_own_domains(const ReportSum& total) {
    std::vector<std::vector<std::string>> lines{{"messages", "author_domain", "sender", "queue_id"}};
    for (const ReportSum::OwnRow& row : total.own_domains())
        lines.push_back({std::to_string(row.messages), printable(row.author_domain), printable(row.sender), printable(row.queue_id)});
    return lines;
}

/// Head and rows, each cell as text for people.
std::vector<std::vector<std::string>> cells_of(const ReportSum& total) {
    std::vector<std::vector<std::string>> lines{{"messages"}};
    for (std::size_t i = 0; i < report_columns.size(); ++i)
        if (total.by()[i]) lines.front().emplace_back(report_columns[i]);
    lines.front().emplace_back("queue_id");
    for (const ReportSum::Row& row : total.rows()) {
        std::vector<std::string> cells{std::to_string(row.messages)};
        for (std::size_t i = 0; i < report_columns.size(); ++i)
            if (total.by()[i]) cells.push_back(printable(row.key[i]));
        cells.push_back(printable(row.queue_id));
        lines.push_back(std::move(cells));
    }
    return lines;
}

std::string totals(const ReportSum& total) {
    return base::counted(total.messages(), "message") + ", " + base::counted(total.foreign_lines(), "other line");
}

constexpr std::string_view style =
    "body{font:14px/1.4 sans-serif;margin:2em;color:#222;background:#fff}table{border-collapse:collapse}"
    "th,td{text-align:left;padding:.2em .8em;border-bottom:1px solid #ddd}th{border-bottom:2px solid #888}"
    "td:first-child,th:first-child{text-align:right}tr.reject td{background:#fdecea}tr.tempfail td{background:#fff6e0}";

/// The verdict that `enforce` would have said, as the class of a row; empty where rows are not kept apart by it.
std::string_view class_of(const ReportSum::Row& row) {
    const std::string& judged = row.key[3];
    return judged == "reject" ? "reject" : judged == "tempfail" ? "tempfail" : "";
}

std::string table_of(const std::vector<std::vector<std::string>>& lines) {
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
    return out;
}

}  // namespace

std::string report_as_table(const ReportSum& total) {
    std::string out = table_of(cells_of(total)) + totals(total) + '\n';
    if (total.own_domains().empty()) return out;
    out.append("\n").append(own_domains_title).append("\n").append(table_of(cells_of_own_domains(total)));
    return out.append(own_domains_advice).append("\n");
}

std::string report_as_json(const ReportSum& total) {
    const auto add_row = [&total](JsonArray& rows, const ReportSum::Row& row) {
        rows.add([&](JsonObject& members) {
            members.add("messages", row.messages);
            for (std::size_t i = 0; i < report_columns.size(); ++i)
                if (total.by()[i]) members.add(report_columns[i], row.key[i]);
            members.add("queue_id", base::null_if_empty(row.queue_id));
        });
    };
    return json_output([&](JsonObject& members) {
        members.add("messages", total.messages());
        members.add("other_lines", total.foreign_lines());
        members.add("rows", [&](JsonArray& rows) {
            for (const ReportSum::Row& row : total.rows()) add_row(rows, row);
        });
        if (total.own_domains().empty()) return;
        members.add("own_domains", [&](JsonArray& rows) {
            for (const ReportSum::OwnRow& row : total.own_domains())
                rows.add([&](JsonObject& own) {
                    own.add("messages", row.messages);
                    own.add("author_domain", row.author_domain);
                    own.add("sender", row.sender);
                    own.add("queue_id", base::null_if_empty(row.queue_id));
                });
        });
    });
}

std::string report_as_html(const ReportSum& total) {
    std::string out =
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        "<title>ExOTA report</title>\n<style>" +
        std::string(style) + "</style>\n</head>\n<body>\n<h1>ExOTA report</h1>\n<p>" + escaped(totals(total)) +
        ". <em>judged</em> is what mode enforce would have said, <em>missing</em> the first factor that did not hold, <em>queue_id</em> "
        "one of the messages.</p>\n<table>\n";
    const auto lines = cells_of(total);
    const auto rows = total.rows();
    for (std::size_t line = 0; line < lines.size(); ++line) {
        const std::string_view cell = line == 0 ? "th" : "td";
        const std::string_view of_class = line == 0 ? std::string_view{} : class_of(rows[line - 1]);
        out += of_class.empty() ? "<tr>" : "<tr class=\"" + std::string(of_class) + "\">";
        for (const std::string& text : lines[line])
            out.append("<").append(cell).append(">").append(escaped(text)).append("</").append(cell).append(">");
        out += "</tr>\n";
    }
    out += "</table>\n";
    if (!total.own_domains().empty()) {
        out.append("<h2>").append(own_domains_title).append("</h2>\n<p>").append(own_domains_advice).append("</p>\n<table>\n");
        std::string_view cell = "th";
        for (const auto& cells : cells_of_own_domains(total)) {
            out += "<tr>";
            for (const std::string& text : cells)
                out.append("<").append(cell).append(">").append(escaped(text)).append("</").append(cell).append(">");
            out += "</tr>\n";
            cell = "td";
        }
        out += "</table>\n";
    }
    return out + "</body>\n</html>\n";
}

}  // namespace exota::programs
