#include "tenant/problems.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/counted.h"
#include "base/encode.h"
#include "base/text.h"
#include "base/utf8.h"

namespace exota::tenant {
namespace {

constexpr std::size_t max_quoted_octets = 80;

bool is_plain(std::string_view name) noexcept {
    return !name.empty() && name.size() <= max_quoted_octets &&
           std::ranges::all_of(name, [](char c) { return base::is_alnum(c) || c == '_' || c == '-'; });
}

}  // namespace

std::vector<Problem> Problems::take() {
    std::vector<Problem> all;
    for (List* list : {&errors_, &warnings_}) {
        if (list->count > max_problems) {
            const bool errors = list == &errors_;
            list->kept.push_back({errors ? Problem::Severity::error : Problem::Severity::warning,
                                  {},
                                  "",
                                  base::counted(list->count - max_problems, errors ? "more error" : "more warning") + " not shown"});
        }
        std::ranges::move(list->kept, std::back_inserter(all));
        list->kept.clear();
    }
    std::vector<std::pair<std::size_t, std::size_t>> order;  // line, then as they were found
    for (const Problem& problem : all)
        order.emplace_back(problem.place.line == 0 ? static_cast<std::size_t>(-1) : problem.place.line, order.size());
    std::ranges::sort(order);
    std::vector<Problem> sorted;
    for (const auto& [line, at] : order) sorted.push_back(std::move(all[at]));
    return sorted;
}

std::string in_quotes(std::string_view text) {
    std::string out;
    const std::string_view shown = base::truncate_utf8(text, max_quoted_octets);
    base::append_json_string(out, shown);
    if (shown.size() < text.size()) out.insert(out.size() - 1, "…");
    return out;
}

std::string json_path(std::string_view path, std::string_view member) {
    std::string out(path);
    if (is_plain(member)) {
        if (!out.empty()) out += '.';
        out += member;
    } else {
        out += '[';
        out += in_quotes(member);
        out += ']';
    }
    return out;
}

std::string json_path(std::string_view path, std::size_t index) {
    std::string out(path);
    out += '[';
    out += std::to_string(index);
    out += ']';
    return out;
}

std::string hint(std::string_view word, const std::string_view* known, std::size_t count) {
    const std::string_view nearest = base::nearest_word(word, known, count);
    if (nearest.empty()) return {};
    return ", did you mean " + std::string(nearest) + '?';
}

}  // namespace exota::tenant
