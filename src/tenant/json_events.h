// A JSON text (RFC 8259) as events with line numbers, read in pieces: no document tree, memory independent of the size of the text.
//
// Boost.JSON's basic_parser does the reading. It does not say where an event happened, so this file does: names, strings and numbers
// are views into the piece, and everything else is the next character of its kind behind them. Pieces are cut at line ends for that
// (lines of more than max_line_kept octets are cut anywhere; the line that is told may then be one of a few lines before).
//
// Internal to this folder. Tested by json_events_test.cc and fuzz/tenants_fuzz.cc.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace exota::tenant {

inline constexpr std::size_t max_json_depth = 8;
/// Of one string or name, as UTF-8 without its escapes. Longer ones are cut, and the sink is told.
inline constexpr std::size_t max_json_text_octets = 1024;

enum class Container : unsigned char { object, array };
enum class Text : unsigned char { whole, cut };

class JsonSink {
public:
    virtual void on_key(std::string_view key, Text text) = 0;
    virtual void on_string(std::string_view value, Text text) = 0;
    virtual void on_number(double value) = 0;
    virtual void on_bool(bool value) = 0;
    virtual void on_null() = 0;
    virtual void on_begin(Container container) = 0;
    virtual void on_end(Container container) = 0;

protected:
    JsonSink() = default;
    JsonSink(const JsonSink&) = default;
    JsonSink& operator=(const JsonSink&) = default;
    ~JsonSink() = default;
};

struct JsonError {
    std::size_t line = 0;
    std::string text;
};

class JsonEvents {
public:
    static constexpr std::size_t max_line_kept = 4096;

    explicit JsonEvents(JsonSink& sink);
    ~JsonEvents();

    /// Whom to tell from the next event on; may be called from within one.
    void tell(JsonSink& sink) noexcept;
    /// After an error nothing more is read.
    void feed(std::string_view piece);
    /// The whole text was fed.
    void finish();
    /// The first thing that is no JSON.
    const std::optional<JsonError>& error() const noexcept;
    /// Of the event that is being told, from 1.
    std::size_t line() noexcept;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace exota::tenant
