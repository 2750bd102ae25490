// What the types of settings are called, in messages and documents.
#include "config/keys.h"

namespace exota::config {

using enum KeyType;

std::string_view name_of(KeyType type) noexcept {
    switch (type) {
        case boolean:
            return "boolean";
        case integer:
            return "integer";
        case duration:
        case milliseconds:
            return "duration";
        case size:
            return "size";
        case text:
            return "string";
        case choice:
            return "one of";
        case mode_bits:
            return "file mode";
        case file:
            return "path";
        case text_list:
            return "list of strings";
        case domain_list:
            return "list of domains";
        case authserv_ids:
            return "list of authserv-ids";
        case prefix_list:
            return "list of IP prefixes";
        case proof_list:
            return "list of proofs";
        case limit_list:
            return "list of limits";
        case domain_words:
            return "table of domains";
    }
    return "";
}

}  // namespace exota::config
