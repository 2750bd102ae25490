// Evidence as JSON and back. Each type is described once, by the list of its members; a Writer and a Reader walk the same list, so
// they cannot disagree.
//
//   Fact<T>   absent: null   observed: {"value": T, "source": "…"}   {"conflicting": […]}   {"malformed": "…", "why": "…"} {"unavailable":
//   "…"} string    "…", or {"base64": "…"} if it is not UTF-8
//
// Reading is strict: unknown keys, wrong types, numbers out of range are errors with their path. What is left out has its default.
//
// Tested by json_test.cc and fuzz/evidence_fuzz.cc.
#include "evidence/json.h"

#include <algorithm>
#include <concepts>
#include <limits>
#include <optional>
#include <type_traits>
#include <utility>

#include <boost/json.hpp>

#include "base/encode.h"
#include "base/text.h"

namespace exota::evidence {
namespace {

namespace json = boost::json;
using base::Errc;
using base::fail;
using base::Result;

// ---- What is in what: V is const for the Writer and not for the Reader.

template <class T, class U>
concept Is = std::is_same_v<std::remove_const_t<T>, U>;

template <class A, Is<Client> V>
void describe(A& a, V& v) {
    a.member("address", v.address);
    a.member("name", v.name);
}
template <class A, Is<Tls> V>
void describe(A& a, V& v) {
    a.member("version", v.version);
    a.member("cipher", v.cipher);
    a.member("certificate_name", v.certificate_name);
    a.member("certificate_dns_names", v.certificate_dns_names);
    a.member("hint", v.hint);
}
template <class A, Is<Session> V>
void describe(A& a, V& v) {
    a.member("client", v.client);
    a.member("tls", v.tls);
    a.member("helo", v.helo);
    a.member("mta", v.mta);
    a.member("authenticated", v.authenticated);
}
template <class A, Is<Envelope> V>
void describe(A& a, V& v) {
    a.member("reverse_path", v.reverse_path);
    a.member("has_mail", v.has_mail);
    a.member("recipients", v.recipients);
    a.member("recipient_count", v.recipient_count);
    a.member("xoorg", v.xoorg);
    a.member("queue_id", v.queue_id);
}
template <class A, Is<AuthresField> V>
void describe(A& a, V& v) {
    a.member("value", v.value);
    a.member("received_above", v.received_above);
    a.member("index", v.index);
}
template <class A, Is<AttributedConnection> V>
void describe(A& a, V& v) {
    a.member("tenant_id", v.tenant_id);
    a.member("address", v.address);
}
template <class A, Is<RemovableField> V>
void describe(A& a, V& v) {
    a.member("name", v.name);
    a.member("count", v.count);
}
template <class A, Is<Header> V>
void describe(A& a, V& v) {
    a.member("from", v.from);
    a.member("from_count", v.from_count);
    a.member("resent_from", v.resent_from);
    a.member("sender", v.sender);
    a.member("originator_orgs", v.originator_orgs);
    a.member("originator_org", v.originator_org);
    a.member("tenant_id", v.tenant_id);
    a.member("auth_as", v.auth_as);
    a.member("attributed_connection", v.attributed_connection);
    a.member("authentication_results", v.authentication_results);
    a.member("authentication_results_count", v.authentication_results_count);
    a.member("received_count", v.received_count);
    a.member("dkim_signature_count", v.dkim_signature_count);
    a.member("own_result_count", v.own_result_count);
    a.member("firewall", v.firewall);
    a.member("mail_class", v.mail_class);
    a.member("field_count", v.field_count);
    a.member("octets", v.octets);
}
template <class A, Is<DkimResult> V>
void describe(A& a, V& v) {
    a.member("value", v.value);
    a.member("sdid", v.sdid);
    a.member("source", v.source);
    a.member("counts", v.counts);
    a.member("detail", v.detail);
}
template <class A, Is<Verification::Spf> V>
void describe(A& a, V& v) {
    a.member("value", v.value);
    a.member("domain", v.domain);
    a.member("detail", v.detail);
}
template <class A, Is<Verification::ArcInstance> V>
void describe(A& a, V& v) {
    a.member("instance", v.instance);
    a.member("sealer", v.sealer);
    a.member("authentication_results", v.authentication_results);
}
template <class A, Is<Verification::Arc> V>
void describe(A& a, V& v) {
    a.member("value", v.value);
    a.member("instances", v.instances);
    a.member("detail", v.detail);
}
template <class A, Is<Verification::Dmarc> V>
void describe(A& a, V& v) {
    a.member("value", v.value);
    a.member("aligned_dkim", v.aligned_dkim);
    a.member("aligned_spf", v.aligned_spf);
    a.member("policy", v.policy);
    a.member("detail", v.detail);
}
template <class A, Is<Verification> V>
void describe(A& a, V& v) {
    a.member("dkim", v.dkim);
    a.member("spf", v.spf);
    a.member("arc", v.arc);
    a.member("dmarc", v.dmarc);
}
template <class A, Is<Evidence> V>
void describe(A& a, V& v) {
    a.member("session", v.session);
    a.member("envelope", v.envelope);
    a.member("header", v.header);
    a.member("verification", v.verification);
    a.member("too_complex", v.too_complex);
}

/// One above the last enumerator: the Reader tries all names.
template <class E>
constexpr int enumerators = 0;
template <>
constexpr int enumerators<Source> = 6;
template <>
constexpr int enumerators<CertificateHint> = 4;
template <>
constexpr int enumerators<MailClass> = 6;
template <>
constexpr int enumerators<DkimResult::Value> = 7;
template <>
constexpr int enumerators<SpfValue> = 7;
template <>
constexpr int enumerators<ArcValue> = 4;
template <>
constexpr int enumerators<DmarcValue> = 5;

/// Values with a text form of their own.
template <class T>
concept HasText = std::is_same_v<T, mail::Domain> || std::is_same_v<T, mail::TenantId> || std::is_same_v<T, base::IpAddress>;

// ---- Writing

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

// ---- Reading

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

std::string to_json(const Evidence& evidence) {
    std::string out;
    out.reserve(4096);
    Writer(out).write(evidence);
    return out;
}

Result<Evidence> from_json(std::string_view text) {
    json::error_code error;
    const json::value document = json::parse(text, error);
    if (error) return fail(Errc::invalid_data, "$: not JSON: " + error.message());
    Evidence evidence;
    Trouble trouble;
    if (!Reader::read(document, evidence, trouble)) return fail(Errc::invalid_data, trouble.what);
    return evidence;
}

}  // namespace exota::evidence
