#include "config/endpoints.h"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <filesystem>
#include <set>
#include <utility>

#include "base/text.h"

namespace exota::config {
namespace {

namespace json = boost::json;

std::string_view view(const json::string& text) { return {text.data(), text.size()}; }

/// "25", "25,587" or "80, 443": whether port 25 is among them. A number counts too.
bool has_port_25(const json::value* ports) {
    if (!ports) return false;
    if (const auto* number = ports->if_int64()) return *number == 25;
    const auto* text = ports->if_string();
    if (!text) return false;
    for (std::string_view rest = view(*text); !rest.empty();) {
        const std::string_view word = base::trim(base::take_until(rest, ','));
        unsigned port = 0;
        const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), port);
        if (error == std::errc{} && end == word.data() + word.size() && port == 25) return true;
    }
    return false;
}

bool is_exchange(const json::value* area) {
    const auto* text = area ? area->if_string() : nullptr;
    return text && base::iequals(view(*text), "Exchange");
}

std::string record_name(const json::object& record, std::size_t position) {
    if (const auto* id = record.if_contains("id"); id && id->if_int64()) return "record with id " + std::to_string(*id->if_int64());
    return "record " + std::to_string(position + 1);
}

}  // namespace

base::Result<EndpointList> parse_endpoints(std::string_view text) {
    if (text.size() > max_endpoint_octets)
        return base::fail(base::Errc::too_long, "endpoint list of more than " + std::to_string(max_endpoint_octets) + " octets");
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // PowerShell writes a byte order mark
    json::error_code error;
    const json::value parsed = json::parse(json::string_view(text.data(), text.size()), error);
    if (error) return base::fail(base::Errc::invalid_data, "endpoint list is no JSON: " + error.message());
    const auto* records = parsed.if_array();
    if (!records) return base::fail(base::Errc::invalid_data, "endpoint list is no JSON array of records");

    EndpointList list;
    std::set<std::pair<base::IpAddress, int>> seen;
    for (std::size_t i = 0; i < records->size(); ++i) {
        const auto* record = (*records)[i].if_object();
        if (!record) return base::fail(base::Errc::invalid_data, "record " + std::to_string(i + 1) + " of the endpoint list is no object");
        if (!is_exchange(record->if_contains("serviceArea")) || !has_port_25(record->if_contains("tcpPorts"))) continue;
        const auto* ips = record->if_contains("ips");
        if (!ips) continue;
        const auto* addresses = ips->if_array();
        if (!addresses) return base::fail(base::Errc::invalid_data, record_name(*record, i) + ": \"ips\" is no list");
        for (const json::value& address : *addresses) {
            const auto* written = address.if_string();
            if (!written) return base::fail(base::Errc::invalid_data, record_name(*record, i) + ": an element of \"ips\" is no string");
            const auto prefix = base::IpPrefix::parse(view(*written));
            if (!prefix) return base::fail(base::Errc::invalid_data, record_name(*record, i) + ": " + prefix.error().detail);
            if (!seen.emplace(prefix->network(), prefix->bits()).second) continue;
            if (list.prefixes.size() == max_endpoint_prefixes)
                return base::fail(base::Errc::too_long,
                                  "endpoint list of more than " + std::to_string(max_endpoint_prefixes) + " prefixes");
            list.prefixes.push_back(*prefix);
        }
        ++list.records;
    }
    if (list.prefixes.empty())
        return base::fail(base::Errc::invalid_data,
                          "endpoint list shrank to nothing: no record of service area Exchange with TCP port 25 has addresses");
    return list;
}

base::Result<std::string> parse_endpoint_version(std::string_view text, std::string_view instance) {
    if (text.size() > max_endpoint_version_octets)
        return base::fail(base::Errc::too_long, "version document of more than " + std::to_string(max_endpoint_version_octets) + " octets");
    json::error_code error;
    const json::value parsed = json::parse(json::string_view(text.data(), text.size()), error);
    if (error) return base::fail(base::Errc::invalid_data, "version document is no JSON: " + error.message());
    const auto* document = parsed.if_object();
    const auto text_of = [&](json::string_view key) -> std::string_view {
        const json::value* member = document ? document->if_contains(key) : nullptr;
        const json::string* value = member ? member->if_string() : nullptr;
        return value ? view(*value) : std::string_view();
    };
    const std::string_view latest = text_of("latest");
    if (latest.empty() || latest.size() > max_version_digits || !std::ranges::all_of(latest, base::is_digit))
        return base::fail(base::Errc::invalid_data, "version document has no version in \"latest\"");
    if (!base::iequals(text_of("instance"), instance))
        return base::fail(base::Errc::invalid_data, "version document is not of the instance " + std::string(instance));
    return std::string(latest);
}

std::optional<std::string> endpoint_age_warning(const std::string& path, std::chrono::system_clock::time_point now,
                                                std::chrono::system_clock::time_point confirmed) {
    std::error_code error;
    const auto written = std::filesystem::last_write_time(path, error);
    if (error) return "age unknown: " + error.message();
    const std::chrono::system_clock::time_point modified =
        std::chrono::time_point_cast<std::chrono::system_clock::duration>(std::chrono::file_clock::to_sys(written));
    // What lies ahead was written by a clock that was wrong, and says nothing.
    const auto youngest = std::max(modified <= now ? modified : std::chrono::system_clock::time_point{},
                                   confirmed <= now ? confirmed : std::chrono::system_clock::time_point{});
    if (youngest == std::chrono::system_clock::time_point{}) return "age unknown: its time lies ahead";
    const auto age = std::chrono::floor<std::chrono::days>(now - youngest);
    if (age < endpoint_list_is_old) return std::nullopt;
    return "is " + std::to_string(age.count()) + " days old; Microsoft announces changes 30 days ahead: exota endpoints update";
}

}  // namespace exota::config
