// What `exota endpoints update` remembers from one run to the next, in tenants.state_directory: which version the list has, when the
// service last said so, and until when it is to be left alone.
//
// The daemon reads it for the age of the list. A file that is gone or damaged costs one more question. Tested by endpoints_state_test.cc.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"
#include "config/endpoints_file.h"

namespace exota::config {

/// Times are seconds since 1970.
struct EndpointsState {
    std::string place = {};             // the file of the list; what is known of another one says nothing
    std::string service = {};           // address and instance that were asked
    std::string version = {};           // of the list there; empty: not known
    std::string content = {};           // of the file that has this version (directory::Fingerprint)
    std::chrono::seconds confirmed{};   // when the service last had no other version; 0: never
    std::chrono::seconds not_before{};  // the service is not asked until then; 0: it may be
    int exit = 0;                       // how the last question ended: 0, 65, 69 or 75, as of sysexits(3),
    std::string outcome = {};           // and in words
    std::string fetched = {};           // what a dry run fetched and nobody wrote yet (directory::Fingerprint); empty: nothing
    std::string fetched_version = {};
    friend bool operator==(const EndpointsState&, const EndpointsState&) = default;
};

inline constexpr std::size_t max_endpoints_state_octets = 32 * 1024;
/// Of each value, a path or a text; what is longer is cut, so that what was written can be read.
inline constexpr std::size_t max_endpoints_value_octets = 4096;

/// @return  with `place` alone if the text is none of ours, or of another place.
EndpointsState endpoints_state_of(std::string_view text, const std::string& place);
std::string text_of(const EndpointsState& state);

/// @param directory  empty: nothing is known, or kept.
EndpointsState read_endpoints_state(const std::string& directory, const std::string& place);
base::Result<void> write_endpoints_state(const std::string& directory, const EndpointsState& state);

/// When the service last said that it has no other list than this one; 0: not known, or by a clock that was ahead of `now`.
std::chrono::seconds endpoints_confirmed(const EndpointsFile& file, const std::string& directory, std::chrono::seconds now);

}  // namespace exota::config
