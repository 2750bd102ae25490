#include "mail/header_block.h"

#include <algorithm>
#include <cstdint>

#include "base/text.h"

namespace exota::mail {
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

bool continues(std::string_view line, const std::vector<MessageField>& fields) {
    return !line.empty() && base::is_wsp(line.front()) && !fields.empty();
}

bool begins_body(std::string_view line, const std::vector<MessageField>& fields) {
    return !continues(line, fields) && field_name_length(line) == 0;
}

/// Takes one line of a header. @return false: the header ended before it.
bool take_line(std::string_view line, std::vector<MessageField>& fields) {
    if (continues(line, fields)) {
        fields.back().value.append("\r\n").append(line);
        return true;
    }
    const std::size_t colon = field_name_length(line);
    if (colon == 0) return false;
    fields.push_back({std::string(line.substr(0, colon)), std::string(line.substr(colon + 1))});
    return true;
}

/// A value as an edit has it (behind ": ", folded with LF) as one that was read.
std::string with_crlf(std::string_view value) {
    std::string out = " ";
    for (const char c : value) {
        if (c == '\n' && !out.ends_with('\r')) out += '\r';
        out += c;
    }
    return out;
}

}  // namespace

MessageParts split_message(std::string_view message) { return *split_message(message, message.size()); }  // no header is longer

base::Result<MessageParts> split_message(std::string_view message, std::size_t max_header_octets) {
    MessageParts parts;
    const std::size_t octets = message.size();
    while (!message.empty()) {
        std::string_view rest = message;
        std::string_view line = base::take_until(rest, '\n');
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.empty()) {
            message = rest;
            break;
        }
        // Before the line is kept; one without an end, too. What begins the body is not of the header, however long it is.
        const bool fits = octets - rest.size() <= max_header_octets;
        if (!fits && begins_body(line, parts.fields)) break;
        if (!fits) return base::fail(base::Errc::too_long, "a header of more than " + std::to_string(max_header_octets) + " octets");
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

bool is_named(const MessageField& field, std::string_view name) noexcept { return base::iequals(base::trim(field.name), name); }

base::Result<void> apply_edits(std::span<const HeaderEdit> edits, std::vector<MessageField>& fields) {
    base::Result<void> done;
    for (const HeaderEdit& edit : edits) {
        if (edit.op == EditOp::remove) {
            std::uint32_t seen = 0;
            const auto found =
                std::ranges::find_if(fields, [&](const MessageField& field) { return is_named(field, edit.name) && ++seen == edit.index; });
            if (found != fields.end())
                fields.erase(found);
            else
                done = base::fail(base::Errc::not_found, "there is no " + edit.name + " number " + std::to_string(edit.index));
            continue;
        }
        const std::size_t at = edit.op == EditOp::insert ? std::min<std::size_t>(edit.index, fields.size()) : fields.size();
        fields.insert(fields.begin() + static_cast<std::ptrdiff_t>(at), {edit.name, with_crlf(edit.value)});
    }
    return done;
}

std::string header_text(std::span<const MessageField> fields) {
    std::string out;
    for (const MessageField& field : fields) out.append(field.name).append(":").append(field.value).append("\r\n");
    return out;
}

}  // namespace exota::mail
