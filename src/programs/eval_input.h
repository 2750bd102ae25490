// The members of a line of `exota eval`, read strictly: what is there and wrong is an error that names it.
//
// Tested by eval_ops_test.cc.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <chrono>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "authn/dns.h"
#include "base/json_writer.h"
#include "base/result.h"
#include "programs/mock_zone.h"

namespace exota::programs {

using Answer = base::Result<std::string>;  // a JSON object as text, or why there is none

/// No number in the value is beyond the range of a double, so that it can be written as JSON again.
bool is_finite(const boost::json::value& value);
/// A finite value, its strings written as ours are.
void put(const boost::json::value& value, base::JsonPlace place);

/// nullopt: not there, or null.
base::Result<std::optional<std::string>> optional_text(const boost::json::object& in, std::string_view key);
base::Result<std::string> required_text(const boost::json::object& in, std::string_view key);
/// nullptr: not there, or null.
base::Result<const boost::json::object*> optional_object(const boost::json::object& in, std::string_view key);
/// A list of strings; empty: not there, or null.
base::Result<std::vector<std::string>> texts(const boost::json::object& in, std::string_view key);

/// `message_b64`, decoded.
base::Result<std::string> message_of(const boost::json::object& in);
/// `zone`; without it nothing exists.
base::Result<MockZone> zone_of(const boost::json::object& in);
/// `now`, in seconds since 1970; without it the system's clock.
base::Result<std::chrono::sys_seconds> now_of(const boost::json::object& in);

struct NamedLimit {
    std::string_view name;
    std::variant<std::size_t*, int*> limit;
    std::uint32_t most = 0xffffffff;
};
/// `limits`: overrides those that it names.
base::Result<void> read_limits(const boost::json::object& in, std::initializer_list<NamedLimit> known);

/// Calls `check(dns)` until nothing is pending. A check asks for finitely many names, so this ends.
template <class Check>
auto settled(const MockZone& zone, Check check) {
    authn::Dns dns;
    for (;;) {
        auto outcome = check(dns);
        if (!outcome.pending || zone.answer_pending(dns) == 0) return outcome;
    }
}

}  // namespace exota::programs
