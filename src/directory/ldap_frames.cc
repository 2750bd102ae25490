#include "directory/ldap_frames.h"

#include <algorithm>

namespace exota::directory {

LdapFrames::Seen LdapFrames::feed(std::string_view octets) noexcept {
    constexpr unsigned char sequence = 0x30;
    const auto content = [this] {
        if (left_ > max_octets_ || begun_ > max_octets_ - left_) return Seen::too_long;
        at_ = left_ > 0 ? At::content : At::tag;
        if (at_ == At::tag) begun_ = 0;
        return Seen::fine;
    };
    while (!octets.empty()) {
        if (at_ == At::content) {
            const std::size_t here = std::min(left_, octets.size());
            octets.remove_prefix(here);
            left_ -= here;
            begun_ += here;
            if (left_ == 0) {
                at_ = At::tag;
                begun_ = 0;
            }
            continue;
        }
        const auto octet = static_cast<unsigned char>(octets.front());
        octets.remove_prefix(1);
        ++begun_;
        switch (at_) {
            case At::tag:
                if (octet != sequence) return Seen::not_ldap;
                at_ = At::length;
                break;
            case At::length:
                left_ = 0;
                if (octet < 0x80) {
                    left_ = octet;
                    if (const Seen seen = content(); seen != Seen::fine) return seen;
                    break;
                }
                length_octets_ = octet & 0x7f;
                if (length_octets_ == 0 || length_octets_ > sizeof(std::uint32_t)) return Seen::not_ldap;
                at_ = At::long_length;
                break;
            case At::long_length:
                left_ = left_ << 8 | octet;
                if (--length_octets_ > 0) break;
                if (const Seen seen = content(); seen != Seen::fine) return seen;
                break;
            case At::content:
                break;
        }
    }
    return Seen::fine;
}

std::optional<std::size_t> end_of_message(std::string_view bytes) {
    LdapFrames frames(bytes.size());
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (frames.feed(bytes.substr(i, 1)) != LdapFrames::Seen::fine) return std::nullopt;
        if (frames.begun() == 0) return i + 1;
    }
    return std::nullopt;
}

}  // namespace exota::directory
