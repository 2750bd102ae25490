#include "config/endpoints_state.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/text.h"
#include "directory/plain_file.h"
#include "directory/replace_file.h"

namespace exota::config {
namespace {

constexpr std::array texts{&EndpointsState::place,   &EndpointsState::service, &EndpointsState::version,        &EndpointsState::content,
                           &EndpointsState::outcome, &EndpointsState::fetched, &EndpointsState::fetched_version};
constexpr std::array<std::string_view, texts.size()> text_names{"place",   "service", "version",        "content",
                                                                "outcome", "fetched", "fetched-version"};
constexpr std::array times{&EndpointsState::confirmed, &EndpointsState::not_before};
constexpr std::array<std::string_view, times.size()> time_names{"confirmed", "not-before"};
constexpr std::array ends{0, 65, 69, 75};  // of a question

std::optional<std::int64_t> number_in(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size() || number < 0) return std::nullopt;
    return number;
}

bool take(EndpointsState& state, std::string_view name, std::string_view value) {
    if (const auto at = std::ranges::find(text_names, name); at != text_names.end()) {
        state.*texts[static_cast<std::size_t>(at - text_names.begin())] = value;
        return true;
    }
    const auto number = number_in(value);
    if (!number) return false;
    if (const auto at = std::ranges::find(time_names, name); at != time_names.end()) {
        state.*times[static_cast<std::size_t>(at - time_names.begin())] = std::chrono::seconds(*number);
        return true;
    }
    const auto end = std::ranges::find(ends, *number);
    if (name != "exit" || end == ends.end()) return false;
    state.exit = *end;
    return true;
}

std::string path_in(const std::string& directory) { return directory + "/endpoints.update"; }

}  // namespace

EndpointsState endpoints_state_of(std::string_view text, const std::string& place) {
    const EndpointsState nothing{.place = place};
    EndpointsState state;
    while (!text.empty()) {
        std::string_view line = base::take_until(text, '\n');
        const std::string_view name = base::take_until(line, ' ');
        if (!take(state, name, line)) return nothing;
    }
    return state.place == place ? state : nothing;
}

std::string text_of(const EndpointsState& state) {
    std::string out;
    const auto add = [&out](std::string_view name, std::string value) {
        value.resize(std::min(value.size(), max_endpoints_value_octets));
        std::ranges::replace(value, '\n', ' ');
        out += std::string(name) + ' ' + value + '\n';
    };
    for (std::size_t i = 0; i < texts.size(); ++i) add(text_names[i], state.*texts[i]);
    for (std::size_t i = 0; i < times.size(); ++i) add(time_names[i], std::to_string((state.*times[i]).count()));
    add("exit", std::to_string(state.exit));
    return out;
}

EndpointsState read_endpoints_state(const std::string& directory, const std::string& place) {
    if (directory.empty()) return {.place = place};
    const auto file = directory::read_plain_file(path_in(directory), max_endpoints_state_octets);
    return endpoints_state_of(file ? file->text : std::string(), place);
}

base::Result<void> write_endpoints_state(const std::string& directory, const EndpointsState& state) {
    if (directory.empty()) return {};
    return directory::replace_file(path_in(directory), text_of(state), {.mode = 0644});
}

std::chrono::seconds endpoints_confirmed(const EndpointsFile& file, const std::string& directory, std::chrono::seconds now) {
    const EndpointsState state = read_endpoints_state(directory, file.path);
    return state.content == file.content.text() && state.confirmed <= now ? state.confirmed : std::chrono::seconds{};
}

}  // namespace exota::config
