// Authentication-Results. Properties: a field that was read, written again by our own encoder, reads as the same results; comments in
// front change nothing; the peeked id is the id that was read.
#include <cstdint>
#include <string>

#include "authn/authres.h"
#include "property.h"

namespace {

using namespace exota::authn;

using exota::fuzz::require;

/// What encode_pvalue keeps of a value.
std::string printable(std::string value) {
    for (char& c : value)
        if (c < ' ' || c > '~') c = '?';
    return value;
}

std::string write(const AuthenticationResults& field) {
    std::string out = encode_pvalue(field.authserv_id);
    if (!field.version.empty()) out += ' ' + field.version;
    if (field.results.empty()) out += "; none";
    for (const ResInfo& result : field.results) {
        out += "; " + result.method;
        if (!result.method_version.empty()) out += '/' + result.method_version;
        out += '=' + result.result;
        if (!result.reason.empty()) out += " reason=" + encode_pvalue(result.reason);
        for (const Property& p : result.properties) out += ' ' + p.ptype + '.' + p.property + '=' + encode_pvalue(p.pvalue);
    }
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    std::string scratch;
    const std::string_view id = peek_authserv_id(text, scratch);
    auto field = parse_authentication_results(text);
    if (!field) {
        require(!field.error().detail.empty());
        return 0;
    }
    require(id == field->authserv_id);
    require(field->results.size() <= max_authres_results);
    if (size + 16 < max_authres_octets) require(parse_authentication_results("(x; dkim=pass) " + std::string(text)) == field);
    AuthenticationResults want = *field;
    want.authserv_id = printable(want.authserv_id);
    for (ResInfo& result : want.results) {
        result.reason = printable(result.reason);
        for (Property& p : result.properties) p.pvalue = printable(p.pvalue);
    }
    const std::string written = write(*field);
    if (written.size() <= max_authres_octets) require(parse_authentication_results(written) == want);
    return 0;
}
