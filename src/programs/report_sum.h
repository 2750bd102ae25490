// Sums our log by tenant, author domain, verdict, judged, reason and first missing factor: what `exota report` prints.
//
// A line is ours if it is a JSON object, or has logfmt pairs (behind whatever syslog or the journal put before them), with both
// `verdict` and `reason`. Everything else is foreign: counted, never guessed at. Groups are bounded; what comes beyond is summed as one.
//
// Tested by report_sum_test.cc.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace exota::programs {

inline constexpr std::array<std::string_view, 8> report_columns{"tenant", "author_domain", "verdict", "judged",
                                                                "reason", "missing",       "gateway", "stage"};
/// So many, the first ones, are kept apart where nobody says which. What only a gateway's messages have comes behind them.
inline constexpr std::size_t usual_report_columns = 6;
inline constexpr std::size_t max_report_groups = 100'000;
inline constexpr std::size_t max_report_line_octets = 4 * 1024 * 1024;  // with evidence, which is long

using ReportKey = std::array<std::string, report_columns.size()>;
using ReportColumns = std::array<bool, report_columns.size()>;  // which of them

struct ReportLine {
    ReportKey key;
    std::string queue_id;
    std::string mail_from;
};
/// nullopt: no line of ours about a message.
std::optional<ReportLine> parse_log_line(std::string_view line);

class ReportSum {
public:
    /// @param by  which of report_columns to keep apart; the others are left empty.
    explicit ReportSum(ReportColumns by, std::size_t max_groups = max_report_groups) : by_(by), max_groups_(max_groups) {}
    void add(std::string_view line);

    struct Row {
        ReportKey key;
        std::uint64_t messages = 0;
        std::string queue_id;  // of one of them, the first that has any
    };
    /// Most messages first; equal numbers by name.
    std::vector<Row> rows() const;
    /// Messages in the name of own domains that an inbound door refused, or would have: who sent them. Lists give people their own mail
    /// back, so each sender is to be known before a dry run ends.
    struct OwnRow {
        std::string author_domain;
        std::string sender;  // domain of the envelope sender; empty: the null sender
        std::uint64_t messages = 0;
        std::string queue_id;
    };
    /// As rows().
    std::vector<OwnRow> own_domains() const;
    const ReportColumns& by() const noexcept { return by_; }
    std::uint64_t messages() const noexcept { return messages_; }
    std::uint64_t foreign_lines() const noexcept { return foreign_; }

private:
    struct Group {
        std::uint64_t messages = 0;
        std::string queue_id;
    };

    ReportColumns by_;
    std::size_t max_groups_;
    std::map<ReportKey, Group> groups_;
    std::map<std::pair<std::string, std::string>, Group> own_domains_;  // author domain, sender's domain
    std::uint64_t messages_ = 0, foreign_ = 0;
};

}  // namespace exota::programs
