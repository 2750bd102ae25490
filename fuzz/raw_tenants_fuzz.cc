// Tenants that are not checked, as a text of them or as one row of a server:
//   1. What is taken and written again reads back as it was, whole and tenant by tenant, each of which is one line.
//   2. What a load takes of version 2 is taken here.
//   3. A row that is taken is what a file with that tenant alone has.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "property.h"
#include "tenant/raw_tenants.h"
#include "tenant/tenants_file.h"

namespace {

using namespace exota;

using exota::fuzz::require;

std::string file_of(const std::string& member) { return R"({"version": 2, "tenants": {)" + member + "}}"; }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto read = tenant::RawTenants::read(text);
    const tenant::LoadedTenants loaded = tenant::read_tenants(text, {});
    if (loaded.index && loaded.version == 2) require(read.has_value());
    if (read) {
        const auto again = tenant::RawTenants::read(read->text());
        require(again && again->all() == read->all() && tenant::difference(*read, *again).empty());
        for (const tenant::RawTenant& one : read->all()) {
            const std::string line = tenant::one_line(one);
            require(std::ranges::none_of(line, [](char c) { return c == '\n' || c == '\r'; }));
            const auto alone = tenant::RawTenants::read(file_of(line));
            require(alone && alone->all().size() == 1 && alone->all().front() == one);
        }
    }
    const auto row = tenant::read_raw_tenant("a", text);
    const auto as_file = tenant::RawTenants::read(file_of("\"a\": " + std::string(text)));
    if (row) require(as_file && as_file->find("a") && *as_file->find("a") == *row);
    return 0;
}
