// The last good state of a source that is not a file, kept over restarts: a node starts and judges while its server is away.
//
//   exota tenants snapshot 1\n
//   {"kind":"postgresql","base":"host=db dbname=exota","schema":"1","confirmed":1764392400,"tenants":2,"octets":123,"checksum":"…"}\n
//   "contoso":{…}\n
//   "fabrikam":{…}\n
//
// It says where its tenants came from, and another source's is not used: the state of a test database would refuse everybody's mail. The
// checksum tells a file that was cut or damaged from a whole one; it is no signature. Who may write the file may as well write what he
// likes (it is made with mode 0600, replaced as a whole).
//
// Tested by snapshot_file_test.cc and fuzz/snapshot_fuzz.cc.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace exota::directory {

/// More is not read.
inline constexpr std::size_t max_snapshot_octets = std::size_t{2} * 1024 * 1024 * 1024;

/// Which source it is the state of.
struct SnapshotOrigin {
    std::string kind;    // "postgresql", "ldap"
    std::string base;    // which database or tree; without secrets
    std::string schema;  // the version or form of what is kept there
    friend bool operator==(const SnapshotOrigin&, const SnapshotOrigin&) = default;
};

struct StoredSnapshot {
    std::chrono::sys_seconds confirmed;  // when the source last said so
    std::string lines;                   // one tenant a line (TenantRows::served_lines); empty, or with a line break at its end
    friend bool operator==(const StoredSnapshot&, const StoredSnapshot&) = default;
};

std::string snapshot_text(const SnapshotOrigin& origin, const StoredSnapshot& snapshot);

/// @param origin  of the source that wants it.
/// @return        invalid_data: not of this form or version, another source's, cut short or altered. In a sentence.
base::Result<StoredSnapshot> read_snapshot(std::string_view text, const SnapshotOrigin& origin);

/// Blocks.
/// @return  not_found: no such file; io; too_long; invalid_data as above. The detail begins with the path.
base::Result<StoredSnapshot> load_snapshot(const std::string& path, const SnapshotOrigin& origin);
/// @return  io.
base::Result<void> save_snapshot(const std::string& path, const SnapshotOrigin& origin, const StoredSnapshot& snapshot);

}  // namespace exota::directory
