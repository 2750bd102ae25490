// For the tests of data.h: a message's events as one text, read in pieces.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

#include "wire/smtp/data.h"

namespace exota::smtp {

/// Fields as "{name|value}", the end of the header as "=" (empty line), "~" (no field) or "^" (end of message), the body as it is, the end
/// of data as "$" and behind it what was left over. Each read is a buffer of its own, so that a view that outlives it is found.
inline std::string data_events(DataReader& reader, std::string_view bytes, std::size_t piece) {
    std::string out;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        const std::string buffer(bytes.substr(at, piece));
        std::string_view part = buffer;
        while (const auto event = reader.next(part)) {
            if (const auto* field = std::get_if<Field>(&*event))
                out.append("{").append(field->name()).append("|").append(field->value()).append("}");
            else if (const auto* end = std::get_if<EndOfHeader>(&*event))
                out += std::string_view("=~^")[static_cast<std::size_t>(end->by)];
            else if (const auto* body = std::get_if<BodyOctets>(&*event))
                out += body->octets;
            else
                out += '$';
        }
        out += part;  // empty unless the data have ended
        if (reader.ended()) {
            if (at + piece < bytes.size()) out += bytes.substr(at + piece);
            break;
        }
    }
    return out;
}

}  // namespace exota::smtp
