// The snapshot file: whatever is taken is, written again, the same octets; and nobody's snapshot is taken for another source's.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "directory/snapshot_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace exota;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const directory::SnapshotOrigin ours{"postgresql", "host=db dbname=exota", "1"}, other{"postgresql", "host=db dbname=test", "1"};
    const auto read = directory::read_snapshot(text, ours);
    if (read && directory::snapshot_text(ours, *read) != text) std::abort();
    if (read && directory::read_snapshot(text, other)) std::abort();
    // As lines of a snapshot they come back, whatever they are.
    std::string lines(text);
    if (!lines.empty()) lines += '\n';
    const directory::StoredSnapshot stored{std::chrono::sys_seconds(std::chrono::seconds(size)), lines};
    const auto again = directory::read_snapshot(directory::snapshot_text(ours, stored), ours);
    if (!again || *again != stored) std::abort();
    return 0;
}
