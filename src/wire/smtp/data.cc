// How it is read: scan() takes transparency, limits and faults out of the octets and hands on pieces of plain text; next() makes events of
// them. A piece of the body may have many lines, one of the header has at most one.
//
// What is decided at which octet does not depend on how the input was cut: a CR counts only with the LF behind it, and a limit or a fault
// takes effect at its octet, whatever was read in one go.
#include "wire/smtp/data.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "base/octets.h"
#include "base/sixteen.h"
#include "base/text.h"

namespace exota::smtp {
namespace {

constexpr std::string_view crlf = "\r\n";

/// A view of what lies between two views into one text.
std::string_view between(const char* from, const char* to) noexcept { return {from, static_cast<std::size_t>(to - from)}; }

bool any_eight_bit(std::string_view octets) noexcept {
    constexpr std::uint64_t high = 0x8080808080808080;
    std::uint64_t seen = 0;
    for (; octets.size() >= sizeof seen; octets.remove_prefix(sizeof seen)) seen |= base::first_octets(octets);
    for (const char c : octets) seen |= static_cast<unsigned char>(c);
    return (seen & high) != 0;
}

/// field-name of RFC 5322 section 2.2 and 4.5 (blanks before the colon): its octets with those blanks, or 0 if the line is no field.
std::size_t name_of_field(std::string_view line) noexcept {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return 0;
    const std::string_view name = line.substr(0, std::min(line.find_first_of(" \t"), colon));
    if (name.empty() || !std::ranges::all_of(name, [](char c) { return c > ' ' && c <= '~'; })) return 0;
    return std::ranges::all_of(line.substr(name.size(), colon - name.size()), base::is_wsp) ? colon : 0;
}

}  // namespace

bool is_mbox_line(std::string_view line) noexcept {
    line.remove_prefix(std::min(line.find_first_not_of('>'), line.size()));
    return line.starts_with("From ");
}

FixedReply reply_to(DataFault fault) noexcept {
    switch (fault) {
        case DataFault::none:
            break;
        case DataFault::bad_octets:
            return reply::bad_line_ends;
        case DataFault::line_too_long:
            return reply::text_line_too_long;
        case DataFault::message_too_big:
            return reply::message_too_big;
        case DataFault::header_too_big:
            return reply::header_too_big;
    }
    assert(fault != DataFault::none);
    return reply::far_side_failed;
}

/// Counts octets of a line, or the CRLF at its end, and sets the fault if a limit is passed.
/// @return  how many of them come before the limit; of a CRLF all or none.
std::size_t DataReader::room(std::size_t octets, bool line_end) noexcept {
    if (fault_ != DataFault::none) return 0;
    std::size_t fit = octets;
    const auto limit = [&](std::uint64_t left, DataFault fault) {
        if (left >= fit) return;
        fit = static_cast<std::size_t>(left);
        fault_ = fault;
    };
    if (limits_.message_octets != 0) limit(limits_.message_octets - octets_, DataFault::message_too_big);
    if (part_ == Part::header) limit(limits_.header_octets - header_octets_, DataFault::header_too_big);
    if (!line_end) limit(limits_.line_octets - line_octets_, DataFault::line_too_long);
    if (line_end && fault_ != DataFault::none) fit = 0;
    octets_ += fit;
    if (part_ == Part::header) header_octets_ += fit;
    if (!line_end) line_octets_ += fit;
    return fit;
}

void DataReader::line_ended() noexcept {
    if (line_octets_ > usual_text_line_octets) ++long_lines_;
    line_octets_ = 0;
    line_ = Line::start;
}

/// Takes a run of plain text off the front of `bytes`: up to the end of data, a dot that is none of the text, a fault, or the end of input;
/// with `one_line` also up to the end of a line. Behind a fault it only looks for the end of data.
DataReader::Piece DataReader::scan(std::string_view& bytes, bool one_line) {
    const char* const end = bytes.data() + bytes.size();
    const char* at = bytes.data();
    const char* from = at;
    const auto cut = [&](const char* to, Cut where) {
        bytes = between(at, end);
        return Piece{between(from, to), where};
    };
    const bool faulty = fault_ != DataFault::none;
    while (at != end) {
        switch (line_) {
            case Line::start:
                if (*at != '.') {
                    line_ = Line::text;
                    continue;
                }
                if (!faulty && at != from) return cut(at, Cut::nowhere);  // without the dot, which the next call sees
                from = ++at;
                line_ = Line::dot;
                continue;
            case Line::dot:
                if (*at == '\r') {
                    from = ++at;
                    line_ = Line::dot_cr;
                    continue;
                }
                line_ = Line::text;
                continue;
            case Line::dot_cr:
            case Line::text_cr: {
                const bool dot = line_ == Line::dot_cr;
                if (*at != '\n') {
                    line_ = Line::text;
                    if (faulty) continue;
                    fault_ = DataFault::bad_octets;
                    return cut(from = at, Cut::nowhere);
                }
                ++at;
                from = at;
                if (dot) return cut(at, Cut::end_of_data);
                if (!faulty && room(crlf.size(), true) == 0) {
                    line_ended();
                    return cut(at, Cut::nowhere);
                }
                line_ended();
                if (faulty) continue;
                bytes = between(at, end);
                return {crlf, Cut::line_end};
            }
            case Line::text:
                break;
        }
        const char* const found = base::find_octet(at, end, [](auto octet) { return (octet == '\r') | (octet == '\n') | (octet == '\0'); });
        if (!faulty) {
            const auto run = static_cast<std::size_t>(found - at);
            if (const std::size_t fit = room(run, false); fit < run) {
                const char* const to = at + fit;
                at = found;
                return cut(to, Cut::nowhere);
            }
        }
        at = found;
        if (found == end) break;
        if (*found == '\r' && found + 1 == end) {
            at = end;
            line_ = Line::text_cr;
            return cut(faulty ? from : found, Cut::nowhere);
        }
        if (*found == '\r' && found[1] == '\n') {
            at = found + crlf.size();
            const bool fits = faulty || room(crlf.size(), true) != 0;
            line_ended();
            if (!fits) return cut(found, Cut::nowhere);
            if (one_line && !faulty) return cut(at, Cut::line_end);
            continue;
        }
        ++at;
        if (faulty) continue;
        fault_ = DataFault::bad_octets;
        return cut(found, Cut::nowhere);
    }
    return cut(at, Cut::nowhere);
}

/// The first octet of the text of the line that begins, '\r' if there is none; nullopt: that is not known yet. May take a dot off `bytes`.
std::optional<char> DataReader::first_of_line(std::string_view& bytes) noexcept {
    if (line_ == Line::start && bytes.starts_with('.')) {
        bytes.remove_prefix(1);
        line_ = Line::dot;
    }
    if (line_ == Line::dot_cr) return '\r';
    if (bytes.empty()) return std::nullopt;
    return bytes.front();
}

void DataReader::gather(std::string_view octets) {
    if (octets.empty()) return;
    if (kept_.empty() && (field_.empty() || field_.data() + field_.size() == octets.data())) {
        field_ = {field_.empty() ? octets.data() : field_.data(), field_.size() + octets.size()};
        return;
    }
    keep_gathered();
    kept_.append(octets);
}

void DataReader::keep_gathered() {
    kept_.append(field_);
    field_ = {};
}

std::string_view DataReader::seen(std::string_view octets) noexcept {
    if (!eight_bit_) eight_bit_ = any_eight_bit(octets);
    return octets;
}

Field DataReader::take_field() {
    const std::string_view raw = seen(gathered());
    const Field field{raw.substr(0, raw.size() - crlf.size()), name_octets_};
    name_octets_ = 0;
    forget_ = true;
    return field;
}

EndOfHeader DataReader::end_header(EndOfHeader::By by, Part next) noexcept {
    part_ = next;
    return {by};
}

std::optional<DataEvent> DataReader::next_of_header(std::string_view& bytes) {
    while (!bytes.empty()) {
        if (name_octets_ != 0 && whole_lines_) {
            const auto first = first_of_line(bytes);
            if (!first) break;
            if (!base::is_wsp(*first)) return take_field();
        }
        const Piece piece = scan(bytes, true);
        if (piece.cut == Cut::end_of_data) return end_header(EndOfHeader::By::end_of_message, Part::ending);
        gather(piece.octets);
        if (fault_ != DataFault::none) return std::nullopt;
        if (!piece.octets.empty()) whole_lines_ = piece.cut == Cut::line_end;
        if (piece.cut != Cut::line_end || name_octets_ != 0) continue;
        if (gathered() == crlf) {
            forget_ = true;
            return end_header(EndOfHeader::By::empty_line, Part::body);
        }
        const bool is_first = header_octets_ == gathered().size();
        name_octets_ = is_first && is_mbox_line(gathered()) ? 0 : name_of_field(gathered());
        if (name_octets_ == 0) {
            keep_gathered();
            return end_header(EndOfHeader::By::no_field, Part::first_body_line);
        }
    }
    keep_gathered();
    return std::nullopt;
}

std::optional<DataEvent> DataReader::next(std::string_view& bytes) {
    if (forget_) {
        forget_ = false;
        field_ = {};
        kept_.clear();
    }
    if (part_ == Part::over) return std::nullopt;
    if (fault_ == DataFault::none) {
        if (part_ == Part::header) {
            if (auto event = next_of_header(bytes)) return event;
            if (fault_ == DataFault::none) return std::nullopt;
        }
        if (part_ == Part::first_body_line) {
            part_ = Part::body;
            forget_ = true;
            return BodyOctets{seen(kept_)};
        }
    }
    if (fault_ != DataFault::none && !kept_.empty()) std::string().swap(kept_);
    while (part_ != Part::ending && !bytes.empty()) {
        const bool before_fault = fault_ == DataFault::none;
        const Piece piece = scan(bytes, false);
        if (piece.cut == Cut::end_of_data) part_ = Part::ending;
        if (before_fault && part_ != Part::ending && !piece.octets.empty()) return BodyOctets{seen(piece.octets)};
    }
    if (part_ != Part::ending) return std::nullopt;
    part_ = Part::over;
    return EndOfData{};
}

}  // namespace exota::smtp
