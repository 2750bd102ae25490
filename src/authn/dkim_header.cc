// Keeping a header.
//
// Tested by dkim_header_test.cc.
#include "authn/dkim_header.h"

#include <algorithm>
#include <numeric>

#include "base/text.h"

namespace exota::authn {

namespace {

/// FNV-1a over the name in lower case.
std::uint32_t hash_of(std::string_view name) noexcept {
    std::uint32_t hash = 2166136261U;
    for (const char c : name) hash = (hash ^ static_cast<unsigned char>(base::to_lower(c))) * 16777619U;
    return hash;
}

int compare_names(std::string_view a, std::string_view b) noexcept {
    const std::size_t common = std::min(a.size(), b.size());
    for (std::size_t i = 0; i < common; ++i) {
        const int x = static_cast<unsigned char>(base::to_lower(a[i])), y = static_cast<unsigned char>(base::to_lower(b[i]));
        if (x != y) return x - y;
    }
    return a.size() == b.size() ? 0 : a.size() < b.size() ? -1 : 1;
}

}  // namespace

int HeaderFields::compare(std::uint32_t field, std::uint32_t hash, std::string_view wanted) const noexcept {
    const std::uint32_t own = fields_[field].name_hash;
    if (own != hash) return own < hash ? -1 : 1;
    return compare_names(name(field), wanted);
}

void HeaderFields::add(std::string_view name, std::string_view value) {
    constexpr std::size_t usual_octets = 8192, usual_fields = 48;  // of a message from Exchange Online: no growing on the way
    const bool folded = value.find('\n') != std::string_view::npos;
    const auto line_feeds = folded ? static_cast<std::size_t>(std::ranges::count(value, '\n')) : 0;
    const std::size_t most = name.size() + value.size() + line_feeds + 3;
    if (overflowed_ || fields_.size() >= limits_.max_fields || most > limits_.max_octets - text_.size()) {
        overflowed_ = true;
        return;
    }
    if (fields_.empty()) {
        text_.reserve(usual_octets);
        fields_.reserve(usual_fields);
    }
    Field field{};
    field.begin = static_cast<std::uint32_t>(text_.size());
    text_ += name;
    field.colon = static_cast<std::uint32_t>(text_.size());
    std::string_view trimmed = name;
    while (!trimmed.empty() && base::is_wsp(trimmed.back())) trimmed.remove_suffix(1);
    field.name_octets = static_cast<std::uint32_t>(trimmed.size());
    field.name_hash = hash_of(trimmed);
    text_ += ':';
    while (!value.empty()) {
        const std::size_t feed = value.find('\n');
        std::string_view line = value.substr(0, feed);
        if (feed == std::string_view::npos) {
            text_ += line;
            break;
        }
        if (line.ends_with('\r')) line.remove_suffix(1);
        text_.append(line).append("\r\n");
        value.remove_prefix(feed + 1);
    }
    text_ += "\r\n";
    field.end = static_cast<std::uint32_t>(text_.size());
    fields_.push_back(field);
}

void HeaderFields::close() {
    by_name_.resize(fields_.size());
    std::iota(by_name_.begin(), by_name_.end(), 0U);
    std::ranges::sort(by_name_, [this](std::uint32_t a, std::uint32_t b) {
        const int order = compare(a, fields_[b].name_hash, name(b));
        return order != 0 ? order < 0 : a < b;
    });
}

std::string_view HeaderFields::name(std::size_t index) const noexcept {
    const Field& field = fields_[index];
    return std::string_view(text_).substr(field.begin, field.name_octets);
}

std::string_view HeaderFields::written_name(std::size_t index) const noexcept {
    const Field& field = fields_[index];
    return std::string_view(text_).substr(field.begin, field.colon - field.begin);
}

std::string_view HeaderFields::value(std::size_t index) const noexcept {
    const Field& field = fields_[index];
    return std::string_view(text_).substr(field.colon + 1, field.end - 2 - field.colon - 1);
}

std::span<const std::uint32_t> HeaderFields::named(std::string_view wanted) const noexcept {
    const std::uint32_t hash = hash_of(wanted);
    const auto first = std::ranges::partition_point(by_name_, [&](std::uint32_t field) { return compare(field, hash, wanted) < 0; });
    const auto last = std::partition_point(first, by_name_.end(), [&](std::uint32_t field) { return compare(field, hash, wanted) == 0; });
    return {first, last};
}

std::string_view HeaderFields::canonical(std::size_t index, Canonicalization canonicalization) {
    Field& field = fields_[index];
    if (canonicalization == Canonicalization::simple) return std::string_view(text_).substr(field.begin, field.end - field.begin);
    if (field.relaxed_begin == field.relaxed_end) {
        if (relaxed_.capacity() == 0) relaxed_.reserve(text_.size());
        field.relaxed_begin = static_cast<std::uint32_t>(relaxed_.size());
        append_relaxed_header(relaxed_, name(index), value(index));
        relaxed_ += "\r\n";
        field.relaxed_end = static_cast<std::uint32_t>(relaxed_.size());
    }
    return std::string_view(relaxed_).substr(field.relaxed_begin, field.relaxed_end - field.relaxed_begin);
}

}  // namespace exota::authn
