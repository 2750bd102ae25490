// The DATA phase. The first two octets say the limits, the rest is what stands behind DATA.
//
// Properties: cutting the octets anywhere gives the same events; the end is where a plain reading of the rule has it; a message without
// fault has no bare CR, LF or NUL, and written again with what the writer adds it reads back as the same; no limit is passed.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "property.h"
#include "wire/smtp/data.h"
#include "wire/smtp/data_writer.h"

namespace {

using namespace exota::smtp;

using exota::fuzz::require;

struct Read {
    std::string fields, body, end;  // end: how the header ended; "$" is added at the end of data
    std::string message;            // all octets of it that were handed on
    std::size_t consumed = 0;
    DataFault fault = DataFault::none;
    std::uint64_t octets = 0, long_lines = 0;
    bool eight_bit = false;
    friend bool operator==(const Read&, const Read&) = default;
};

Read read_by_pieces(std::string_view bytes, std::size_t piece, const DataLimits& limits) {
    Read read;
    DataReader reader(limits);
    for (std::size_t at = 0; at < bytes.size() && !reader.ended(); at += piece) {
        const std::string buffer(bytes.substr(at, piece));
        std::string_view part = buffer;
        while (const auto event = reader.next(part)) {
            if (const auto* field = std::get_if<Field>(&*event)) {
                require(read.end.empty() && !field->name().empty() && field->name().find(':') == std::string_view::npos);
                require(std::string(field->name()) + ":" + std::string(field->value()) == field->raw);
                read.fields.append(field->raw).append("\r\n");
                read.message.append(field->raw).append("\r\n");
            } else if (const auto* end = std::get_if<EndOfHeader>(&*event)) {
                require(read.end.empty());
                read.end = std::to_string(static_cast<int>(end->by));
                if (end->by == EndOfHeader::By::empty_line) read.message += "\r\n";
            } else if (const auto* body = std::get_if<BodyOctets>(&*event)) {
                require(!read.end.empty() && !body->octets.empty());
                read.body += body->octets;
                read.message += body->octets;
            } else {
                read.end += '$';
            }
        }
        require(part.empty() || reader.ended());
        require(reader.kept_octets() <= limits.header_octets);
        read.consumed = at + buffer.size() - part.size();
    }
    read.fault = reader.fault();
    read.octets = reader.octets();
    read.long_lines = reader.long_lines();
    read.eight_bit = reader.eight_bit();
    return read;
}

/// Octets up to and with the first CRLF.CRLF, where the beginning is as if behind a CRLF; npos: there is none.
std::size_t true_end(std::string_view bytes) {
    if (bytes.starts_with(".\r\n")) return 3;
    const std::size_t at = bytes.find("\r\n.\r\n");
    return at == std::string_view::npos ? at : at + 5;
}

bool has_bare(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\0' || (text[i] == '\n' && (i == 0 || text[i - 1] != '\r'))) return true;
        if (text[i] == '\r' && (i + 1 == text.size() || text[i + 1] != '\n')) return true;
    }
    return false;
}

void check_round_trip(const Read& read, const DataLimits& limits) {
    require(!has_bare(read.message) && read.message.size() == read.octets);
    require(read.eight_bit == std::ranges::any_of(read.message, [](char c) { return static_cast<unsigned char>(c) >= 0x80; }));
    for (const std::size_t piece : {std::size_t{5}, read.message.size() + 1}) {
        DataWriter writer;
        std::string out;
        for (std::size_t at = 0; at < read.message.size();) {
            std::size_t octets = std::min(piece, read.message.size() - at);
            if (read.message[at + octets - 1] == '\r') ++octets;
            writer.append(out, std::string_view(read.message).substr(at, octets));
            at += octets;
        }
        writer.finish(out);
        require(true_end(out) == out.size());
        Read again = read_by_pieces(out, 7, limits);
        again.consumed = read.consumed;
        require(again == read);
    }
}

void check_own_field(std::string_view value) {
    DataWriter writer;
    std::string out;
    writer.append_field(out, "X-Own", value);
    writer.finish(out);
    const Read read = read_by_pieces(out, 11, {});
    require(read.fault == DataFault::none && read.end == "2$" && read.body.empty());
    std::size_t fields = 0;
    for (std::size_t at = 0; at < read.fields.size(); at = read.fields.find('\n', at) + 1)
        fields += read.fields[at] != ' ' && read.fields[at] != '\t';
    require(fields == 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
    const DataLimits limits{data[0], data[1] < 128 ? data[1] + std::size_t{1} : 1u << 20,
                            (data[1] & 1) != 0 ? data[0] + std::size_t{2} : 1u << 20};
    const Read whole = read_by_pieces(bytes, std::max<std::size_t>(bytes.size(), 1), limits);
    for (const std::size_t piece : {1u, 2u, 3u, 17u}) require(read_by_pieces(bytes, piece, limits) == whole);
    const std::size_t end = true_end(bytes);
    require(whole.consumed == std::min(end, bytes.size()) && whole.end.ends_with('$') == (end != std::string_view::npos));
    require(limits.message_octets == 0 || whole.message.size() <= limits.message_octets);
    if (whole.fault == DataFault::none && end != std::string_view::npos) check_round_trip(whole, limits);
    if (whole.fault == DataFault::bad_octets) require(has_bare(bytes.substr(0, end)));
    check_own_field(bytes);
    return 0;
}
