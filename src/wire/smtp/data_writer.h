// A message as it is sent behind DATA: dots doubled, the end written once.
//
// Whatever is appended, no line of it is the end of data, and no bare CR or LF gets out: text of our own that is folded with LF is written
// with CRLF, and nothing in a field's value can begin another field.
//
// Tested by data_writer_test.cc and fuzz/smtp_data_fuzz.cc.
#pragma once

#include <string>
#include <string_view>

namespace exota::smtp {

class DataWriter {
public:
    /// Octets as DataReader handed them on: lines end with CRLF, cut anywhere (but not between a CR and its LF).
    void append(std::string& out, std::string_view octets);
    /// A field as DataReader handed it on (Field::raw).
    void append_raw_field(std::string& out, std::string_view raw);
    /// A field of our own: "name: value". A line end in the value (CRLF or LF) becomes CRLF, with a blank behind it if no white space is
    /// there; a CR that ends nothing and NUL become '?'.
    void append_field(std::string& out, std::string_view name, std::string_view value);
    /// CRLF if the last line has none, then the end of data.
    void finish(std::string& out);

private:
    bool line_start_ = true;
};

}  // namespace exota::smtp
