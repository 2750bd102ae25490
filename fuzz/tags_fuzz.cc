// Tag lists: a list that parses prints and parses to the same; tags lie where they say they lie; no name is there twice.
#include <algorithm>
#include <cstdint>
#include <string>

#include "authn/tag_list.h"
#include "base/text.h"
#include "property.h"

using exota::authn::Tag;
using exota::authn::TagList;

namespace {
using exota::fuzz::require;

/// A list with a fold behind it is read octet by octet, one without is not: both say the same.
void require_the_same(const exota::base::Result<TagList>& list, const std::string& folded) {
    const auto careful = TagList::parse(folded);
    require(list.has_value() == careful.has_value());
    if (!list) return require(list.error().code == careful.error().code);
    require(list->tags().size() == careful->tags().size());
    for (std::size_t i = 0; i < list->tags().size(); ++i)
        require(list->tags()[i].name == careful->tags()[i].name && list->tags()[i].value == careful->tags()[i].value);
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto list = TagList::parse(text);
    if (std::ranges::none_of(text, [](char c) { return (c >= 0 && c < ' ' && c != '\t') || c == 0x7f; }))
        require_the_same(list, std::string(text) + "\r\n ");
    if (!list) return 0;
    require(!list->tags().empty() && list->tags().size() <= TagList::default_max_tags);
    std::string printed;
    for (const Tag& tag : list->tags()) {
        require(list->find(tag.name) == &tag);
        require(tag.raw_begin <= tag.raw_end && tag.raw_end <= text.size());
        require(exota::base::trim(text.substr(tag.raw_begin, tag.raw_end - tag.raw_begin)) == tag.value);
        require(tag.value.find(';') == std::string_view::npos);
        printed.append(tag.name).append("=").append(tag.value).append(";");
    }
    const auto again = TagList::parse(printed);
    require(again.has_value() && again->tags().size() == list->tags().size());
    for (std::size_t i = 0; i < list->tags().size(); ++i)
        require(again->tags()[i].name == list->tags()[i].name && again->tags()[i].value == list->tags()[i].value);
    return 0;
}
