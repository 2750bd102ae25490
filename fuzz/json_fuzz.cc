// JSON as events: anything may come in.
//   1. Boost.JSON's parser takes the same texts, and tells the same events.
//   2. However a text is cut into pieces, the events are the same, with the same lines, and so is the error.
//   3. A line that is told is not beyond the last one, and lines never go back.
#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/utf8.h"
#include "property.h"
#include "tenant/json_events.h"

namespace {

using namespace exota;
namespace json = boost::json;

using exota::fuzz::require;

/// Of a text or name that is longer than the limit, the characters that fit.
std::string kept(std::string_view text) {
    std::string out(text.substr(0, tenant::max_json_text_octets));
    while (!base::is_utf8(out)) out.pop_back();
    return out + (text.size() > tenant::max_json_text_octets ? "…" : "");
}

struct Event {
    std::string what;
    double number = 0;
    std::size_t line = 0;  // not compared with Boost's, which knows none
    /// Boost rounds quickly, and has its own ideas at the limits of a double (0e999 is no number to it).
    bool is_like(const Event& other) const {
        const bool near = std::abs(number - other.number) <= std::abs(number) * 1e-12;
        return what == other.what && (near || !std::isnormal(number) || !std::isnormal(other.number));
    }
    friend bool operator==(const Event&, const Event&) = default;
};

class Recorder final : public tenant::JsonSink {
public:
    std::vector<Event> told;
    const tenant::JsonEvents* events = nullptr;

    void on_key(std::string_view key, tenant::Text text) override { tell("key " + as_kept(key, text)); }
    void on_string(std::string_view value, tenant::Text text) override { tell("string " + as_kept(value, text)); }
    void on_number(double value) override { tell("number", value); }
    void on_bool(bool value) override { tell(value ? "true" : "false"); }
    void on_null() override { tell("null"); }
    void on_begin(tenant::Container container) override { tell(container == tenant::Container::object ? "{" : "["); }
    void on_end(tenant::Container container) override { tell(container == tenant::Container::object ? "}" : "]"); }

private:
    static std::string as_kept(std::string_view text, tenant::Text how_much) {
        require(text.size() <= tenant::max_json_text_octets && base::is_utf8(text));
        return std::string(text) + (how_much == tenant::Text::cut ? "…" : "");
    }
    void tell(std::string what, double number = 0) {
        require(told.empty() || told.back().line <= events->place().line);
        told.push_back({std::move(what), number, events->place().line});
    }
};

struct Reading {
    std::vector<Event> told;
    std::optional<tenant::JsonError> error;
};

/// In pieces of up to `most` octets.
Reading read(std::string_view text, std::size_t most) {
    Recorder recorder;
    tenant::JsonEvents events(recorder);
    recorder.events = &events;
    for (std::size_t piece = most; !text.empty(); piece = piece * 7 % most + 1) {
        piece = std::min(piece, text.size());
        const std::string copy(text.substr(0, piece));  // so that no view into an earlier piece stays good
        events.feed(copy);
        text.remove_prefix(piece);
    }
    events.finish();
    return {std::move(recorder.told), events.error()};
}

struct Handler {
    static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
    static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

    bool on_document_begin(json::error_code&) { return true; }
    bool on_document_end(json::error_code&) { return true; }
    bool on_object_begin(json::error_code&) { return tell("{"); }
    bool on_object_end(std::size_t, json::error_code&) { return tell("}"); }
    bool on_array_begin(json::error_code&) { return tell("["); }
    bool on_array_end(std::size_t, json::error_code&) { return tell("]"); }
    bool on_key_part(json::string_view s, std::size_t, json::error_code&) { return add(s); }
    bool on_string_part(json::string_view s, std::size_t, json::error_code&) { return add(s); }
    bool on_key(json::string_view s, std::size_t, json::error_code&) { return add(s) && tell("key " + kept(std::exchange(text, {}))); }
    bool on_string(json::string_view s, std::size_t, json::error_code&) {
        return add(s) && tell("string " + kept(std::exchange(text, {})));
    }
    bool on_number_part(json::string_view, json::error_code&) { return true; }
    bool on_int64(std::int64_t value, json::string_view, json::error_code&) { return tell("number", static_cast<double>(value)); }
    bool on_uint64(std::uint64_t value, json::string_view, json::error_code&) { return tell("number", static_cast<double>(value)); }
    bool on_double(double value, json::string_view, json::error_code&) { return tell("number", value); }
    bool on_bool(bool value, json::error_code&) { return tell(value ? "true" : "false"); }
    bool on_null(json::error_code&) { return tell("null"); }
    bool on_comment_part(json::string_view, json::error_code&) { return true; }
    bool on_comment(json::string_view, json::error_code&) { return true; }

    bool tell(std::string what, double number = 0) {
        told.push_back({std::move(what), number});
        return true;
    }
    bool add(json::string_view s) {
        text.append(s.data(), s.size());
        return true;
    }
    std::vector<Event> told;
    std::string text;
};

void compare_with_boost(std::string_view text, const Reading& ours) {
    json::parse_options options;
    options.max_depth = tenant::max_json_depth;
    json::basic_parser<Handler> parser(options);
    json::error_code ec;
    const std::size_t read = parser.write_some(false, text.data(), text.size(), ec);
    const bool accepts = !ec && read == text.size();
    if (ec == json::error::exponent_overflow) return;  // RFC 8259 section 6 leaves the range of numbers to the reader
    if (accepts && ours.error && ours.error->text.starts_with("a number of more than")) return;
    require(accepts == !ours.error);
    const std::vector<Event>& theirs = parser.handler().told;
    // On an error Boost may have stopped sooner or later than we did; what both told is the same.
    if (accepts) require(theirs.size() == ours.told.size());
    for (std::size_t i = 0; i < std::min(theirs.size(), ours.told.size()); ++i) require(ours.told[i].is_like(theirs[i]));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2 || size > 4096) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    const Reading whole = read(text, text.size());
    const Reading pieces = read(text, std::size_t{data[0]} + 1);
    require(whole.told == pieces.told);
    require(whole.error.has_value() == pieces.error.has_value());
    if (whole.error) require(whole.error->place == pieces.error->place && whole.error->text == pieces.error->text);
    const auto last_line = static_cast<std::size_t>(std::ranges::count(text, '\n')) + 1;
    for (const Event& event : whole.told) require(event.line <= last_line);
    compare_with_boost(text, whole);
    return 0;
}
