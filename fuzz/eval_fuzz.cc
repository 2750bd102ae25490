// `exota eval`: every line gets exactly one line to any reader (nothing in it that does not show), which is a JSON object; the same line
// gets the same answer; an id comes back as it was (fractions and numbers beyond 64 bits by their value as a double, whose last digit
// Boost.JSON may read otherwise a second time; with one that is out of range it does not come back, as JSON has no infinity).
#include <boost/json.hpp>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/unicode.h"
#include "programs/eval_input.h"
#include "programs/eval_ops.h"

namespace {

bool has_double(const boost::json::value& value) {
    const auto any = [](const auto& members, auto value_of) {
        for (const auto& member : members)
            if (has_double(value_of(member))) return true;
        return false;
    };
    if (const auto* array = value.if_array()) return any(*array, [](const auto& element) -> const auto& { return element; });
    if (const auto* object = value.if_object()) return any(*object, [](const auto& member) -> const auto& { return member.value(); });
    return value.is_double();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    namespace json = boost::json;
    const std::string_view line(reinterpret_cast<const char*>(data), size);
    if (line.find("_file") != std::string_view::npos || line.find("\\u") != std::string_view::npos)
        return 0;  // would open files of the machine
    const std::string answer = exota::programs::evaluate_line(line);
    if (!exota::base::is_plain_text(answer)) std::abort();
    json::error_code error;
    const json::value parsed = json::parse(answer, error);
    if (error || !parsed.is_object()) std::abort();
    if (exota::programs::evaluate_line(line) != answer) std::abort();

    json::error_code question_error;
    const json::value question = json::parse(json::string_view(line.data(), line.size()), question_error);
    const json::object* asked = question_error ? nullptr : question.if_object();
    const json::value* id = asked ? asked->if_contains("id") : nullptr;
    const json::value* echoed = parsed.get_object().if_contains("id");
    if (id && !exota::programs::is_finite(*id)) {
        if (echoed || !parsed.get_object().contains("error")) std::abort();
        return 0;
    }
    if ((id == nullptr) != (echoed == nullptr)) std::abort();
    if (id && !has_double(*id) && json::serialize(*echoed) != json::serialize(*id)) std::abort();
    return 0;
}
