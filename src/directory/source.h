// Where tenants are kept, whatever the kind: this folder alone knows which one runs (make_source).
//
//                start()                          find(keys)
//   snapshot     reads all tenants: one index     that index, at once
//   look-up      connects                         asks for exactly these keys; a small index of the answers, later
//
// A snapshot source (a file) gives one immutable Index of all tenants, which whoever judges may as well keep and ask by himself. A look-up
// source is asked for the keys of each message.
//
// Tested by file_source_test.cc.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "directory/file_stamp.h"
#include "directory/shrink_guard.h"
#include "tenant/found.h"
#include "tenant/index.h"
#include "tenant/keys.h"
#include "tenant/tenants_file.h"

namespace exota::directory {

using Clock = std::chrono::steady_clock;

/// What was read, good or not.
struct Content {
    int version = 0;                        // of a file; 0: not known, or no file
    std::vector<tenant::Problem> problems;  // warnings where there is an index, any otherwise
    std::optional<FileStamp> stamp;         // of a file
    Fingerprint fingerprint;
};

struct Arrived {
    std::shared_ptr<const tenant::Index> index;  // never null
    Content content;
};

struct Trouble {
    /// not_found: no such file; unavailable: trying again soon may help, though nobody changes anything; invalid_data: see the content's
    /// problems; io and others: what it says.
    base::Error error;
    std::optional<Content> content;  // none: nothing could be read
};

struct SourceState {
    enum class Is : std::uint8_t {
        loaded,  // what it serves is what there is, as far as it knows
        stale,   // it serves what it had
        failed,  // it has nothing to serve yet
    } is = Is::failed;
    std::optional<Clock::time_point> confirmed{};  // when what it serves was last known to be right
    friend bool operator==(const SourceState&, const SourceState&) = default;
};

class Source {
public:
    using OnIndex = std::move_only_function<void(Arrived)>;
    using OnTrouble = std::move_only_function<void(Trouble)>;
    /// yes: an index in which every one of the keys can be looked up (and may be missing); none: no tenant has any of them; unknown: that
    /// cannot be said now.
    using OnFound = std::move_only_function<void(tenant::Found<std::shared_ptr<const tenant::Index>>)>;

    Source() = default;
    virtual ~Source() = default;
    Source(const Source&) = delete;
    Source& operator=(const Source&) = delete;

    /// Begins to serve; again: looks again whether there is something new. What it served before goes on until then. A file is read within
    /// the call, which blocks for up to a second, so this is no call for a loop's thread; both functions are called on the thread of this
    /// call, one of them, once.
    virtual void start(OnIndex on_index, OnTrouble on_trouble) = 0;
    /// On any thread, at any time. `on_found` is called once: within the call where that is known without waiting, else on a thread of the
    /// source's.
    virtual void find(const tenant::Keys& keys, OnFound on_found) = 0;
    /// On any thread.
    virtual SourceState state() const = 0;
};

struct SourceSettings {
    std::string file;
    tenant::Defaults defaults;
};

/// The source that the settings ask for. Nothing is read or connected before start().
std::unique_ptr<Source> make_source(SourceSettings settings);

}  // namespace exota::directory
