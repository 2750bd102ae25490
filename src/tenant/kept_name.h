// A canonical name, kept in place until it is added to an index.
//
// Internal to this folder. Tested by version_one_test.cc and version_two_test.cc.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "tenant/name_table.h"

namespace exota::tenant {

class KeptName {
public:
    KeptName() noexcept = default;
    /// @param name  at most NameArena::max_name_octets.
    KeptName& operator=(std::string_view name) noexcept {
        octets_ = static_cast<std::uint8_t>(name.copy(text_.data(), text_.size()));
        return *this;
    }
    void clear() noexcept { octets_ = 0; }
    std::string_view view() const noexcept { return {text_.data(), octets_}; }

private:
    std::uint8_t octets_ = 0;
    std::array<char, NameArena::max_name_octets> text_;
};

}  // namespace exota::tenant
