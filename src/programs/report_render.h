// The sum of the log as a table for a terminal, as JSON, and as one page of HTML. Each writer encodes for where it writes.
//
// Tested by report_render_test.cc and tests/cli_test.py.
#pragma once

#include <string>

#include "programs/report_sum.h"

namespace exota::programs {

std::string report_as_table(const ReportSum& total);
/// {"messages", "other_lines", "rows": [{"messages", the columns, "queue_id"}]}; queue_id is null where none is known.
std::string report_as_json(const ReportSum& total);
/// A whole document: style within, no script, nothing that a browser would fetch.
std::string report_as_html(const ReportSum& total);

}  // namespace exota::programs
