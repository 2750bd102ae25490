#include "programs/message_reader.h"

#include <algorithm>

#include "base/text.h"

namespace exota::programs {
namespace {

/// Length of the field name at the start of the line, without the colon; 0: the line starts no field (RFC 5322 section 2.2, and blanks
/// before the colon, section 4.5).
std::size_t field_name_length(std::string_view line) noexcept {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return 0;
    std::string_view name = line.substr(0, colon);
    while (!name.empty() && base::is_wsp(name.back())) name.remove_suffix(1);
    const bool printable = std::ranges::all_of(name, [](char c) { return c > 0x20 && c < 0x7f; });
    return !name.empty() && printable ? colon : 0;
}

/// Takes one line of a header. @return false: the header ended before it.
bool take_line(std::string_view line, std::vector<MessageField>& fields) {
    if (!line.empty() && base::is_wsp(line.front()) && !fields.empty()) {
        fields.back().value.append("\r\n").append(line);
        return true;
    }
    const std::size_t colon = field_name_length(line);
    if (colon == 0) return false;
    fields.push_back({std::string(line.substr(0, colon)), std::string(line.substr(colon + 1))});
    return true;
}

}  // namespace

MessageParts split_message(std::string_view message) {
    MessageParts parts;
    while (!message.empty()) {
        std::string_view rest = message;
        std::string_view line = base::take_until(rest, '\n');
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.empty()) {
            message = rest;
            break;
        }
        if (!take_line(line, parts.fields)) break;
        message = rest;
    }
    parts.body = message;
    return parts;
}

std::vector<MessageField> fields_of_lines(std::span<const std::string> lines) {
    std::vector<MessageField> fields;
    for (const std::string& line : lines)
        if (line.empty() || !take_line(line, fields)) break;
    return fields;
}

void note_fields(const std::vector<MessageField>& fields, evidence::Collector& collector) {
    for (const MessageField& field : fields) collector.header_field(field.name, field.value);
}

}  // namespace exota::programs
