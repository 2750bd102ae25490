// Writing evidence as JSON: one line, every member, what was not asked left out.
//
// Tested by json_test.cc and fuzz/evidence_fuzz.cc.
#include <concepts>
#include <optional>
#include <type_traits>

#include "base/encode.h"
#include "base/utf8.h"
#include "evidence/json.h"
#include "evidence/json_members.h"

namespace exota::evidence {
namespace {

class Writer {
public:
    explicit Writer(std::string& out) : out_(out) {}

    template <class T>
    void member(std::string_view name, const T& value) {
        if constexpr (requires { value.has_value(); })
            if (!value.has_value()) return;
        if (!first_) out_ += ',';
        first_ = false;
        base::append_json_string(out_, name);
        out_ += ':';
        write(value);
    }

    void write(const std::string& value) {
        if (base::is_utf8(value)) return base::append_json_string(out_, value);
        out_ += "{\"base64\":";
        base::append_json_string(out_, base::base64_encode(value));
        out_ += '}';
    }
    void write(bool value) { out_ += value ? "true" : "false"; }
    template <std::unsigned_integral T>
    void write(T value) {
        out_ += std::to_string(value);
    }
    template <class E>
        requires std::is_enum_v<E>
    void write(E value) {
        base::append_json_string(out_, name_of(value));
    }
    template <HasText T>
    void write(const T& value) {
        base::append_json_string(out_, value.text());
    }
    template <class T>
    void write(const std::optional<T>& value) {
        write(*value);
    }
    template <class T>
    void write(const std::vector<T>& values) {
        out_ += '[';
        for (const T& value : values) {
            if (&value != values.data()) out_ += ',';
            write(value);
        }
        out_ += ']';
    }
    template <class T>
    void write(const Fact<T>& fact) {
        std::visit([this](const auto& state) { this->write_state(state); }, fact);
    }
    template <class T>
        requires(std::is_class_v<T> && !HasText<T>)
    void write(const T& value) {
        out_ += '{';
        Writer members(out_);
        describe(members, value);
        out_ += '}';
    }

private:
    void write_state(const Absent&) { out_ += "null"; }
    void write_state(const Conflicting& state) { write_members("conflicting", state.seen); }
    void write_state(const Malformed& state) { write_members("malformed", state.seen, "why", state.why); }
    void write_state(const Unavailable& state) { write_members("unavailable", state.why); }
    template <class T>
    void write_state(const Observed<T>& state) {
        write_members("value", state.value, "source", state.source);
    }

    template <class... Parts>
    void write_members(const Parts&... parts) {
        out_ += '{';
        Writer members(out_);
        members.pairs(parts...);
        out_ += '}';
    }
    void pairs() {}
    template <class T, class... Rest>
    void pairs(std::string_view name, const T& value, const Rest&... rest) {
        member(name, value);
        pairs(rest...);
    }

    std::string& out_;
    bool first_ = true;
};

}  // namespace

std::string to_json(const Evidence& evidence) {
    std::string out;
    out.reserve(4096);
    Writer(out).write(evidence);
    return out;
}

std::string verification_to_json(const Verification& verification) {
    std::string out;
    Writer(out).write(verification);
    return out;
}

}  // namespace exota::evidence
