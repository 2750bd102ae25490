#include "base/json_writer.h"

#include <array>
#include <charconv>
#include <limits>

namespace exota::base {
namespace {

template <class Number>
void append_number(std::string& out, Number value) {
    std::array<char, std::numeric_limits<Number>::digits10 + 2> digits{};  // one for the digit that not every value has, one for the sign
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    out.append(digits.data(), end);
}

}  // namespace

void JsonPlace::put_number(long long value) const { append_number(out_, value); }
void JsonPlace::put_number(unsigned long long value) const { append_number(out_, value); }

JsonPlace JsonObject::place(std::string_view name) {
    begin_next();
    append_json_string(out_, name);
    out_ += spacing_.colon;
    return here();
}

void JsonObject::add_members_of(JsonText object) {
    const std::string_view members = object.text.substr(1, object.text.size() - 2);
    if (members.empty()) return;
    begin_next();
    out_ += members;
}

JsonPlace JsonArray::place() {
    begin_next();
    return here();
}

}  // namespace exota::base
