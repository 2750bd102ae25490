#include "config/public_suffixes.h"

#include <libpsl.h>

namespace exota::config {

std::shared_ptr<const authn::PublicSuffixes> latest_public_suffixes() {
    const psl_ctx_t* list = psl_latest(nullptr);
    return list ? authn::PublicSuffixes::adopt(list) : authn::PublicSuffixes::built_in();
}

const std::shared_ptr<const authn::PublicSuffixes>& process_public_suffixes() {
    static const std::shared_ptr<const authn::PublicSuffixes> suffixes = latest_public_suffixes();
    return suffixes;
}

bool is_public_suffix(std::string_view domain) { return process_public_suffixes()->is_public_suffix(domain); }

}  // namespace exota::config
