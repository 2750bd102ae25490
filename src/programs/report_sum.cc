#include "programs/report_sum.h"

#include <algorithm>
#include <boost/json.hpp>
#include <tuple>

#include "base/text.h"
#include "programs/logfmt.h"

namespace exota::programs {
namespace {

namespace json = boost::json;

/// Sets the column of that name, if it is one. The first of equal names counts.
void set(ReportLine& line, ReportColumns& seen, std::string_view name, std::string_view value) {
    for (std::size_t i = 0; i < report_columns.size(); ++i)
        if (report_columns[i] == name && !seen[i]) {
            line.key[i] = value;
            seen[i] = true;
        }
    if (name == "queue_id" && line.queue_id.empty()) line.queue_id = value;
    if (name == "mail_from" && line.mail_from.empty()) line.mail_from = value;
}

/// What a logfmt value says. One that was cut has no closing quote: it counts as it stands.
std::string text_of(std::string_view value) {
    if (!value.starts_with('"')) return std::string(value);
    json::error_code error;
    const json::value parsed = json::parse(json::string_view(value.data(), value.size()), error);
    const json::string* text = error ? nullptr : parsed.if_string();
    return std::string(text ? std::string_view(*text) : value);
}

void read_logfmt(std::string_view line, ReportLine& out, ReportColumns& seen) {
    for_each_logfmt_pair(line, [&](std::string_view name, std::string_view value) { set(out, seen, name, text_of(value)); });
}

bool read_json(std::string_view line, ReportLine& out, ReportColumns& seen) {
    json::error_code error;
    const json::value parsed = json::parse(json::string_view(line.data(), line.size()), error);
    const json::object* object = error ? nullptr : parsed.if_object();
    if (!object) return false;
    for (const auto& [name, value] : *object)
        if (const json::string* text = value.if_string()) set(out, seen, std::string_view(name), std::string_view(*text));
    return true;
}

}  // namespace

std::optional<ReportLine> parse_log_line(std::string_view line) {
    ReportLine out;
    ReportColumns seen{};
    // What stands before the JSON object is the syslog header.
    const std::size_t brace = line.find('{');
    const std::size_t equals = line.find('=');
    const bool is_json = brace != std::string_view::npos && brace < equals && read_json(base::trim(line.substr(brace)), out, seen);
    if (!is_json) read_logfmt(line, out, seen);
    const bool ours = seen[2] && seen[4];
    if (!ours) return std::nullopt;
    if (!seen[3]) out.key[3] = out.key[2];  // judged as it was said
    return out;
}

void ReportSum::add(std::string_view line) {
    auto read = parse_log_line(line);
    if (!read) {
        foreign_ += base::trim(line).empty() ? 0 : 1;
        return;
    }
    ++messages_;
    ReportKey& key = read->key;
    if (key[4] == "own-domain" && key[3] != "accept") {
        std::pair own{key[1], base::lower(read->mail_from.substr(std::min(read->mail_from.rfind('@') + 1, read->mail_from.size())))};
        if (own_domains_.size() >= max_groups_ && !own_domains_.contains(own)) own = {"(more)", "(more)"};
        Group& group = own_domains_[std::move(own)];
        ++group.messages;
        if (group.queue_id.empty()) group.queue_id = read->queue_id;
    }
    for (std::size_t i = 0; i < by_.size(); ++i)
        if (!by_[i]) key[i].clear();
    if (groups_.size() >= max_groups_ && !groups_.contains(key)) key.fill("(more)");
    Group& group = groups_[std::move(key)];
    ++group.messages;
    if (group.queue_id.empty()) group.queue_id = std::move(read->queue_id);
}

std::vector<ReportSum::Row> ReportSum::rows() const {
    std::vector<Row> rows;
    rows.reserve(groups_.size());
    for (const auto& [key, group] : groups_) rows.push_back({key, group.messages, group.queue_id});
    std::ranges::sort(rows, [](const Row& a, const Row& b) { return a.messages != b.messages ? a.messages > b.messages : a.key < b.key; });
    return rows;
}

std::vector<ReportSum::OwnRow> ReportSum::own_domains() const {
    std::vector<OwnRow> rows;
    for (const auto& [key, group] : own_domains_) rows.push_back({key.first, key.second, group.messages, group.queue_id});
    std::ranges::sort(rows, [](const OwnRow& a, const OwnRow& b) {
        return a.messages != b.messages ? a.messages > b.messages
                                        : std::tie(a.author_domain, a.sender) < std::tie(b.author_domain, b.sender);
    });
    return rows;
}

}  // namespace exota::programs
