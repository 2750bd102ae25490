// exota tenant candidates: whom discovery has recorded, and turning some of them into a tenant.
//
// Tested by tests/cli_tenant_candidates_test.py and tests/system/test_discovery.py.
#pragma once

#include <string>
#include <vector>

#include "programs/options.h"
#include "tenant/candidates.h"

namespace exota::programs {

/// Declares the command below `exota tenant`.
void add_tenant_candidates(Command& tenant);

/// A paragraph a candidate: the domain, how often and when it was seen, and what its messages named, with how often.
std::string candidates_as_text(const std::vector<const tenant::Candidate*>& candidates);
/// An array of objects.
std::string candidates_as_json(const std::vector<const tenant::Candidate*>& candidates);

}  // namespace exota::programs
