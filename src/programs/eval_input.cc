#include "programs/eval_input.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <limits>

#include "base/encode.h"

namespace exota::programs {
namespace {

namespace json = boost::json;
using base::Errc;
using base::fail;
using base::Result;

std::string name_of_key(std::string_view key) { return '"' + std::string(key) + '"'; }

}  // namespace

bool is_finite(const json::value& value) {
    if (const double* number = value.if_double()) return std::isfinite(*number);
    if (const json::array* array = value.if_array())
        return std::ranges::all_of(*array, [](const json::value& element) { return is_finite(element); });
    if (const json::object* object = value.if_object())
        return std::ranges::all_of(*object, [](const auto& member) { return is_finite(member.value()); });
    return true;
}

void put(const json::value& value, base::JsonPlace place) {
    if (const json::string* text = value.if_string()) return place.put(std::string_view(*text));
    if (const json::array* array = value.if_array())
        return place.put([array](base::JsonArray& elements) {
            for (const json::value& element : *array) put(element, elements.place());
        });
    if (const json::object* object = value.if_object())
        return place.put([object](base::JsonObject& members) {
            for (const auto& [key, member] : *object) put(member, members.place(std::string_view(key)));
        });
    place.put(base::JsonText{json::serialize(value)});  // a number, true, false, null
}

Result<std::optional<std::string>> optional_text(const json::object& in, std::string_view key) {
    const json::value* value = in.if_contains(key);
    if (!value || value->is_null()) return std::nullopt;
    if (!value->is_string()) return fail(Errc::invalid_data, name_of_key(key) + " must be a string");
    return std::string(value->get_string());
}

Result<std::string> required_text(const json::object& in, std::string_view key) {
    auto text = optional_text(in, key);
    if (!text) return std::unexpected(text.error());
    if (!*text) return fail(Errc::invalid_data, name_of_key(key) + " is missing");
    return **std::move(text);
}

Result<const json::object*> optional_object(const json::object& in, std::string_view key) {
    const json::value* value = in.if_contains(key);
    if (!value || value->is_null()) return nullptr;
    if (!value->is_object()) return fail(Errc::invalid_data, name_of_key(key) + " must be an object");
    return &value->get_object();
}

Result<std::vector<std::string>> texts(const json::object& in, std::string_view key) {
    std::vector<std::string> out;
    const json::value* value = in.if_contains(key);
    if (!value || value->is_null()) return out;
    if (!value->is_array()) return fail(Errc::invalid_data, name_of_key(key) + " must be a list of strings");
    for (const json::value& element : value->get_array()) {
        if (!element.is_string()) return fail(Errc::invalid_data, name_of_key(key) + " must be a list of strings");
        out.emplace_back(element.get_string());
    }
    return out;
}

Result<std::string> message_of(const json::object& in) {
    const auto encoded = required_text(in, "message_b64");
    if (!encoded) return std::unexpected(encoded.error());
    auto message = base::base64_decode(*encoded);
    if (!message) return fail(Errc::invalid_data, "\"message_b64\" is no base64");
    return *std::move(message);
}

Result<MockZone> zone_of(const json::object& in) {
    const json::value* zone = in.if_contains("zone");
    if (!zone || zone->is_null()) return MockZone();
    return MockZone::from_json(*zone);
}

Result<std::chrono::sys_seconds> now_of(const json::object& in) {
    const json::value* now = in.if_contains("now");
    if (!now || now->is_null()) return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    json::error_code error;
    const double seconds = now->to_number<double>(error);
    if (error || !(seconds >= 0 && seconds < 1e12)) return fail(Errc::invalid_data, "\"now\" must be seconds since 1970");
    return std::chrono::sys_seconds(std::chrono::seconds(static_cast<std::int64_t>(seconds)));
}

Result<void> read_limits(const json::object& in, std::initializer_list<NamedLimit> known) {
    const auto given = optional_object(in, "limits");
    if (!given) return std::unexpected(given.error());
    if (!*given) return {};
    for (const auto& [key, value] : **given) {
        const std::string_view name(key.data(), key.size());
        const auto found = std::ranges::find(known, name, &NamedLimit::name);
        if (found == known.end()) return fail(Errc::invalid_data, "unknown limit " + name_of_key(name));
        json::error_code error;
        const auto number = value.to_number<std::uint32_t>(error);
        if (error || number > found->most)
            return fail(Errc::invalid_data,
                        "the limit " + name_of_key(name) + " must be a whole number of at most " + std::to_string(found->most));
        if (auto* const* size = std::get_if<std::size_t*>(&found->limit))
            **size = number;
        else
            *std::get<int*>(found->limit) = static_cast<int>(std::min<std::uint32_t>(number, std::numeric_limits<int>::max()));
    }
    return {};
}

}  // namespace exota::programs
