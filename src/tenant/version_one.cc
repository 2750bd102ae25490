#include "tenant/version_one.h"

#include <utility>

namespace exota::tenant {
namespace {

std::string path_in_file(std::string_view domain, std::string_view field, std::optional<std::size_t>) {
    const std::string path = json_path("", domain);
    return field.empty() ? path : json_path(path, field);
}

}  // namespace

VersionOne::VersionOne(ReadingContext context)
    : context_(std::move(context)), path_of_(&path_in_file), entry_(context_.defaults, context_.problems, context_.builder, path_of_) {}

void VersionOne::on_begin(Container container) {
    if (skipped_ > 0) {
        ++skipped_;
        return;
    }
    const bool object = container == Container::object;
    if (place_ == Place::document) {
        place_ = object ? Place::domains : Place::empty_list;
    } else if (place_ == Place::domains && object) {
        place_ = Place::entry;
    } else {
        tell({object ? Given::Is::object : Given::Is::list});
        skipped_ = 1;
    }
}

void VersionOne::on_end(Container) {
    if (skipped_ > 0) {
        --skipped_;
        return;
    }
    place_ = place_ == Place::entry ? Place::domains : Place::document;
}

void VersionOne::on_key(std::string_view key, Text text) {
    if (skipped_ > 0) return;
    if (place_ == Place::domains) return entry_.begin(key, text, context_.place());
    field_ = DomainEntry::field_named(key);
    if (field_)
        entry_.begin_field(*field_, context_.place());
    else
        entry_.unknown_field(key, context_.place());
}

void VersionOne::tell(const Given& value, Text text) {
    if (place_ != Place::entry) return wrong_value(value);
    if (field_) entry_.set(value, text, context_.place());
}

/// Nothing but an object of objects is a version-1 file.
void VersionOne::wrong_value(const Given& value) {
    const std::string what(value.in_words());
    const auto error = [this](std::string path, std::string text) {
        context_.problems.error(context_.place(), std::move(path), std::move(text));
    };
    if (place_ == Place::document) return error("", "a tenants file is an object, not " + what);
    if (place_ == Place::empty_list) {
        if (!std::exchange(list_reported_, true)) error("[0]", "a tenants file is an object of domains; a list can only be empty");
        return;
    }
    if (entry_.written() == "version" && value.is == Given::Is::number)
        return entry_.wrong(context_.place(), "version",
                            "this was read as a version-1 file: the keys of version 2 are \"version\" and \"tenants\" only, "
                            "so put \"version\": 2 first");
    entry_.wrong(context_.place(), path_in_file(entry_.written(), {}, std::nullopt),
                 "the value of a domain is an object with tenant_id, dkim_enabled, dkim_alignment_required; this is " + what);
}

void VersionOne::on_string(std::string_view value, Text text) {
    if (skipped_ == 0) tell(Given::of(value), text);
}

void VersionOne::on_number(double) {
    if (skipped_ == 0) tell({Given::Is::number});
}

void VersionOne::on_null() {
    if (skipped_ == 0) tell({Given::Is::null});
}

void VersionOne::on_bool(bool value) {
    if (skipped_ == 0) tell(Given::of_truth(value));
}

void VersionOne::finish(bool well_formed) { entry_.finish(well_formed ? Told::all : Told::some); }

}  // namespace exota::tenant
