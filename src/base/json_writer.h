// JSON (RFC 8259), written: the one place that sets braces, brackets, commas and colons; strings are append_json_string()'s (encode.h).
//
// An object or an array is a function that adds its members or elements, so none can be left open:
//
//     json_text([&](JsonObject& reply) {
//         reply.add("code", 550);
//         reply.add("missing", [&](JsonArray& missing) { for (const Factor factor : factors) missing.add(name_of(factor)); });
//     })
//
// Members stand in the order in which they are added. That each name comes once is the caller's business.
//
// Tested by json_writer_test.cc.
#pragma once

#include <concepts>
#include <cstddef>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>

#include "base/encode.h"

namespace exota::base {

/// What stands between members or elements, and behind a member's name. Literals: nothing copies them.
struct JsonSpacing {
    std::string_view comma, colon;
};
inline constexpr JsonSpacing dense_json{",", ":"};     // for programs
inline constexpr JsonSpacing spaced_json{", ", ": "};  // for people too

/// Where the members or elements of one object or array stand on lines of their own. Literals as well.
struct JsonLines {
    std::string_view before_first, between, behind_last;
};

/// One value that is JSON already.
struct JsonText {
    std::string_view text;
};

class JsonObject;
class JsonArray;

/// Where one value is to stand, and nothing is yet.
class JsonPlace {
public:
    /// @param out  outlives the place; the value is appended.
    explicit JsonPlace(std::string& out, JsonSpacing spacing = dense_json) noexcept : out_(out), spacing_(spacing) {}

    /// A text; a whole number; true or false; nullptr (null); an optional (null without a value); a JsonText; a range of values (an array
    /// of them); a function that takes a JsonObject& or JsonArray&.
    template <class Value>
    void put(const Value& value) const;

private:
    void put_number(long long value) const;
    void put_number(unsigned long long value) const;

    std::string& out_;
    JsonSpacing spacing_;
};

/// What objects and arrays have in common.
class JsonSequence {
public:
    JsonSequence(const JsonSequence&) = delete;
    JsonSequence& operator=(const JsonSequence&) = delete;

    /// To be called before anything is added.
    void set_lines(const JsonLines& lines) noexcept { lines_ = lines; }

protected:
    JsonSequence(std::string& out, JsonSpacing spacing, char open) : out_(out), spacing_(spacing), lines_{"", spacing.comma, ""} {
        out_ += open;
    }
    ~JsonSequence() = default;

    void begin_next() {
        out_ += empty_ ? lines_.before_first : lines_.between;
        empty_ = false;
    }
    void close(char mark) {
        if (!empty_) out_ += lines_.behind_last;
        out_ += mark;
    }
    JsonPlace here() const noexcept { return JsonPlace(out_, spacing_); }

    std::string& out_;
    JsonSpacing spacing_;

private:
    friend class JsonPlace;
    JsonLines lines_;
    bool empty_ = true;
};

class JsonObject : public JsonSequence {
public:
    template <class Value>
    void add(std::string_view name, const Value& value) {
        place(name).put(value);
    }
    /// Where the value of the next member is to be put, exactly once.
    JsonPlace place(std::string_view name);
    /// The members of an object that is written already.
    void add_members_of(JsonText object);

private:
    friend class JsonPlace;
    JsonObject(std::string& out, JsonSpacing spacing) : JsonSequence(out, spacing, '{') {}
};

class JsonArray : public JsonSequence {
public:
    template <class Value>
    void add(const Value& value) {
        place().put(value);
    }
    /// Where the next element is to be put, exactly once.
    JsonPlace place();

private:
    friend class JsonPlace;
    JsonArray(std::string& out, JsonSpacing spacing) : JsonSequence(out, spacing, '[') {}
};

template <class Value>
void JsonPlace::put(const Value& value) const {
    if constexpr (std::same_as<Value, std::nullptr_t>) {
        out_ += "null";
    } else if constexpr (std::same_as<Value, bool>) {
        out_ += value ? "true" : "false";
    } else if constexpr (std::same_as<Value, JsonText>) {
        out_ += value.text;
    } else if constexpr (std::signed_integral<Value> && !std::same_as<Value, char>) {
        put_number(static_cast<long long>(value));
    } else if constexpr (std::unsigned_integral<Value>) {
        put_number(static_cast<unsigned long long>(value));
    } else if constexpr (std::convertible_to<const Value&, std::string_view>) {
        append_json_string(out_, value);
    } else if constexpr (std::invocable<const Value&, JsonObject&>) {
        JsonObject object(out_, spacing_);
        value(object);
        object.close('}');
    } else if constexpr (std::invocable<const Value&, JsonArray&>) {
        JsonArray array(out_, spacing_);
        value(array);
        array.close(']');
    } else if constexpr (std::ranges::input_range<const Value>) {
        put([&value](JsonArray& elements) {
            for (const auto& element : value) elements.add(element);
        });
    } else {
        value ? put(*value) : put(nullptr);
    }
}

/// One value as text.
template <class Value>
std::string json_text(const Value& value, JsonSpacing spacing = dense_json) {
    std::string out;
    JsonPlace(out, spacing).put(value);
    return out;
}

/// For a member that is null where the text is empty. The result points into `text`.
constexpr std::optional<std::string_view> null_if_empty(std::string_view text) noexcept {
    return text.empty() ? std::nullopt : std::optional(text);
}

}  // namespace exota::base
