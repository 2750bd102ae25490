// What the readers of version 1 and version 2 share: they are fed the events of the whole document and fill an IndexBuilder.
// Internal to this folder.
#pragma once

#include "tenant/index_builder.h"
#include "tenant/json_events.h"
#include "tenant/problems.h"
#include "tenant/tenants_file.h"

namespace exota::tenant {

struct ReadingContext {
    const Defaults& defaults;
    Problems& problems;
    IndexBuilder& builder;
    const JsonEvents& events;
    const TextPlace& told_again;  // of an earlier event that is being told again; no line: none is

    /// Of the event that is being told.
    TextPlace place() const noexcept { return told_again.line > 0 ? told_again : events.place(); }
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
