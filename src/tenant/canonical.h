// Names in tenants files, made canonical. Nearly every name is canonical already, and a million of them should not cost an allocation
// each, so those are recognised; mail::Domain decides about all others.
//
// Internal to this folder. Tested by tenants_file_test.cc.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/text.h"
#include "mail/domain.h"

namespace exota::tenant {

/// True only for what mail::Domain::parse would give back unchanged: plain labels in lower case. False says nothing.
constexpr bool is_surely_canonical(std::string_view name) noexcept {
    if (name.empty() || name.size() > mail::Domain::max_octets) return false;
    std::size_t label = 0;
    bool digits_only = true;
    for (std::size_t i = 0; i < name.size(); ++i) {
        const char c = name[i];
        if (c == '.') {
            if (label == 0 || label > mail::Domain::max_label_octets || name[i - 1] == '-') return false;
            label = 0;
            digits_only = true;
            continue;
        }
        const bool letter = c >= 'a' && c <= 'z';
        if (!letter && !base::is_digit(c) && c != '-') return false;
        if (c == '-' && (label == 0 || name[i - 1] == '-')) return false;  // "xn--" and the like need a closer look
        digits_only = digits_only && base::is_digit(c);
        ++label;
    }
    return label > 0 && label <= mail::Domain::max_label_octets && name.back() != '-' && !digits_only;
}

/// @param storage  holds the result where `name` was not canonical.
/// @return  the canonical name, a view into `name` or `storage`.
inline base::Result<std::string_view> canonical_domain(std::string_view name, std::string& storage) {
    if (is_surely_canonical(name)) return name;
    const base::Result<mail::Domain> domain = mail::Domain::parse(name);
    if (!domain) return std::unexpected(domain.error());
    storage = domain->text();
    return std::string_view(storage);
}

}  // namespace exota::tenant
