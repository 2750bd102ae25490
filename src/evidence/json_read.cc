// Reading evidence from JSON. Strict: unknown keys, wrong types, numbers out of range are errors with their path. What is left out has
// its default.
//
// Tested by json_test.cc and fuzz/evidence_fuzz.cc.
#include <algorithm>
#include <limits>
#include <optional>
#include <type_traits>
#include <utility>

#include <boost/json.hpp>

#include "base/encode.h"
#include "evidence/author.h"
#include "evidence/json.h"
#include "evidence/json_members.h"

namespace exota::evidence {
namespace {

namespace json = boost::json;
using base::Errc;
using base::fail;
using base::Result;

/// The place in the document and the first thing that is wrong.
struct Trouble {
    std::string path = "$";
    std::string what;
    bool report(std::string_view text) {
        if (what.empty()) what = path + ": " + std::string(text);
        return false;
    }
};

/// Lengthens the path for a scope.
class Step {
public:
    Step(Trouble& trouble, std::string_view part) : trouble_(trouble), length_(trouble.path.size()) { trouble.path += part; }
    ~Step() { trouble_.path.resize(length_); }
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;

private:
    Trouble& trouble_;
    std::size_t length_;
};

class Reader {
public:
    Reader(const json::object& object, Trouble& trouble) : object_(object), trouble_(trouble) {}

    template <class T>
    void member(std::string_view name, T& value) {
        const json::value* found = object_.if_contains(name);
        if (!found || !trouble_.what.empty()) return;
        known_.push_back(name);
        const Step step(trouble_, "." + std::string(name));
        read(*found, value, trouble_);
    }

    /// After all members: nothing may be left.
    bool nothing_left() {
        if (known_.size() != object_.size() && trouble_.what.empty()) {
            for (const auto& [key, value] : object_)
                if (std::ranges::find(known_, std::string_view(key)) == known_.end())
                    return trouble_.report("unknown key " + std::string(key));
        }
        return trouble_.what.empty();
    }

    template <class T>
    static bool read(const json::value& in, T& out, Trouble& trouble) {
        if constexpr (std::is_same_v<T, std::string>)
            return read_string(in, out, trouble);
        else if constexpr (std::is_same_v<T, bool>) {
            if (!in.is_bool()) return trouble.report("not a boolean");
            out = in.get_bool();
            return true;
        } else if constexpr (std::is_unsigned_v<T>)
            return read_number(in, out, trouble);
        else if constexpr (std::is_enum_v<T>)
            return read_enum(in, out, trouble);
        else {
            const json::object* object = in.if_object();
            if (!object) return trouble.report("not an object");
            Reader members(*object, trouble);
            describe(members, out);
            return members.nothing_left();
        }
    }
    template <HasText T>
    static bool read(const json::value& in, T& out, Trouble& trouble) {
        std::optional<T> value;
        if (!read(in, value, trouble)) return false;
        out = std::move(*value);
        return true;
    }
    template <class T>
    static bool read(const json::value& in, std::optional<T>& out, Trouble& trouble) {
        if constexpr (HasText<T>) {
            const json::string* text = in.if_string();
            if (!text) return trouble.report("not a string");
            Result<T> value = T::parse(std::string_view(*text));
            if (!value) return trouble.report(value.error().detail);
            out = std::move(*value);
            return true;
        } else {
            return read(in, out.emplace(), trouble);
        }
    }
    template <class T>
    static bool read(const json::value& in, std::vector<T>& out, Trouble& trouble) {
        const json::array* array = in.if_array();
        if (!array) return trouble.report("not an array");
        out.clear();
        out.reserve(array->size());
        for (const json::value& element : *array) {
            const Step step(trouble, '[' + std::to_string(out.size()) + ']');
            std::optional<T> value;
            if (!read(element, value, trouble)) return false;
            out.push_back(std::move(*value));
        }
        return true;
    }
    template <class T>
    static bool read(const json::value& in, Fact<T>& out, Trouble& trouble) {
        if (in.is_null()) {
            out = Absent{};
            return true;
        }
        const json::object* object = in.if_object();
        if (!object) return trouble.report("neither null nor an object");
        Reader members(*object, trouble);
        if (object->contains("value")) {
            std::optional<T> value;
            Source source = Source::header_field;
            members.member("value", value);
            members.member("source", source);
            if (!members.nothing_left()) return false;
            out = Observed<T>{std::move(*value), source};
        } else if (object->contains("conflicting")) {
            members.member("conflicting", out.template emplace<Conflicting>().seen);
        } else if (object->contains("malformed")) {
            Malformed& malformed = out.template emplace<Malformed>();
            members.member("malformed", malformed.seen);
            members.member("why", malformed.why);
        } else if (object->contains("unavailable")) {
            members.member("unavailable", out.template emplace<Unavailable>().why);
        } else {
            return trouble.report("a fact has one of value, conflicting, malformed, unavailable");
        }
        return members.nothing_left();
    }

private:
    static bool read_string(const json::value& in, std::string& out, Trouble& trouble) {
        if (const json::string* text = in.if_string()) {
            out = std::string_view(*text);
            return true;
        }
        const json::object* object = in.if_object();
        const json::value* encoded = object && object->size() == 1 ? object->if_contains("base64") : nullptr;
        if (!encoded || !encoded->is_string()) return trouble.report("neither a string nor {\"base64\": \"…\"}");
        std::optional<std::string> octets = base::base64_decode(std::string_view(encoded->get_string()));
        if (!octets) return trouble.report("not base64");
        out = std::move(*octets);
        return true;
    }
    template <class T>
    static bool read_number(const json::value& in, T& out, Trouble& trouble) {
        std::uint64_t number = 0;
        if (in.is_uint64())
            number = in.get_uint64();
        else if (in.is_int64() && in.get_int64() >= 0)
            number = static_cast<std::uint64_t>(in.get_int64());
        else
            return trouble.report("not a whole number from 0");
        if (number > std::numeric_limits<T>::max()) return trouble.report("number too large");
        out = static_cast<T>(number);
        return true;
    }
    template <class E>
    static bool read_enum(const json::value& in, E& out, Trouble& trouble) {
        static_assert(enumerators<E> > 0);
        const json::string* word = in.if_string();
        if (!word) return trouble.report("not a string");
        for (int i = 0; i < enumerators<E>; ++i)
            if (name_of(static_cast<E>(i)) == std::string_view(*word)) {
                out = static_cast<E>(i);
                return true;
            }
        return trouble.report("unknown word " + std::string(*word));
    }

    const json::object& object_;
    Trouble& trouble_;
    std::vector<std::string_view> known_;
};

}  // namespace

Result<Evidence> from_json(std::string_view text) {
    json::error_code error;
    const json::value document = json::parse(text, error);
    if (error) return fail(Errc::invalid_data, "$: not JSON: " + error.message());
    Evidence evidence;
    Trouble trouble;
    if (!Reader::read(document, evidence, trouble)) return fail(Errc::invalid_data, trouble.what);
    evidence.header.author = author_of(evidence.header, evidence.session.mta);
    return evidence;
}

}  // namespace exota::evidence
