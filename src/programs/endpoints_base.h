// What a row of endpoint lists is compared with: the list that was there when a person, a package or time last said that it is right.
//
// Each list must be like the one before it (config/endpoint_rules.h), but whoever speaks for the service for a while could walk away from
// what Microsoft has in small steps, each of them like the last. So beside the list, in FILE.base, lies the list from which the row began,
// and every further list must be like that one, too. A row begins anew with
//   * the list that `exota endpoints update --force` writes;
//   * a list that somebody else put there: a person, or a package;
//   * a list that stood for `endpoints_stand` without a change.
// It is for `exota endpoints update` alone: who may write the list without that may write FILE.base as well.
//
// Tested by endpoints_base_test.cc, endpoints_update_test.cc and fuzz/endpoints_base_fuzz.cc.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "config/endpoints.h"

namespace exota::programs {

/// As long as Microsoft announces addresses ahead: whoever looks at his lists once a month sees a wrong one before it is believed.
inline constexpr std::chrono::days endpoints_stand{30};

struct EndpointsBase {
    config::EndpointList list = {};  // as it was found, or written by force
    std::string written = {};        // fingerprint of the last list of the row: in the file, unless somebody else wrote there since
    std::chrono::seconds changed{};  // when that was written, since 1970
};

/// What lies in FILE.base.
std::string text_of(const EndpointsBase& base);

/// @return  nullopt: it is nothing that text_of() wrote, of a list.
std::optional<EndpointsBase> endpoints_base_of(std::string_view text);

/// @param file  of the list.
std::string endpoints_base_path(const std::string& file);

/// The one that still counts.
/// @param content  fingerprint of what lies in the file now.
/// @return         nullopt: a row begins here.
std::optional<EndpointsBase> endpoints_base(const std::string& file, const std::string& content, std::chrono::seconds now);

/// @return  io.
base::Result<void> keep_endpoints_base(const std::string& file, const EndpointsBase& base);

}  // namespace exota::programs
