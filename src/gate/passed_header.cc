#include "gate/passed_header.h"

#include <algorithm>
#include <unordered_map>

#include "authn/authres.h"
#include "base/text.h"
#include "decision/forged_result.h"
#include "mail/domain.h"

namespace exota::gate {
namespace {

constexpr std::string_view results_field = "Authentication-Results";

/// A field that came in, or one of ours.
struct Place {
    std::string_view raw;   // with its last CRLF; empty: ours
    std::string_view name;  // without blanks before the colon
    std::string_view value;
    bool removed = false;
};

std::vector<Place> places_of(std::string_view fields) {
    std::vector<Place> places;
    while (!fields.empty()) {
        std::size_t end = 0;
        do {
            end = fields.find("\r\n", end);
            end = end == std::string_view::npos ? fields.size() : end + 2;
        } while (end < fields.size() && base::is_wsp(fields[end]));
        const std::string_view raw = fields.substr(0, end);
        fields.remove_prefix(end);
        const std::string_view text = raw.ends_with("\r\n") ? raw.substr(0, raw.size() - 2) : raw;
        const std::size_t colon = std::min(text.find(':'), text.size());
        places.push_back({raw, base::trim(text.substr(0, colon)), text.substr(std::min(colon + 1, text.size())), false});
    }
    return places;
}

/// Marks the fields that these edits remove. A sender can name a hundred thousand, so the fields are gone through once.
void remove_fields(std::span<const mail::HeaderEdit> removals, std::vector<Place>& places) {
    std::unordered_map<std::string, std::vector<std::size_t>> left;  // by name: where its fields stand that are not removed yet
    for (const mail::HeaderEdit& removal : removals) left.try_emplace(base::lower(removal.name));
    if (left.empty()) return;
    for (std::size_t at = 0; at < places.size(); ++at)
        if (const auto wanted = left.find(base::lower(places[at].name)); wanted != left.end()) wanted->second.push_back(at);
    for (const mail::HeaderEdit& removal : removals) {
        std::vector<std::size_t>& of_name = left.at(base::lower(removal.name));
        if (removal.index == 0 || removal.index > of_name.size()) continue;
        const auto gone = of_name.begin() + static_cast<std::ptrdiff_t>(removal.index - 1);
        places[*gone].removed = true;
        of_name.erase(gone);
    }
}

void add_field(const mail::HeaderEdit& edit, std::vector<Place>& places) {
    const std::size_t at = edit.op == mail::EditOp::insert ? std::min<std::size_t>(edit.index, places.size()) : places.size();
    places.insert(places.begin() + static_cast<std::ptrdiff_t>(at), {{}, edit.name, edit.value});
}

/// The field's id is this one, with a job id behind it or not; or some careless reader could think so.
bool is_of(std::string_view id, std::string_view value, std::string_view own) {
    if (own.empty()) return false;
    id = id.substr(0, id.find('/'));
    if (base::iequals(id, own)) return true;
    const auto a = mail::Domain::parse(id), b = mail::Domain::parse(own);
    return (a && b && *a == *b) || decision::poses_as_ours(value, {.authserv_id = own, .all_of_ours = true}, decision::Readable::unknown);
}

}  // namespace

bool could_be_own(std::string_view value, const OwnIds& own) {
    const auto field = authn::parse_authentication_results(value);
    if (!field) return true;
    return is_of(field->authserv_id, value, own.authserv_id) ||
           std::ranges::any_of(own.trusted, [&](const std::string& trusted) { return is_of(field->authserv_id, value, trusted); });
}

void append_header(std::string& out, smtp::DataWriter& writer, const PassedHeader& header) {
    std::vector<Place> places = places_of(header.fields);
    // The next reader asks for results above the first Received field, which is ours: so ours goes below what the decision inserts.
    const mail::HeaderEdit received{mail::EditOp::insert, 0, "Received", std::string(header.received)};
    const auto first_other = std::ranges::find_if(header.edits, [](const auto& edit) { return edit.op != mail::EditOp::remove; });
    remove_fields({header.edits.begin(), first_other}, places);
    std::erase_if(places, [&](const Place& place) {
        return place.removed || (base::iequals(place.name, results_field) && could_be_own(place.value, header.own));
    });
    if (!header.received.empty()) add_field(received, places);
    for (auto edit = first_other; edit != header.edits.end(); ++edit)
        if (edit->op != mail::EditOp::remove) add_field(*edit, places);
    for (const Place& place : places) {
        if (place.raw.empty()) {
            writer.append_field(out, place.name, place.value);
        } else if (&place == &places.front() && smtp::is_mbox_line(place.raw)) {
            // What stood above it is gone. Where it stood it was a field, so it is one: without the blank that would make it an mbox's
            // line.
            writer.append(out, place.name);
            writer.append(out, place.raw.substr(place.raw.find(':')));
        } else {
            writer.append(out, place.raw);
        }
    }
    if (header.ended_by != smtp::EndOfHeader::By::end_of_message) writer.append(out, "\r\n");
}

}  // namespace exota::gate
