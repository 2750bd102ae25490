// Milter frames and events.
//
// Properties: cutting the octets anywhere gives the same frames; an event that is decoded and encoded again is the frame that it came from
// (but for what may follow an offer's three words or an unknown family); what we write as a filter, our MTA's side reads back.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "property.h"
#include "wire/milter/events.h"
#include "wire/milter/frames.h"
#include "wire/milter/mta_side.h"
#include "wire/milter/replies.h"

namespace {

using namespace exota::milter;

constexpr std::size_t max_octets = 4096;

using exota::fuzz::require;

/// All frames, each as its octets, and what ends them: read as they would come off a socket, `piece` octets at a time.
std::vector<std::string> frames_by_pieces(std::string_view bytes, std::size_t piece) {
    std::vector<std::string> frames;
    std::string buffer;
    for (std::size_t at = 0;; at += piece) {
        const bool last = at >= bytes.size();
        if (!last) buffer.append(bytes.substr(at, piece));
        for (;;) {
            const auto frame = next_frame(buffer, max_octets);
            if (!frame) {
                frames.emplace_back(name_of(frame.error()));
                return frames;
            }
            if (!*frame) break;
            require((*frame)->consumed <= buffer.size() && (*frame)->consumed == (*frame)->payload.size() + 5);
            frames.emplace_back(buffer.substr(0, (*frame)->consumed));
            buffer.erase(0, (*frame)->consumed);
        }
        if (last) return frames;
    }
}

struct Encode {
    std::string& out;
    void operator()(const Offer& e) const { mta::append_offer(out, e); }
    void operator()(const Connect& e) const { mta::append_connect(out, e.host, e.family, e.port, e.address); }
    void operator()(const Helo& e) const { mta::append_helo(out, e.name); }
    void operator()(const Mail& e) const { path(e.arguments, &mta::append_mail); }
    void operator()(const Recipient& e) const { path(e.arguments, &mta::append_recipient); }
    void operator()(const Data&) const { mta::append_data(out); }
    void operator()(const Header& e) const { mta::append_header(out, e.name, e.value); }
    void operator()(const EndOfHeader&) const { mta::append_end_of_header(out); }
    void operator()(const Body& e) const { mta::append_body(out, e.octets); }
    void operator()(const EndOfMessage& e) const { mta::append_end_of_message(out, e.octets); }
    void operator()(const Abort&) const { mta::append_abort(out); }
    void operator()(const Quit&) const { mta::append_quit(out); }
    void operator()(const QuitNewConnection&) const { mta::append_quit_new_connection(out); }
    void operator()(const UnknownCommand& e) const { mta::append_unknown(out, e.line); }
    void operator()(const MacroDefinitions& e) const {
        std::vector<mta::MacroPair> pairs;
        for (auto i = e.name_values.begin(); i != e.name_values.end(); ++i) {
            const std::string_view name = *i;
            pairs.emplace_back(name, *++i);
        }
        mta::append_macros(out, e.stage, pairs);
    }
    void path(const StringList& list, void (*append)(std::string&, std::string_view, std::span<const std::string_view>)) const {
        std::vector<std::string_view> rest(++list.begin(), list.end());
        append(out, list.front(), rest);
    }
};

void check_event(const Frame& frame, std::string_view octets) {
    const auto event = decode(frame);
    if (!event) return;
    std::string again;
    std::visit(Encode{again}, *event);
    const auto* connect = std::get_if<Connect>(&*event);
    const bool with_rest = std::holds_alternative<Offer>(*event) || (connect != nullptr && connect->family == Family::unknown);
    if (with_rest)
        require(again.size() <= octets.size() && octets.substr(5, again.size() - 5) == std::string_view(again).substr(5));
    else
        require(again == octets);
}

void check_reply(const Frame& frame) {
    const auto reply = mta::decode_reply(frame);
    if (!reply) return;
    // Whatever text we would send, the client reads it as it was: no '%' is lost, no NUL ends it.
    if (const auto* line = std::get_if<mta::ReplyLine>(&*reply)) {
        std::string out;
        append_reply(out, {550, "5.7.1", line->text});
        std::string_view rest = out;
        const auto read = mta::take_replies(rest, 1 << 20);
        require(read && read->size() == 1 && rest.empty());
        const auto* again = std::get_if<mta::ReplyLine>(&read->front());
        require(again != nullptr && again->text == exota::mail::Reply{550, "5.7.1", line->text}.line());
    }
    if (const auto* change = std::get_if<mta::HeaderChange>(&*reply); change != nullptr && change->code == ReplyCode::insert_header) {
        std::string out;
        append_header_edit(out, {exota::mail::EditOp::insert, change->index, change->name, change->value}, Terms{6, 0, 0});
        std::string_view rest = out;
        const auto read = mta::take_replies(rest, 1 << 20);
        require(read && read->size() == 1 && std::get<mta::HeaderChange>(read->front()) == *change);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const auto whole = frames_by_pieces(bytes, std::max<std::size_t>(bytes.size(), 1));
    for (const std::size_t piece : {1u, 3u, 64u}) require(frames_by_pieces(bytes, piece) == whole);
    for (const std::string& octets : whole) {
        const auto frame = next_frame(octets, max_octets);
        if (!frame || !*frame) continue;  // the name of the error that ended them
        check_event(**frame, octets);
        check_reply(**frame);
    }
    return 0;
}
