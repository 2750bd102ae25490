#include "wire/smtp/data_writer.h"

#include "base/text.h"

namespace exota::smtp {

void DataWriter::append(std::string& out, std::string_view octets) {
    if (octets.empty()) return;
    if (line_start_ && octets.front() == '.') out += '.';
    line_start_ = octets.back() == '\n';
    for (std::size_t feed = octets.find("\n."); feed != std::string_view::npos; feed = octets.find("\n.")) {
        out.append(octets.substr(0, feed + 1)).append(".");
        octets.remove_prefix(feed + 1);  // the text's own dot begins what is left
    }
    out.append(octets);
}

void DataWriter::append_raw_field(std::string& out, std::string_view raw) {
    append(out, raw);
    append(out, "\r\n");
}

void DataWriter::append_field(std::string& out, std::string_view name, std::string_view value) {
    std::string field(name);
    field += ": ";
    for (std::size_t at = 0; at < value.size(); ++at) {
        const char c = value[at];
        if (c == '\r' && value.substr(at + 1).starts_with('\n')) continue;
        if (c == '\n') {
            field += "\r\n";
            if (at + 1 == value.size() || !base::is_wsp(value[at + 1])) field += ' ';
        } else {
            field += c == '\r' || c == '\0' ? '?' : c;
        }
    }
    append_raw_field(out, field);
}

void DataWriter::finish(std::string& out) {
    out += line_start_ ? ".\r\n" : "\r\n.\r\n";
    line_start_ = true;
}

}  // namespace exota::smtp
