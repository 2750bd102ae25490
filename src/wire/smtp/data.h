// The octets behind DATA (RFC 5321 section 4.1.1.4, 4.5.2): end of message, dots, header and body, and what makes a message one that must
// be refused at its end.
//
// The end is CRLF.CRLF and nothing else. A bare CR or LF, or a NUL, which another reader might take for (part of) an end, is noticed: the
// message is read to its true end and refused there, and nothing of it behind that place is handed on. So no two readers can differ on
// where it ended (SMTP smuggling).
//
// Nothing of the body is kept; of the header only a field that came in pieces. What is handed on are views into the input or this reader.
//
// Tested by data_test.cc, data_smuggling_test.cc and fuzz/smtp_data_fuzz.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "wire/smtp/reply.h"

namespace exota::smtp {

inline constexpr std::size_t usual_text_line_octets = 998;  // RFC 5322 section 2.1.1; longer lines are counted and taken

struct DataLimits {
    std::uint64_t message_octets = 0;         // SIZE (RFC 1870: with CRLFs, without the dots that are for transparency); 0: none
    std::size_t line_octets = 1024 * 1024;    // of a text line without its CRLF
    std::size_t header_octets = 1024 * 1024;  // all fields with their CRLFs
};

/// Why the message is to be refused at its end.
enum class DataFault : std::uint8_t { none, bad_octets, line_too_long, message_too_big, header_too_big };
/// The reply to a message with that fault, which is not none.
FixedReply reply_to(DataFault fault) noexcept;

struct Field {
    std::string_view raw;         // with its folding, without its last CRLF
    std::size_t name_octets = 0;  // up to the colon, blanks before it included
    std::string_view name() const noexcept { return raw.substr(0, name_octets); }
    std::string_view value() const noexcept { return raw.substr(name_octets + 1); }  // behind the colon, blanks included
};
struct EndOfHeader {
    /// What ended it. A line that is neither a field nor a continuation is the first of the body, as Postfix has it: whoever passes the
    /// message on must put an empty line before it, so that all readers agree.
    enum class By : std::uint8_t { empty_line, no_field, end_of_message };
    By by = By::empty_line;
};
struct BodyOctets {
    std::string_view octets;  // never empty, dots taken out; cut anywhere
};
struct EndOfData {};
using DataEvent = std::variant<Field, EndOfHeader, BodyOctets, EndOfData>;

/// A message's first line of this kind is that of an mbox and no field, whatever comes behind it, a colon, too: ">"s and "From ". Postfix
/// takes it out of the way, and with it the only author that "From : a@b" named; "From: a@b" is none.
bool is_mbox_line(std::string_view line) noexcept;

class DataReader {
public:
    explicit DataReader(const DataLimits& limits) noexcept : limits_(limits) {}

    /// Takes octets off the front of `bytes`, up to the next event: fields, EndOfHeader, body, EndOfData, in that order. To be called until
    /// it answers nullopt before `bytes` is given away. A message with a fault has no further events but EndOfData.
    /// @return  the event, whose views are valid until the next call; nullopt: `bytes` is used up, or the data have ended.
    std::optional<DataEvent> next(std::string_view& bytes);

    DataFault fault() const noexcept { return fault_; }
    bool ended() const noexcept { return part_ == Part::over; }
    std::uint64_t octets() const noexcept { return octets_; }          // of the message up to here, as SIZE counts
    std::uint64_t long_lines() const noexcept { return long_lines_; }  // text lines of more than 998 octets
    bool eight_bit() const noexcept { return eight_bit_; }             // an octet above 127 was handed on
    std::size_t kept_octets() const noexcept { return kept_.size(); }  // memory that the header takes now

private:
    enum class Line : std::uint8_t { start, dot, dot_cr, text, text_cr };
    enum class Part : std::uint8_t { header, first_body_line, body, ending, over };
    enum class Cut : std::uint8_t { nowhere, line_end, end_of_data };
    struct Piece {
        std::string_view octets;
        Cut cut = Cut::nowhere;
    };

    Piece scan(std::string_view& bytes, bool one_line);
    std::size_t room(std::size_t octets, bool line_end) noexcept;
    void line_ended() noexcept;
    std::optional<char> first_of_line(std::string_view& bytes) noexcept;
    std::optional<DataEvent> next_of_header(std::string_view& bytes);
    void gather(std::string_view octets);
    std::string_view gathered() const noexcept { return kept_.empty() ? field_ : std::string_view(kept_); }
    void keep_gathered();
    Field take_field();
    EndOfHeader end_header(EndOfHeader::By by, Part next) noexcept;
    std::string_view seen(std::string_view octets) noexcept;

    DataLimits limits_;
    Line line_ = Line::start;
    Part part_ = Part::header;
    DataFault fault_ = DataFault::none;
    bool eight_bit_ = false;
    bool whole_lines_ = false;  // gathered() ends with the end of a line
    bool forget_ = false;       // gathered() was handed on
    std::uint64_t octets_ = 0, long_lines_ = 0;
    std::size_t line_octets_ = 0, header_octets_ = 0;
    std::size_t name_octets_ = 0;  // of the field that gathered() is, which the next line may continue; 0: its first line is not whole
    std::string_view field_;       // views into the input of the current call
    std::string kept_;
};

}  // namespace exota::smtp
