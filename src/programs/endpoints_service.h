// Microsoft's endpoint service: the version document first, and the list only if it is another one. It wants to be asked once an hour at
// most.
//
// Without I/O: whoever asks brings the GET. Tested by endpoints_service_test.cc and tests/cli_endpoints_test.py.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include "config/endpoints_state.h"
#include "net/http_response.h"
#include "programs/command.h"

namespace exota::programs {

using config::EndpointsState;
/// Since 1970.
using Seconds = std::chrono::seconds;

inline constexpr std::chrono::hours between_questions{1};
/// However long the service wants to be left alone.
inline constexpr std::chrono::hours longest_wait{24};

/// @param target       path and query below the service's address.
/// @param most_octets  of the body.
using Get = std::function<base::Result<net::HttpAnswer>(const std::string& target, std::size_t most_octets)>;

struct ServiceQuestion {
    std::string instance;    // "Worldwide"
    std::string request_id;  // a UUID that says nothing: the service asks for one
    std::string here;        // what the file has now (Fingerprint); empty: nothing
    Seconds now{};
    std::optional<std::string> fetched = {};  // by a dry run, as state.fetched says
    bool force = false;                       // ask although it is too soon, and for the list although its version is the same
};

struct ServiceAnswer {
    Exit exit = Exit::ok;
    std::string said;                 // if there is no list: why
    std::optional<std::string> list;  // as it came
    std::string version;              // of the list, or of what is here already; empty: not told
    bool asked = false;               // somebody answered, now or when `fetched` came: not again before `not_before`
    Seconds not_before{};
};

/// @param state  of this file and this service.
/// @return       exit ok: a list, or what is here is current, or the service was asked within the hour and that ended well (with the list
///               where a dry run had fetched it: it is not fetched again). temporary: status 429 or 5xx, now or within the hour.
///               bad_data: no such documents. unavailable: nothing came whole, or another status.
ServiceAnswer ask_service(const Get& get, const ServiceQuestion& question, const EndpointsState& state);

/// A random UUID (version 4).
std::string random_uuid();

}  // namespace exota::programs
