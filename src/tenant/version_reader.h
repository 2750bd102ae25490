// What the readers of version 1 and version 2 share: they are fed the events of the whole document and fill an IndexBuilder.
// Internal to this folder.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tenant/index_builder.h"
#include "tenant/json_events.h"
#include "tenant/problems.h"
#include "tenant/tenants_file.h"

namespace exota::tenant {

/// Longer names of tenants are refused: they stand in every log line.
inline constexpr std::size_t max_tenant_name_octets = 128;
/// In one list of a tenant.
inline constexpr std::size_t max_connector_clients = 1024;
inline constexpr std::size_t max_limits = 16;

struct ReadingContext {
    const Defaults& defaults;
    Problems& problems;
    IndexBuilder& builder;
    const JsonEvents& events;
    const TextPlace& told_again;  // of an earlier event that is being told again; no line: none is

    /// Of the event that is being told.
    TextPlace place() const noexcept { return told_again.line > 0 ? told_again : events.place(); }
};

/// A canonical name, kept in place until it is added.
class KeptName {
public:
    KeptName() noexcept = default;
    /// @param name  at most NameArena::max_name_octets.
    KeptName& operator=(std::string_view name) noexcept {
        octets_ = static_cast<std::uint8_t>(name.copy(text_.data(), text_.size()));
        return *this;
    }
    void clear() noexcept { octets_ = 0; }
    std::string_view view() const noexcept { return {text_.data(), octets_}; }

private:
    std::uint8_t octets_ = 0;
    std::array<char, NameArena::max_name_octets> text_;
};

class VersionReader : public JsonSink {
public:
    virtual ~VersionReader() = default;
    /// After the last event. What can only be said of the whole is said only if the document was well-formed.
    virtual void finish(bool well_formed) = 0;

protected:
    VersionReader() = default;
    VersionReader(const VersionReader&) = delete;
    VersionReader& operator=(const VersionReader&) = delete;
};

}  // namespace exota::tenant
