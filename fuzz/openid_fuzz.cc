// An OpenID document: an id that is found stands in the text, in an issuer's address; the same document with blanks around it has the same.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/text.h"
#include "tenant/openid_document.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace exota;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto found = tenant::tenant_in_openid_document(text);
    const auto again = tenant::tenant_in_openid_document(' ' + std::string(text) + '\n');
    if (size + 2 <= tenant::max_openid_octets && found.has_value() != again.has_value()) std::abort();
    if (!found) return 0;
    if (again && *again != *found) std::abort();
    // Escapes may hide the digits, but not where there are none.
    if (text.find('\\') == std::string_view::npos && base::lower(text).find(found->text()) == std::string::npos) std::abort();
    return 0;
}
