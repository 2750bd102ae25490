#include "directory/source_status.h"

#include <array>
#include <utility>

namespace exota::directory {

void SourceStatus::confirmed() {
    const std::lock_guard lock(mutex_);
    confirmed_ = now_();
    in_trouble_ = false;
    why_.clear();
}

void SourceStatus::had(Clock::duration age) {
    const std::lock_guard lock(mutex_);
    if (!confirmed_) confirmed_ = now_() - age;
}

void SourceStatus::trouble(std::string why) {
    const std::lock_guard lock(mutex_);
    in_trouble_ = true;
    why_ = std::move(why);
}

SourceState SourceStatus::state() const {
    const std::lock_guard lock(mutex_);
    if (!confirmed_) return {};
    if (!in_trouble_) return {SourceState::Is::loaded, confirmed_};
    const bool too_old = now_() - *confirmed_ >= max_stale_;
    return {too_old ? SourceState::Is::failed : SourceState::Is::stale, confirmed_};
}

std::string SourceStatus::why() const {
    const std::lock_guard lock(mutex_);
    return why_;
}

std::string_view name_of(SourceState::Is is) noexcept {
    static constexpr std::array<std::string_view, 3> names{"loaded", "stale", "failed"};
    return names[static_cast<std::size_t>(is)];
}

SourceState worse(const SourceState& a, const SourceState& b) noexcept {
    if (a.is != b.is) return a.is > b.is ? a : b;
    if (!a.confirmed || !b.confirmed) return a.confirmed ? b : a;
    return *a.confirmed <= *b.confirmed ? a : b;
}

}  // namespace exota::directory
