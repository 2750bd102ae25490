// Tag lists "name=value; name=value" (RFC 6376 section 3.2, RFC 8616 section 3): DKIM and ARC fields, key records.
//
// Strict, because two readers that repair a broken list differently can be played against each other: one name twice, an empty item,
// a control character, a bare CR or LF break the whole list. Unknown names are kept and nobody asks for them.
//
// Tested by tag_list_test.cc and fuzz/tags_fuzz.cc.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/text.h"

namespace exota::authn {

inline constexpr std::size_t max_shown_name_octets = 40;  // of a tag's name in an error; nothing else bounds it

struct Tag {
    std::string_view name;
    std::string_view value;          // without the white space around it; folding within is kept
    std::size_t raw_begin, raw_end;  // where the value lies in the text with the white space around it: from behind '=' to ';' or the end

    std::string_view shown_name() const noexcept { return name.substr(0, max_shown_name_octets); }  // for errors
};

class TagList {
public:
    static constexpr std::size_t default_max_tags = 64;

    /// What the caller knows of the text.
    enum class Known : bool { nothing, printable };  // no control but tabs

    /// @param text  views of the result point into it.
    /// @return      invalid_data (what, and at which octet) or too_long (more than `max_tags` tags).
    static base::Result<TagList> parse(std::string_view text, std::size_t max_tags = default_max_tags, Known known = Known::nothing);

    /// Names compare with case (RFC 6376 section 3.2).
    const Tag* find(std::string_view name) const noexcept {
        if (name.size() == 1 && name.front() >= 'a' && name.front() <= 'z') return tag_at(by_letter_[letter_of(name)]);
        for (const Tag& tag : tags_)
            if (tag.name == name) return &tag;
        return nullptr;
    }
    /// The value, or nullopt where the tag is not there (which is not the same as empty).
    std::optional<std::string_view> value(std::string_view name) const noexcept {
        const Tag* tag = find(name);
        return tag != nullptr ? std::optional(tag->value) : std::nullopt;
    }
    /// In the order of the text.
    std::span<const Tag> tags() const noexcept { return tags_; }

private:
    bool read_plain(std::string_view text, std::size_t max_tags);
    void add(const Tag& tag);
    static constexpr std::size_t letter_of(std::string_view name) noexcept { return static_cast<std::size_t>(name.front() - 'a'); }
    const Tag* tag_at(std::uint32_t number) const noexcept { return number == 0 ? nullptr : &tags_[number - 1]; }

    std::vector<Tag> tags_;
    std::array<std::uint32_t, 'z' - 'a' + 1> by_letter_{};  // how-manieth tag has this name, from 1: nearly all that are asked for
};

/// Items of a colon-separated value, white space around them removed; an empty value has one empty item.
/// @return false as soon as `visit(item)` does; else true.
template <class Visit>
bool for_each_item(std::string_view value, Visit visit) {
    for (;;) {
        const std::size_t colon = value.find(':');
        if (!visit(base::trim(value.substr(0, colon)))) return false;
        if (colon == std::string_view::npos) return true;
        value.remove_prefix(colon + 1);
    }
}

/// Decimal digits only, 1 to `max_digits` of them. Numbers beyond 2^64-1 become 2^64-1.
std::optional<std::uint64_t> parse_tag_number(std::string_view digits, std::size_t max_digits) noexcept;

}  // namespace exota::authn
