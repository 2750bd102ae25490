// The operations `spf` and `dmarc` of `exota eval`.
//
// Tested by eval_ops_test.cc, the shared corpora (tests/corpora_test.py) and tests/authn/spf_differential_test.py.
#pragma once

#include <boost/json/fwd.hpp>

#include <string>
#include <vector>

#include "authn/dmarc.h"
#include "programs/eval_input.h"

namespace exota::programs {

/// {ip, helo, mail_from, receiver, zone, now, limits} → {"result", "explanation", "lookups", "void_lookups", "domain", "detail"}.
Answer evaluate_spf(const boost::json::object& in);
/// {from_domain, spf, dkim, rfc, shared_suffixes}. Its query points into its suffixes, wherever it is moved to.
struct GivenDmarcQuery {
    std::vector<std::string> shared_suffixes;
    authn::DmarcQuery query;
};
base::Result<GivenDmarcQuery> dmarc_query_of(const boost::json::object& in);

/// {from_domain, spf, dkim, zone, rfc, shared_suffixes} → {"result", "policy", "disposition", "organizational_domain", "aligned", …}.
Answer evaluate_dmarc(const boost::json::object& in);

}  // namespace exota::programs
