// What asking for something gave. "It is not there" and "nobody could say" are two answers: the first may refuse a message, the second
// must not.
//
// Tested by found_test.cc.
#pragma once

#include <cassert>
#include <cstdint>
#include <optional>
#include <utility>

namespace exota::tenant {

template <class T>
class Found {
public:
    enum Is : std::uint8_t { yes, none, unknown };

    Found(T value) : value_(std::move(value)), is_(yes) {}  // NOLINT(google-explicit-constructor)
    /// Without a value: none or unknown.
    explicit Found(Is is) : is_(is) { assert(is != yes); }

    Is is() const noexcept { return is_; }
    bool is(Is wanted) const noexcept { return is_ == wanted; }

    /// Only of what is there.
    const T& operator*() const& noexcept { return *value_; }
    T&& operator*() && noexcept { return *std::move(value_); }
    const T* operator->() const noexcept { return &*value_; }

    friend bool operator==(const Found&, const Found&) = default;

private:
    std::optional<T> value_;
    Is is_;
};

}  // namespace exota::tenant
