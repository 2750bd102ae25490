// What Exchange Online Protection writes: its results (first octet even), and the antispam report. Properties: what was read, written again
// with every octet escaped, reads as the same; a method that is said once is there once; a field with an authserv-id is never read.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "evidence/eop.h"
#include "property.h"

namespace {

using namespace exota::evidence;

using exota::fuzz::require;

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) out.append({'\\', c});
    return out;
}

std::string write(const std::vector<EopStatement>& statements) {
    std::string out;
    for (const EopStatement& statement : statements) {
        if (!out.empty()) out += ";\r\n\tb.example;";
        out += statement.method + '=' + statement.result;
        for (const std::string& comment : statement.comments) out += " (" + escaped(comment) + ')';
        for (const EopPair& pair : statement.properties) out += ' ' + pair.name + "=\"" + escaped(pair.value) + '"';
    }
    return out;
}

void read_results(std::string_view text) {
    const auto results = parse_eop_results(text);
    if (!results) {
        require(!results.error().detail.empty());
        return;
    }
    require(text.size() <= max_eop_octets && results->size() <= max_eop_statements);
    require(!has_authserv_id(text));
    for (const std::string_view once : {"spf", "dmarc", "compauth"})
        require(std::ranges::count(*results, once, &EopStatement::method) <= 1);
    for (const EopStatement& statement : *results) {
        require(!statement.method.empty() && !statement.result.empty());
        for (const EopPair& pair : statement.properties) require(std::ranges::count(statement.properties, pair.name, &EopPair::name) == 1);
    }
    const EopReading reading = reading_of(Eop{.field = 1, .results = *results});
    require(reading.reason.empty() || reading.reason.size() == 3);
    if (const std::string written = write(*results); written.size() <= max_eop_octets) require(parse_eop_results(written) == results);
}

void read_report(std::string_view text) {
    const auto pairs = parse_antispam_report(text);
    if (!pairs) {
        require(!pairs.error().detail.empty());
        return;
    }
    require(text.size() <= max_eop_octets && pairs->size() <= max_eop_pairs);
    std::string written;
    for (const EopPair& pair : *pairs) {
        require(!pair.name.empty() && std::ranges::count(*pairs, pair.name, &EopPair::name) == 1);
        written += pair.name + ':' + pair.value + ';';
    }
    if (written.size() <= max_eop_octets) require(parse_antispam_report(written) == pairs);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
    if ((data[0] & 1) == 0)
        read_results(text);
    else
        read_report(text);
    return 0;
}
