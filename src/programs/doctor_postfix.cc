#include "programs/doctor_postfix.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"

namespace exota::programs {
namespace {

bool separates(char c) { return base::is_fws(c) || c == ','; }

/// "name = value", or nothing.
std::optional<std::pair<std::string, std::string>> assignment(std::string_view line) {
    const std::size_t sign = line.find('=');
    if (sign == std::string_view::npos) return std::nullopt;
    return std::pair(std::string(base::trim(line.substr(0, sign))), std::string(base::trim(line.substr(sign + 1))));
}

template <class Each>
void for_each_line(std::string_view text, Each each) {
    while (!text.empty())
        if (const std::string_view line = base::take_until(text, '\n'); !base::trim(line).empty()) each(line);
}

/// `name = value` and `{ name = value }` within the braces of a milter.
void read_milter_setting(std::string_view word, Settings& into) {
    if (word.starts_with('{') && word.ends_with('}')) word = word.substr(1, word.size() - 2);
    if (auto one = assignment(word)) into.insert_or_assign(std::move(one->first), std::move(one->second));
}

PostfixMilter read_milter(std::string_view word) {
    PostfixMilter out;
    if (word.starts_with('{') && word.ends_with('}')) {
        std::vector<std::string> words = postfix_words(word.substr(1, word.size() - 2));
        if (words.empty()) return out;
        for (std::size_t i = 1; i < words.size(); ++i) read_milter_setting(words[i], out.settings);
        out.text = words.front();
    } else {
        out.text = word;
    }
    const std::string_view text = out.text;
    for (const std::string_view scheme : {"unix:", "local:"})
        if (text.starts_with(scheme)) out.path = text.substr(scheme.size());
    if (text.starts_with("inet:")) {
        const std::string_view place = text.substr(5);
        const std::size_t colon = place.rfind(':');
        out.port = colon == std::string_view::npos ? place : place.substr(colon + 1);
        out.host = colon == std::string_view::npos ? "" : place.substr(0, colon);
        if (out.host.starts_with('[') && out.host.ends_with(']')) out.host = out.host.substr(1, out.host.size() - 2);
    }
    return out;
}

}  // namespace

Settings read_postconf(std::string_view output) {
    Settings out;
    for_each_line(output, [&](std::string_view line) {
        if (auto one = assignment(line)) out.insert_or_assign(std::move(one->first), std::move(one->second));
    });
    return out;
}

base::Result<std::vector<MasterService>> read_master(std::string_view output) {
    std::vector<MasterService> out;
    std::string strange;
    for_each_line(output, [&](std::string_view line) {
        if (base::is_wsp(line.front())) return;  // a folded line: arguments of the service above
        std::array<std::string_view, 8> columns;
        std::string_view rest = line;
        for (std::string_view& column : columns) {
            rest = base::trim(rest);
            const std::size_t end = std::min(rest.find_first_of(" \t"), rest.size());
            column = rest.substr(0, end);
            rest.remove_prefix(end);
        }
        if (columns[7].empty()) {
            strange = line;
            return;
        }
        out.push_back({.name = std::string(columns[0]),
                       .type = std::string(columns[1]),
                       .chroot = std::string(columns[4]),
                       .program = std::string(columns[7])});
    });
    if (!strange.empty()) return base::fail(base::Errc::invalid_data, "no service: " + strange);
    return out;
}

void read_overrides(std::string_view output, std::vector<MasterService>& services) {
    for_each_line(output, [&](std::string_view line) {
        auto one = assignment(line);
        if (!one) return;
        for (MasterService& service : services) {
            const std::string prefix = service.label() + '/';
            if (one->first.starts_with(prefix)) service.overrides.insert_or_assign(one->first.substr(prefix.size()), one->second);
        }
    });
}

std::vector<std::string> postfix_words(std::string_view list) {
    std::vector<std::string> out;
    std::string word;
    int depth = 0;
    for (const char c : list) {
        if (c == '{') ++depth;
        if (c == '}') --depth;
        if (depth <= 0 && separates(c)) {
            if (!word.empty()) out.push_back(std::exchange(word, {}));
            continue;
        }
        word += c;
    }
    if (!word.empty()) out.push_back(std::move(word));
    return out;
}

std::vector<PostfixMilter> read_milters(std::string_view list) {
    std::vector<PostfixMilter> out;
    for (const std::string& word : postfix_words(list)) out.push_back(read_milter(word));
    return out;
}

bool is_chrooted(const MasterService& service, std::string_view compatibility_level) {
    if (service.chroot != "-") return service.chroot == "y";
    return compatibility_level.empty() || compatibility_level == "0";
}

}  // namespace exota::programs
