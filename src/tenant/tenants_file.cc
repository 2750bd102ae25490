#include "tenant/tenants_file.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "tenant/version_one.h"
#include "tenant/version_two.h"

namespace exota::tenant {
namespace {

struct Event {
    enum class Kind : unsigned char { key, string, number, boolean, null, begin, end } kind{};
    std::string text{};
    Text whole = Text::whole;
    double number = 0;
    bool boolean = false;
    Container container = Container::object;
    TextPlace place{};

    bool is_scalar() const noexcept { return kind == Kind::string || kind == Kind::number || kind == Kind::boolean || kind == Kind::null; }
    bool begins_object() const noexcept { return kind == Kind::begin && container == Container::object; }
};

void tell(JsonSink& sink, const Event& event) {
    switch (event.kind) {
        case Event::Kind::key:
            return sink.on_key(event.text, event.whole);
        case Event::Kind::string:
            return sink.on_string(event.text, event.whole);
        case Event::Kind::number:
            return sink.on_number(event.number);
        case Event::Kind::boolean:
            return sink.on_bool(event.boolean);
        case Event::Kind::null:
            return sink.on_null();
        case Event::Kind::begin:
            return sink.on_begin(event.container);
        case Event::Kind::end:
            return sink.on_end(event.container);
    }
}

enum class Version : int { unknown = 0, one = 1, two = 2 };

/// After so many events a file that still could be either is read as version 1.
constexpr std::size_t max_undecided_events = 32;

bool is_quoted_number(const Event& value) noexcept {
    return value.kind == Event::Kind::string && !value.text.empty() && std::ranges::all_of(value.text, base::is_digit);
}

/// Which version the first events of a document belong to.
///
/// A top-level "version" with a number is version 2, and so it is meant if the number stands in quotes (an error that VersionTwo
/// reports); in version 1 it would be a domain, with an object. Tools that sort keys put
/// "tenants" first, so that name alone decides nothing: a member that is an object again makes it version 2. A name with a scalar is
/// an error in both versions, so what comes next decides.
Version version_of(const std::vector<Event>& events) {
    if (events.empty()) return Version::unknown;
    if (!events[0].begins_object()) return Version::one;
    bool tenants_seen = false;
    for (std::size_t i = 1; i < events.size();) {
        if (events[i].kind == Event::Kind::end) return tenants_seen ? Version::two : Version::one;
        const std::string& key = events[i].text;
        if (i + 1 == events.size()) return Version::unknown;
        const Event& value = events[i + 1];
        if (key == "version") return value.kind == Event::Kind::number || is_quoted_number(value) ? Version::two : Version::one;
        if (key == "tenants") {
            if (!value.begins_object() || std::exchange(tenants_seen, true)) return Version::two;
            if (i + 2 == events.size()) return Version::unknown;
            if (events[i + 2].kind != Event::Kind::end) {
                if (i + 3 == events.size()) return Version::unknown;
                return events[i + 3].begins_object() ? Version::two : Version::one;
            }
            i += 3;
        } else if (value.is_scalar()) {
            i += 2;
        } else {
            return Version::one;
        }
    }
    return events.size() < max_undecided_events ? Version::unknown : Version::one;
}

/// Finds out the version of the file, tells its reader the events that came before it was known, and leaves the rest to it.
class VersionFinder final : public JsonSink {
public:
    VersionFinder(const Defaults& defaults, const base::HashKey& key, JsonEvents& events)
        : builder(key), events_(events), context_{defaults, problems, builder, events, told_again_} {}

    void on_key(std::string_view key, Text text) override { hold({.kind = Event::Kind::key, .text = std::string(key), .whole = text}); }
    void on_string(std::string_view value, Text text) override {
        hold({.kind = Event::Kind::string, .text = std::string(value), .whole = text});
    }
    void on_number(double value) override { hold({.kind = Event::Kind::number, .number = value}); }
    void on_bool(bool value) override { hold({.kind = Event::Kind::boolean, .boolean = value}); }
    void on_null() override { hold({.kind = Event::Kind::null}); }
    void on_begin(Container container) override { hold({.kind = Event::Kind::begin, .container = container}); }
    void on_end(Container container) override { hold({.kind = Event::Kind::end, .container = container}); }

    Problems problems;
    IndexBuilder builder;
    Version version = Version::unknown;
    std::unique_ptr<VersionReader> reader;

private:
    void hold(Event event) {
        event.place = events_.place();
        held_.push_back(std::move(event));
        version = version_of(held_);
        if (version == Version::unknown) return;
        if (version == Version::two)
            reader = std::make_unique<VersionTwo>(context_);
        else
            reader = std::make_unique<VersionOne>(context_);
        for (const Event& earlier : held_) {
            told_again_ = earlier.place;
            tell(*reader, earlier);
        }
        told_again_ = {};
        held_ = {};
        events_.tell(*reader);
    }

    JsonEvents& events_;
    ReadingContext context_;
    std::vector<Event> held_;
    TextPlace told_again_;  // of the held event that is being told; no line: none
};

}  // namespace

struct TenantsReader::State {
    State(Defaults with, const base::HashKey& key) : defaults(std::move(with)), events(finder), finder(defaults, key, events) {}

    Defaults defaults;
    JsonEvents events;
    VersionFinder finder;
};

TenantsReader::TenantsReader(Defaults defaults, const base::HashKey& key) : state_(std::make_unique<State>(std::move(defaults), key)) {}
TenantsReader::~TenantsReader() = default;

void TenantsReader::feed(std::string_view piece) { state_->events.feed(piece); }

LoadedTenants TenantsReader::finish() {
    State& state = *state_;
    VersionFinder& finder = state.finder;
    state.events.finish();
    if (const std::optional<JsonError>& error = state.events.error()) finder.problems.error(error->place, "", error->text);
    if (finder.reader) finder.reader->finish(!state.events.error());
    if (finder.builder.is_full()) finder.problems.error({}, "", "more names than an index can hold (4 GiB)");
    LoadedTenants loaded;
    if (!finder.problems.any_error()) loaded.index = std::move(finder.builder).build();
    loaded.problems = finder.problems.take();
    loaded.version = static_cast<int>(finder.version);
    return loaded;
}

LoadedTenants read_tenants(std::string_view text, Defaults defaults) {
    TenantsReader reader(std::move(defaults));
    reader.feed(text);
    return reader.finish();
}

}  // namespace exota::tenant
