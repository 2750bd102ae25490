#include "directory/file_source.h"

#include <utility>

#include "directory/tenants_file_source.h"

namespace exota::directory {

void FileSource::start(OnIndex on_index, OnTrouble on_trouble) {
    base::Result<LoadedFile> read = load_tenants_file(settings_.file, settings_.defaults);
    if (!read) {
        note_trouble();
        return on_trouble({std::move(read.error()), std::nullopt});
    }
    Content content{read->tenants.version, std::move(read->tenants.problems), read->stamp, read->fingerprint};
    if (!read->tenants.index) {
        note_trouble();
        return on_trouble({{base::Errc::invalid_data, "cannot be used"}, std::move(content)});
    }
    auto index = std::make_shared<const tenant::Index>(*std::move(read->tenants.index));
    {
        const std::lock_guard lock(mutex_);
        index_ = index;
        state_ = {SourceState::Is::loaded, now_()};
    }
    on_index({std::move(index), std::move(content)});
}

void FileSource::note_trouble() {
    const std::lock_guard lock(mutex_);
    if (index_) state_.is = SourceState::Is::stale;
}

void FileSource::find(const tenant::Keys&, OnFound on_found) {
    using Answer = tenant::Found<std::shared_ptr<const tenant::Index>>;
    std::shared_ptr<const tenant::Index> index;
    {
        const std::lock_guard lock(mutex_);
        index = index_;
    }
    on_found(index ? Answer(std::move(index)) : Answer(Answer::unknown));
}

SourceState FileSource::state() const {
    const std::lock_guard lock(mutex_);
    return state_;
}

std::unique_ptr<Source> make_source(SourceSettings settings) { return std::make_unique<FileSource>(std::move(settings)); }

}  // namespace exota::directory
