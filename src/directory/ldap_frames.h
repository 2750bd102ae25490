// Where one LDAP message ends and the next begins (RFC 4511 §5.1: BER, definite lengths): looked at as octets pass, so that nobody
// allocates what a server merely announces, and a server that speaks another protocol is known by its first octet.
//
// Tested by ldap_frames_test.cc and fuzz/ldap_tunnel_fuzz.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace exota::directory {

class LdapFrames {
public:
    explicit LdapFrames(std::size_t max_octets) noexcept : max_octets_(max_octets) {}

    enum class Seen : std::uint8_t {
        fine,
        not_ldap,  // no SEQUENCE, or a length that DER and LDAP do not have
        too_long,  // a message announces more than max_octets
    };
    /// The next octets, in pieces of any size. After anything but `fine` there is nothing to be said of what follows.
    Seen feed(std::string_view octets) noexcept;
    /// Octets of the message that is under way: 0 between two.
    std::size_t begun() const noexcept { return begun_; }

private:
    const std::size_t max_octets_;
    std::size_t begun_ = 0;       // of the message, its header included
    std::size_t left_ = 0;        // of its content
    unsigned length_octets_ = 0;  // of its length, still to come
    enum class At : std::uint8_t { tag, length, long_length, content } at_ = At::tag;
};

/// Where the first whole message of `bytes` ends; nullopt: not in there, or it is none.
std::optional<std::size_t> end_of_message(std::string_view bytes);

}  // namespace exota::directory
