// TLSA records: the first octet says how long the record is, behind it a chain of one certificate or two. Whatever parses reads back as it
// was written; what matches is a record that was given and says so of the very octets; no octets that are no certificate are an anchor.
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "authn/tlsa.h"
#include "property.h"

using namespace exota::authn;

namespace {
using exota::fuzz::require;
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::string rdata(rest.substr(0, data[0]));
    const std::string_view shown = rest.substr(rdata.size());
    const std::vector<std::string> chain{std::string(shown.substr(0, shown.size() / 2)), std::string(shown.substr(shown.size() / 2))};
    const std::chrono::sys_seconds now{std::chrono::seconds(1'800'000'000)};

    const auto record = TlsaRecord::parse(rdata);
    const std::vector<TlsaRecord> usable = usable_tlsa(std::vector{rdata, rdata});
    require(usable.size() == (record ? 2 : 0));
    if (!record) return 0;
    require(std::string{static_cast<char>(record->usage), static_cast<char>(record->selector), static_cast<char>(record->matching)} +
                record->data ==
            rdata);
    require(!record->data.empty() && record->text().size() == 5);
    const std::vector<TlsaRecord> one{*record};
    for (const auto& shown_chain :
         {chain, std::vector<std::string>{std::string(shown)}, std::vector<std::string>{record->data, record->data}}) {
        const TlsaMatch match = match_tlsa(one, shown_chain, now);
        require((match.by == TlsaMatch::By::none) == match.record.empty());
        require(match.needs_name() == (match.by == TlsaMatch::By::trust_anchor));
        if (match.by == TlsaMatch::By::none) continue;
        require(match.record == record->text());
        require((record->usage == TlsaUsage::end_entity) == (match.by == TlsaMatch::By::end_entity));
        if (record->matching == TlsaMatching::full && record->selector == TlsaSelector::certificate)
            require(std::ranges::find(shown_chain, record->data) != shown_chain.end());
    }
    return 0;
}
