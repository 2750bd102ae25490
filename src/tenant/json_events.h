// A JSON text (RFC 8259) as events with their places, read in pieces: no document tree, memory independent of the size of the text.
//
// A tokenizer of our own: a library's parser knows no lines, and finding them beside it cost as much as the parsing (decision 0006).
// Pieces may be cut anywhere. A string without escapes that lies within one is told as a view into it; a token that is cut is kept
// until the rest has come, a string as its characters so far, everything else as its octets.
//
// Internal to this folder. Tested by json_events_test.cc and fuzz/json_fuzz.cc, which reads every text by Boost.JSON as well.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tenant/text_place.h"

namespace exota::tenant {

inline constexpr std::size_t max_json_depth = 8;
/// Of one string or name, as UTF-8 without its escapes. Longer ones are cut, and the sink is told.
inline constexpr std::size_t max_json_text_octets = 1024;
/// A longer number is an error.
inline constexpr std::size_t max_json_number_octets = 1024;

enum class Container : unsigned char { object, array };
enum class Text : unsigned char { whole, cut };

class JsonSink {
public:
    /// Views are valid during the call.
    virtual void on_key(std::string_view key, Text text) = 0;
    virtual void on_string(std::string_view value, Text text) = 0;
    /// @param value  infinite where a double cannot hold it, too large or too small.
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
    TextPlace place;  // without a column where the text ends too early
    std::string text;
};

class JsonEvents {
public:
    explicit JsonEvents(JsonSink& sink) noexcept : sink_(&sink) {}

    /// Whom to tell from the next event on; may be called from within one.
    void tell(JsonSink& sink) noexcept { sink_ = &sink; }
    /// After an error nothing more is read.
    void feed(std::string_view piece);
    /// The whole text was fed.
    void finish();
    /// The first thing that is no JSON.
    const std::optional<JsonError>& error() const noexcept { return error_; }
    /// Of the beginning of the token whose event is being told. No token has more than one line.
    TextPlace place() const noexcept { return {line_, static_cast<std::size_t>(token_ - line_begin_) + 1}; }

private:
    /// What may come next; several at once.
    enum Next : unsigned { value = 1, key = 2, colon = 4, comma = 8, end = 16 };

    void check_head();
    void feed_text(std::string_view piece);
    std::size_t read(std::string_view text);
    const char* read_other_token(const char* at, const char* text_end);
    const char* read_string(const char* at, const char* text_end);
    const char* read_rest_of_string(const char* at, const char* text_end);
    const char* read_word(std::string_view word, const char* at, const char* text_end);
    const char* read_number(const char* at, const char* text_end);
    const char* begin(Container container, const char* at);
    const char* finish(Container container, const char* at);
    void tell_text(std::string_view text, Text how_much);
    void append(std::string_view characters);
    bool may_come(unsigned what) const noexcept { return (next_ & what) != 0; }
    bool any_token() const noexcept { return next_ != value || depth_ > 0 || !held_.empty() || in_string_; }
    bool in_object() const noexcept { return (objects_ & 1) != 0; }
    void value_was_read() noexcept { next_ = depth_ > 0 ? comma | end : 0U; }
    /// @param at  nullptr: it is about the whole text.
    const char* fail(const char* at, std::string text);
    const char* unexpected(const char* at);

    JsonSink* sink_;
    std::size_t line_ = 1;
    // Where the line and the last token begin, from `reading_` on; negative where that was in an earlier piece.
    std::ptrdiff_t line_begin_ = 0, token_ = 0;
    const char* reading_ = nullptr;  // the beginning of what read() has before it
    unsigned next_ = value;
    std::size_t depth_ = 0;
    std::uint32_t objects_ = 0;  // of the containers that are open, the innermost lowest: a bit is set for an object
    bool in_string_ = false;     // `text_` has its beginning
    bool text_was_cut_ = false;
    bool head_checked_ = false;
    std::string text_;
    std::string head_;  // the first octets, until it is known whether they are a byte order mark
    std::string held_;  // the beginning of a token, or of a character in a string, whose rest has not come yet
    std::optional<JsonError> error_;
};

}  // namespace exota::tenant
