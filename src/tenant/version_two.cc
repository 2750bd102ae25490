#include "tenant/version_two.h"

#include <algorithm>
#include <utility>

namespace exota::tenant {
namespace {

constexpr std::array<std::string_view, 2> root_keys{"version", "tenants"};

std::string path_in_file(std::string_view tenant, std::string_view field, std::optional<std::size_t> element) {
    std::string path = json_path("tenants", tenant);
    if (!field.empty()) path = json_path(path, field);
    return element ? json_path(path, *element) : path;
}

}  // namespace

VersionTwo::VersionTwo(ReadingContext context)
    : context_(std::move(context)), path_of_(&path_in_file), entry_(context_.defaults, context_.problems, context_.builder, path_of_) {}

std::string VersionTwo::path() const {
    switch (place_) {
        case Place::document:
            return {};
        case Place::root:
            return key_ == Key::unknown ? json_path("", unknown_) : std::string(root_keys[static_cast<std::size_t>(key_)]);
        case Place::tenants:
        case Place::tenant:
        case Place::list:
        case Place::recipients:
            break;
    }
    return json_path("tenants", name_);
}

void VersionTwo::on_begin(Container container) {
    if (skipped_ > 0) {
        ++skipped_;
        return;
    }
    const bool object = container == Container::object;
    if (place_ == Place::document && object) {
        place_ = Place::root;
    } else if (place_ == Place::root && key_ == Key::tenants && object) {
        place_ = Place::tenants;
    } else if (place_ == Place::tenants && object) {
        place_ = Place::tenant;
    } else if (place_ == Place::tenant && field_ && is_list(*field_) && !object) {
        place_ = Place::list;
        entry_.begin_list();
    } else if (place_ == Place::tenant && field_ == Field::recipients && object) {
        place_ = Place::recipients;
        entry_.begin_recipients();
    } else {
        tell({object ? Given::Is::object : Given::Is::list});
        skipped_ = 1;
    }
}

void VersionTwo::on_end(Container) {
    if (skipped_ > 0) {
        --skipped_;
        return;
    }
    switch (place_) {
        case Place::list:
            place_ = Place::tenant;
            return entry_.end_list(context_.place());
        case Place::recipients:
            place_ = Place::tenant;
            return entry_.end_recipients(context_.place());
        case Place::tenant:
            place_ = Place::tenants;
            return entry_.end();
        case Place::tenants:
            place_ = Place::root;
            return;
        case Place::root:
        case Place::document:
            place_ = Place::document;
            return;
    }
}

void VersionTwo::on_key(std::string_view key, Text) {
    if (skipped_ > 0) return;
    if (place_ == Place::root) return root_key(key);
    if (place_ == Place::tenants) {
        name_ = key;
        return entry_.begin(key, context_.place());
    }
    if (place_ == Place::recipients) {
        domain_ = key;
        return;
    }
    field_ = field_named(key);
    if (field_)
        entry_.begin_field(*field_, context_.place());
    else
        entry_.unknown_field(key, context_.place());
}

void VersionTwo::root_key(std::string_view key) {
    const auto known = std::ranges::find(root_keys, key);
    if (known == root_keys.end()) {
        key_ = Key::unknown;
        unknown_ = key;
        return error("unknown key " + in_quotes(key) + hint(key, root_keys.data(), root_keys.size()));
    }
    key_ = static_cast<Key>(known - root_keys.begin());
    bool& seen = key_ == Key::version ? version_seen_ : tenants_seen_;
    if (std::exchange(seen, true)) error("duplicate key");
}

void VersionTwo::tell(const Given& value) {
    if (place_ == Place::list) return entry_.element(value, context_.place());
    if (place_ == Place::recipients) return entry_.recipients_at(domain_, value, context_.place());
    if (place_ != Place::tenant) return wrong_value(value);
    if (field_) entry_.set(value, context_.place());
}

/// Above a tenant nothing but the version is a value.
void VersionTwo::wrong_value(const Given& value) {
    const std::string is = ", is " + std::string(value.in_words());
    if (place_ == Place::document) return error("a tenants file must be an object" + is);
    if (place_ == Place::tenants) return error("a tenant must be an object" + is);
    if (key_ == Key::version) error("must be the number 2" + is);
    if (key_ == Key::tenants) error("must be an object of tenants" + is);
}

void VersionTwo::on_string(std::string_view value, Text text) {
    if (skipped_ > 0) return;
    if (place_ == Place::list && text == Text::cut)
        return entry_.unread_element("longer than " + std::to_string(max_json_text_octets) + " octets", context_.place());
    tell(Given::of(value));
}

void VersionTwo::on_number(double value) {
    if (skipped_ > 0) return;
    if (place_ != Place::root || key_ != Key::version) return tell({Given::Is::number});
    if (value < 2 || value > 2) error("unknown version: this program reads version 2 (version 1 has no key \"version\")");
}

void VersionTwo::on_null() {
    if (skipped_ == 0) tell({Given::Is::null});
}

void VersionTwo::on_bool(bool value) {
    if (skipped_ == 0) tell(Given::of_truth(value));
}

void VersionTwo::finish(bool well_formed) {
    if (well_formed) {
        if (!version_seen_) context_.problems.error({}, "version", "the key \"version\" with the number 2 is missing");
        if (!tenants_seen_) context_.problems.error({}, "tenants", "the key \"tenants\" is missing");
    }
    entry_.finish(well_formed ? Told::all : Told::some);
}

}  // namespace exota::tenant
