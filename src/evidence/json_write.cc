// Writing evidence as JSON: one line, every member, what was not asked left out.
//
// Tested by json_test.cc and fuzz/evidence_fuzz.cc.
#include <concepts>
#include <ranges>
#include <type_traits>

#include "base/encode.h"
#include "base/json_writer.h"
#include "base/utf8.h"
#include "evidence/json.h"
#include "evidence/json_members.h"

namespace exota::evidence {
namespace {

using base::JsonArray;
using base::JsonObject;
using base::JsonPlace;

template <class T>
void write(const T& value, JsonPlace place);

/// What describe() (json_members.h) calls for each member of a value.
class Members {
public:
    explicit Members(JsonObject& object) : object_(object) {}

    template <class T>
    void member(std::string_view name, const T& value) {
        if constexpr (requires { value.has_value(); }) {
            if (value.has_value()) write(*value, object_.place(name));
        } else {
            write(value, object_.place(name));
        }
    }

private:
    JsonObject& object_;
};

void write_text(const std::string& text, JsonPlace place) {
    if (base::is_utf8(text)) return place.put(text);
    place.put([&text](JsonObject& object) { object.add("base64", base::base64_encode(text)); });
}

template <class T>
void write_all(const std::vector<T>& values, JsonPlace place) {
    place.put([&values](JsonArray& array) {
        for (const T& value : values) write(value, array.place());
    });
}

void write_state(const Absent&, JsonPlace place) { place.put(nullptr); }
void write_state(const Conflicting& state, JsonPlace place) {
    place.put([&state](JsonObject& object) { write(state.seen, object.place("conflicting")); });
}
void write_state(const Malformed& state, JsonPlace place) {
    place.put([&state](JsonObject& object) {
        write(state.seen, object.place("malformed"));
        write(state.why, object.place("why"));
    });
}
void write_state(const Unavailable& state, JsonPlace place) {
    place.put([&state](JsonObject& object) { write(state.why, object.place("unavailable")); });
}
template <class T>
void write_state(const Observed<T>& state, JsonPlace place) {
    place.put([&state](JsonObject& object) {
        write(state.value, object.place("value"));
        write(state.source, object.place("source"));
    });
}

template <class T>
void write(const T& value, JsonPlace place) {
    if constexpr (std::same_as<T, std::string>)
        write_text(value, place);
    else if constexpr (std::same_as<T, bool> || std::unsigned_integral<T>)
        place.put(value);
    else if constexpr (std::is_enum_v<T>)
        place.put(name_of(value));
    else if constexpr (HasText<T>)
        place.put(value.text());
    else if constexpr (std::ranges::range<T>)
        write_all(value, place);
    else if constexpr (requires { value.valueless_by_exception(); })
        std::visit([place](const auto& state) { write_state(state, place); }, value);
    else
        place.put([&value](JsonObject& object) {
            Members members(object);
            describe(members, value);
        });
}

}  // namespace

void write_json(const Evidence& evidence, JsonPlace place) { write(evidence, place); }

std::string to_json(const Evidence& evidence) {
    std::string out;
    out.reserve(4096);
    write(evidence, JsonPlace(out));
    return out;
}

std::string verification_to_json(const Verification& verification) {
    std::string out;
    write(verification, JsonPlace(out));
    return out;
}

}  // namespace exota::evidence
