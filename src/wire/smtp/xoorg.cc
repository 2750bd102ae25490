#include "wire/smtp/xoorg.h"

#include "wire/smtp/xtext.h"

namespace exota::smtp {

base::Result<mail::Domain> parse_xoorg(std::string_view value) {
    const auto name = decode_xtext(value, max_xoorg_octets);
    if (!name) return base::fail(base::Errc::invalid_data, "XOORG is no xtext of at most 255 octets");
    return mail::Domain::parse(*name);
}

}  // namespace exota::smtp
