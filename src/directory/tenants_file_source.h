// Tenants from a file: read in pieces, and guarded against a file that lost most of its tenants by mistake.
//
// These functions block and may take a second for a million domains: they are for a thread of their own, never for a loop. Nothing is
// shared between calls.
//
// The shrink rule: a reload that would lose more than a fifth of the domains in use is refused, until the operator has looked at this
// very content and said so (`exota check --accept-shrink`). That leaves a record beside the tenants file, FILE.accept-shrink, with the
// SHA-256 of the content that was accepted: no other content is accepted by it, and it need not be removed. The daemon only reads it.
//
// Tested by tenants_file_source_test.cc.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "base/result.h"
#include "directory/file_stamp.h"
#include "tenant/tenants_file.h"

namespace exota::directory {

/// Octets read at once.
inline constexpr std::size_t read_octets = std::size_t{256} * 1024;

struct LoadedFile {
    tenant::LoadedTenants tenants;
    FileStamp stamp;
};

/// @return  not_found or io where the file cannot be read (it must be a regular file), unavailable where it changed while it was read
///          (try again when it has settled). Problems with its content are in LoadedFile::tenants.
base::Result<LoadedFile> load_tenants_file(const std::string& path, tenant::Defaults defaults);

/// What a look at the tenants file and its acceptance shows; whatever cannot be seen is absent.
Watched look_at(const std::string& path);

/// True if more than a fifth of `before` is lost: 10 may become 8, not 7.
constexpr bool shrinks_too_far(std::size_t before, std::size_t after) noexcept { return after < before && before - after > before / 5; }

/// Whether a reload of `path`, which holds `domains` now, may replace an index of `domains_in_use`.
/// @return  nothing if it may; else why not, and what to do.
std::optional<std::string> refusal_of_shrink(const std::string& path, std::size_t domains_in_use, std::size_t domains);

/// "FILE.accept-shrink".
std::string acceptance_path(const std::string& path);
/// Writes the acceptance of the present content of `path`, replacing an earlier one whole.
base::Result<void> accept_shrink(const std::string& path);

/// The number of domains that the running daemon has loaded, for `exota check`, which has no index to compare with. The daemon writes it
/// after each load to a file of its own (in its runtime directory) and check reads it.
base::Result<void> write_domains_in_use(const std::string& record, std::size_t domains);
base::Result<std::size_t> read_domains_in_use(const std::string& record);

}  // namespace exota::directory
