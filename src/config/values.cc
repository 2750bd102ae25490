#include "config/values.h"

#include <algorithm>

#include "mail/domain.h"

namespace exota::config {

base::Result<std::string> domain_text(std::string_view text) {
    auto domain = mail::Domain::parse(text);
    if (!domain) return base::fail(domain.error().code, '"' + std::string(text) + "\": " + domain.error().detail);
    return domain->text();
}

base::Result<base::IpPrefix> prefix(std::string_view text) {
    auto parsed = base::IpPrefix::parse(text);
    if (!parsed) return base::fail(parsed.error().code, '"' + std::string(text) + "\": " + parsed.error().detail);
    return parsed;
}

base::Result<std::string> authserv_id(std::string_view text) {
    const bool plain = std::ranges::all_of(text, [](char c) { return c >= 0x21 && c <= 0x7e; });
    if (text.empty() || text.size() > 255 || !plain || text.find_first_of("\"\\();,<>@:[]?=/") != std::string_view::npos)
        return base::fail(
            base::Errc::invalid_data,
            '"' + std::string(text) + "\" is no authserv-id: a name in ASCII without blanks and special characters is wanted");
    return std::string(text);
}

}  // namespace exota::config
