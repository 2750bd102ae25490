#include "directory/redis_slots.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace exota::directory {
namespace {

using base::Errc;
using base::fail;
using Is = RedisReply::Is;

/// CRC16 of XMODEM: polynomial 0x1021, from 0.
constexpr std::uint16_t crc16(std::string_view octets) noexcept {
    std::uint16_t crc = 0;
    for (const char c : octets) {
        crc = static_cast<std::uint16_t>(crc ^ (static_cast<unsigned char>(c) << 8));
        for (int bit = 0; bit < 8; ++bit) crc = static_cast<std::uint16_t>((crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1);
    }
    return crc;
}
static_assert(crc16("123456789") == 0x31c3);

/// The first of those that have a range of slots. A host that it does not know itself is null or "?": it is the one that we asked.
std::optional<RedisPlace> read_master(const RedisReply& master) {
    if (master.is != Is::array || master.elements.size() < 2) return std::nullopt;
    const RedisReply &host = master.elements[0], &port = master.elements[1];
    if ((host.is != Is::text && host.is != Is::nil) || port.is != Is::integer) return std::nullopt;
    return RedisPlace::of(host.text == "?" ? std::string_view() : host.text, port.integer);
}

}  // namespace

std::uint16_t slot_of(std::string_view tag) noexcept {
    if (tag.starts_with('{') && tag.ends_with('}') && tag.size() > 2) tag = tag.substr(1, tag.size() - 2);
    return crc16(tag) % redis_slot_count;
}

base::Result<RedisSlots> read_slots(const RedisReply& reply) {
    if (reply.is == Is::error) return fail(Errc::invalid_data, error_text(reply));
    const auto none = [] { return fail(Errc::protocol, "its answer is none to CLUSTER SLOTS"); };
    if (reply.is != Is::array || reply.elements.size() > redis_slot_count) return none();
    RedisSlots slots;
    slots.master_of.fill(RedisSlots::nobody);
    for (const RedisReply& range : reply.elements) {
        if (range.is != Is::array || range.elements.size() < 3) return none();
        const RedisReply &first = range.elements[0], &last = range.elements[1];
        if (first.is != Is::integer || last.is != Is::integer || first.integer < 0 || first.integer > last.integer ||
            last.integer >= static_cast<std::int64_t>(redis_slot_count))
            return none();
        auto place = read_master(range.elements[2]);
        if (!place) return none();
        const auto known = std::ranges::find(slots.masters, *place);
        const auto index = static_cast<std::uint16_t>(known - slots.masters.begin());
        if (known == slots.masters.end()) {
            if (index == RedisSlots::max_masters) return none();
            slots.masters.push_back(*std::move(place));
        }
        for (auto slot = static_cast<std::size_t>(first.integer); slot <= static_cast<std::size_t>(last.integer); ++slot) {
            if (slots.master_of[slot] != RedisSlots::nobody) return none();  // so that a long answer costs no more than all slots
            slots.master_of[slot] = index;
        }
    }
    if (slots.masters.empty()) return fail(Errc::invalid_data, "nobody of the cluster has any slot");
    return slots;
}

std::optional<Redirection> read_redirection(const RedisReply& reply) {
    const bool moved = reply.is_error("MOVED");
    if (!moved && !reply.is_error("ASK")) return std::nullopt;
    std::string_view rest = reply.text;
    base::take_until(rest, ' ');
    const std::string_view slot_text = base::take_until(rest, ' ');
    std::uint16_t slot = 0;
    const auto [end, error] = std::from_chars(slot_text.data(), slot_text.data() + slot_text.size(), slot);
    const std::size_t colon = rest.rfind(':');
    if (error != std::errc() || end != slot_text.data() + slot_text.size() || slot >= redis_slot_count || colon == std::string_view::npos)
        return std::nullopt;
    std::string_view host = rest.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    auto place = RedisPlace::of(host, rest.substr(colon + 1));
    if (!place) return std::nullopt;
    return Redirection{.is = moved ? Redirection::Is::moved : Redirection::Is::ask, .slot = slot, .place = *std::move(place)};
}

}  // namespace exota::directory
