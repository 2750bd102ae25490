// Headers: what is read is written and read again as the same; nothing of the message is lost or read twice; the limit holds; and each
// field that is counted can be removed by its count, once.
#include <cstdint>
#include <string>

#include "mail/header_block.h"
#include "property.h"

using namespace exota::mail;

namespace {
using exota::fuzz::require;

std::string without_line_ends(std::string_view text) {
    std::string out(text);
    std::erase_if(out, [](char c) { return c == '\r' || c == '\n'; });
    return out;
}

void check_removal(const std::vector<MessageField>& fields) {
    const std::string& name = fields.back().name;
    std::uint32_t count = 0;
    for (const MessageField& field : fields) count += is_named(field, name) ? 1 : 0;
    std::vector<HeaderEdit> edits;
    for (std::uint32_t index = count; index > 0; --index) edits.push_back({EditOp::remove, index, name, ""});
    std::vector<MessageField> left = fields;
    require(apply_edits(edits, left).has_value());
    require(left.size() == fields.size() - count);
    require(!apply_edits(std::vector<HeaderEdit>{{EditOp::remove, 1, name, ""}}, left).has_value());
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view message(reinterpret_cast<const char*>(data), size);
    const auto parts = split_message(message, size);
    require(parts.has_value());  // no header is longer than its message
    const std::string header = header_text(parts->fields);
    require(message.ends_with(parts->body));
    for (const MessageField& field : parts->fields) require(!field.name.empty() && field.name.find_first_of(":\r\n") == std::string::npos);
    require(without_line_ends(message.substr(0, size - parts->body.size())) == without_line_ends(header));

    const std::string again = header + "\r\n" + std::string(parts->body);
    const auto same = split_message(again, header.size());
    require(same.has_value() && same->fields == parts->fields && same->body == parts->body);
    if (parts->fields.empty()) return 0;
    require(!split_message(again, header.size() - 1).has_value());
    check_removal(parts->fields);
    return 0;
}
