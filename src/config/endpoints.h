// Microsoft's endpoint list: the addresses from which Exchange Online sends.
//
// As downloaded from the endpoint service: an array of records, of which those of the service area Exchange with TCP port 25 hold the
// prefixes. Fields that are blank are left out by the service, so a record without `ips` or `tcpPorts` is passed over. A list that
// yields nothing is an error: an update must never shrink the list to nothing. The service tells by a version document whether there is
// another list.
//
// Tested by endpoints_test.cc and fuzz/endpoints_fuzz.cc.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "base/result.h"

namespace exota::config {

inline constexpr std::size_t max_endpoint_octets = 4 * 1024 * 1024;  // the worldwide list has about 50 kB
inline constexpr std::size_t max_endpoint_prefixes = 10000;
inline constexpr std::chrono::days endpoint_list_is_old{180};

struct EndpointList {
    std::vector<base::IpPrefix> prefixes;  // each once, in the list's order
    std::size_t records = 0;               // that were taken
};

/// @return  invalid_data: no JSON array of objects, an address that is none (named with its record), or no prefix at all.
base::Result<EndpointList> parse_endpoints(std::string_view json);

inline constexpr std::size_t max_endpoint_version_octets = 4096;  // of the document; it has about 50
inline constexpr std::size_t max_version_digits = 32;             // Microsoft writes ten: YYYYMMDDNN

/// Of the version document: {"instance":"Worldwide","latest":"2026081400"}.
/// @param instance  the one that was asked for.
/// @return          its "latest": digits. invalid_data: no such document, or another instance's; too_long.
base::Result<std::string> parse_endpoint_version(std::string_view json, std::string_view instance);

/// A warning about the age of the file, or nullopt: fresh enough.
/// @param confirmed  when the service last said that it has no other list. The file's modification time counts if it is later.
std::optional<std::string> endpoint_age_warning(const std::string& path, std::chrono::system_clock::time_point now,
                                                std::chrono::system_clock::time_point confirmed = {});

}  // namespace exota::config
