// A tenants file as a Source: start() reads it whole, and what it gave is served until a later start() gives something better.
//
// Who looks whether the file changed is the daemon (app/tenants_watch.h). Tested by file_source_test.cc.
#pragma once

#include <memory>
#include <mutex>

#include "directory/source.h"

namespace exota::directory {

class FileSource final : public Source {
public:
    using Now = Clock::time_point (*)();
    explicit FileSource(SourceSettings settings, Now now = &Clock::now) : settings_(std::move(settings)), now_(now) {}

    void start(OnIndex on_index, OnTrouble on_trouble) override;
    void find(const tenant::Keys& keys, OnFound on_found) override;
    SourceState state() const override;

private:
    void note_trouble();

    const SourceSettings settings_;
    const Now now_;
    mutable std::mutex mutex_;  // of the two below
    std::shared_ptr<const tenant::Index> index_;
    SourceState state_;
};

}  // namespace exota::directory
