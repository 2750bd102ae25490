// A tenants file of version 2 that is changed: under a lock, rewritten as a whole, with its mode and owner.
//
// The lock is flock(2) on the file itself, so a folder has no other files and a crash leaves nothing behind. Whoever waited looks again
// whether it is still the file of that name: the one before may have replaced it. An editor takes no lock; what it wrote meanwhile is
// noticed before the file is replaced, but for the moment between the two.
//
// Tested by tenants_file_store_test.cc.
#pragma once

#include <string>

#include "directory/file_stamp.h"
#include "directory/read_file.h"
#include "directory/replace_file.h"
#include "directory/tenants_store.h"
#include "net/descriptor.h"

namespace exota::directory {

class TenantsFileStore final : public TenantsStore {
public:
    /// @param path  may be a link: what it leads to is changed.
    explicit TenantsFileStore(std::string path) : path_(std::move(path)) {}

    base::Result<Opened> open(Access access) override;
    base::Result<void> change(const Change& change) override;
    const std::string& place() const noexcept override { return path_; }

private:
    base::Result<OpenedFile> opened_and_locked() const;

    const std::string path_;
    net::Descriptor file_;  // holds the lock
    FileStamp stamp_;
    FileAs like_;
};

}  // namespace exota::directory
