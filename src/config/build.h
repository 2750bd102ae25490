// Configuration tree → Config: what each key does, section by section (sections.h).
//
// Tested by config_test.cc, authentication_test.cc and fuzz/config_fuzz.cc.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "config/tree.h"

namespace exota::config {

enum class Origin : std::uint8_t { file, json };

/// @param path  of the file, for messages and for relative file names; "" for JSON, where relative file names are errors.
LoadedConfig build(const Node& root, const std::string& path, Origin origin, Endpoints endpoints = Endpoints::read);

/// Of a configuration with errors: its tenants file. nullopt: there is none, or an error may be about which one it is.
/// @param naming, defaulting  how the keys begin that say which file it is, and what its entries take from the configuration.
std::optional<TenantsToCheck> tenants_to_check(const Config& config, const std::vector<Problem>& problems, std::string_view naming,
                                               std::string_view defaulting);

/// Where `peer_proof` is stricter than all of these proofs need, so that mail which meets what they ask of the peer is refused all the
/// same.
std::optional<std::string> advise_on_peer_proof(const std::vector<tenant::Proof>& proofs, decision::PeerProof peer_proof);
/// tenant::Defaults::advise_on_own_proofs.
/// @param addresses_known  there are prefixes of Exchange Online.
std::vector<std::string> advise_on_own_proofs(const std::vector<tenant::Proof>& proofs, decision::PeerProof peer_proof,
                                              bool addresses_known);

class Reader;

/// What an operator should know though it is no error: proofs that cannot hold as configured, beliefs that anybody can forge.
/// @param config  read from `in` without an error.
/// @param in      gets the warnings, each with the place of its key where that was given.
void add_warnings(const Config& config, Reader& in);

/// What holds for every configuration of this kind and is not wrong ("your validator must remove forged fields itself").
std::vector<std::string> notes(const Config& config);

/// The authserv-id of a host that is told none: its name.
std::string host_name();

}  // namespace exota::config
