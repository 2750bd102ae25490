// The file of candidates: what is read is written back octet by octet; one more message of anybody keeps all limits, and reads back; a
// narrower limit keeps a part, with the same contents.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "tenant/candidates.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace exota::tenant;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const auto read = Candidates::read(text);
    if (!read) {
        if (read.error().detail.empty()) std::abort();
        return 0;
    }
    if (read->text() != text) std::abort();

    const auto narrow = Candidates::read(text, {.most = 2, .of_one_group = 1});
    if (!narrow || narrow->size() > 2 || (read->size() <= 2 && *narrow != *read)) std::abort();
    for (const Candidate* kept : narrow->by_messages())
        if (const Candidate* before = read->find(kept->domain); before == nullptr || *before != *kept) std::abort();

    for (Candidates more : {*read, *narrow}) {
        const std::size_t before = more.size();
        Sighting sighting{.author_domain = "contoso.test",
                          .organizational_domain = "contoso.test",
                          .tenant_id = exota::mail::TenantId::parse("1234abcd-18c5-45e8-88de-123456789abc").value(),
                          .organizations = {"contoso.test"},
                          .sdids = {"contoso.test"}};
        const bool was_known = more.find("contoso.test") != nullptr;
        const auto noted = more.note(sighting, std::chrono::sys_seconds(std::chrono::seconds(1)));
        if (noted.is_new == was_known || noted.candidate.domain != "contoso.test") std::abort();
        if (more.size() != before + (noted.is_new ? 1 : 0) - (noted.displaced ? 1 : 0)) std::abort();
        const auto again = Candidates::read(more.text());
        if (!again || *again != more) std::abort();
    }
    return 0;
}
