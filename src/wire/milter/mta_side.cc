#include "wire/milter/mta_side.h"

namespace exota::milter::mta {
namespace {

constexpr auto malformed = std::unexpected(ProtocolError::malformed_payload);

void append_plain(std::string& out, Command command) { FrameWriter frame(out, static_cast<char>(command)); }

void append_path(std::string& out, Command command, std::string_view path, std::span<const std::string_view> parameters) {
    FrameWriter frame(out, static_cast<char>(command));
    frame.string(path);
    for (const std::string_view parameter : parameters) frame.string(parameter);
}

bool take_string(std::string_view& payload, std::string& text) {
    const std::size_t end = payload.find('\0');
    if (end == std::string_view::npos) return false;
    text = payload.substr(0, end);
    payload.remove_prefix(end + 1);
    return true;
}

using Decoded = std::expected<FilterReply, ProtocolError>;

Decoded decode_answer(std::string_view payload) {
    if (payload.size() < 12) return malformed;
    Answer answer{read_word(payload), read_word(payload.substr(4)), read_word(payload.substr(8)), {}};
    payload.remove_prefix(12);
    while (!payload.empty()) {
        if (payload.size() < 4) return malformed;
        const auto stage = static_cast<MacroStage>(read_word(payload));
        payload.remove_prefix(4);
        std::string names;
        if (!take_string(payload, names)) return malformed;
        answer.macro_lists.emplace_back(stage, std::move(names));
    }
    return answer;
}

Decoded decode_reply_line(std::string_view payload) {
    std::string text;
    if (!take_string(payload, text) || !payload.empty()) return malformed;
    ReplyLine reply;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && (++i == text.size() || text[i] != '%')) return malformed;  // a single one: Postfix would swallow it
        reply.text.push_back(text[i]);
    }
    return reply;
}

Decoded decode_header_change(ReplyCode code, std::string_view payload) {
    HeaderChange change{code, 0, {}, {}};
    if (code != ReplyCode::add_header) {
        if (payload.size() < 4) return malformed;
        change.index = read_word(payload);
        payload.remove_prefix(4);
    }
    if (!take_string(payload, change.name) || !take_string(payload, change.value) || !payload.empty()) return malformed;
    return change;
}

}  // namespace

Offer offer_of_version(std::uint32_t version) noexcept {
    if (version >= 6) return full_offer;
    std::uint32_t steps = step::all_of_version_2;
    if (version >= 3) steps |= step::no_unknown;
    if (version >= 4) steps |= step::no_data;
    return Offer{version, action::all_of_version_2, steps};
}

void append_offer(std::string& out, const Offer& offer) {
    FrameWriter(out, static_cast<char>(Command::negotiate)).word(offer.version).word(offer.actions).word(offer.steps);
}

void append_macros(std::string& out, Command stage, std::span<const MacroPair> macros) {
    FrameWriter frame(out, static_cast<char>(Command::macro));
    const char stage_octet = static_cast<char>(stage);
    frame.octets(std::string_view(&stage_octet, 1));
    for (const auto& [name, value] : macros) frame.string(name).string(value);
}

void append_connect(std::string& out, std::string_view host, Family family, std::uint16_t port, std::string_view address) {
    FrameWriter frame(out, static_cast<char>(Command::connect));
    const char head[] = {static_cast<char>(family), static_cast<char>(port >> 8), static_cast<char>(port & 0xff)};
    frame.string(host).octets(std::string_view(head, family == Family::unknown ? 1 : 3));
    if (family != Family::unknown) frame.string(address);
}

void append_helo(std::string& out, std::string_view name) { FrameWriter(out, static_cast<char>(Command::helo)).string(name); }

void append_mail(std::string& out, std::string_view reverse_path, std::span<const std::string_view> parameters) {
    append_path(out, Command::mail, reverse_path, parameters);
}
void append_recipient(std::string& out, std::string_view forward_path, std::span<const std::string_view> parameters) {
    append_path(out, Command::recipient, forward_path, parameters);
}
void append_header(std::string& out, std::string_view name, std::string_view value) {
    FrameWriter(out, static_cast<char>(Command::header)).string(name).string(value);
}
void append_body(std::string& out, std::string_view octets) { FrameWriter(out, static_cast<char>(Command::body)).octets(octets); }
void append_end_of_message(std::string& out, std::string_view octets) {
    FrameWriter(out, static_cast<char>(Command::end_of_message)).octets(octets);
}
void append_unknown(std::string& out, std::string_view line) { FrameWriter(out, static_cast<char>(Command::unknown)).string(line); }
void append_data(std::string& out) { append_plain(out, Command::data); }
void append_end_of_header(std::string& out) { append_plain(out, Command::end_of_header); }
void append_abort(std::string& out) { append_plain(out, Command::abort); }
void append_quit(std::string& out) { append_plain(out, Command::quit); }
void append_quit_new_connection(std::string& out) { append_plain(out, Command::quit_new_connection); }

std::expected<FilterReply, ProtocolError> decode_reply(const Frame& frame) {
    const auto code = static_cast<ReplyCode>(frame.command);
    std::string_view payload = frame.payload;
    switch (code) {
        case ReplyCode::negotiate:
            return decode_answer(payload);
        case ReplyCode::reply_code:
            return decode_reply_line(payload);
        case ReplyCode::add_header:
        case ReplyCode::insert_header:
        case ReplyCode::change_header:
            return decode_header_change(code, payload);
        case ReplyCode::quarantine: {
            Quarantine quarantine;
            if (!take_string(payload, quarantine.reason) || !payload.empty()) return malformed;
            return quarantine;
        }
        case ReplyCode::accept:
        case ReplyCode::continue_:
        case ReplyCode::discard:
        case ReplyCode::progress:
        case ReplyCode::reject:
        case ReplyCode::skip:
        case ReplyCode::tempfail:
            if (!payload.empty()) return malformed;
            return Plain{code};
    }
    return std::unexpected(ProtocolError::unknown_command);
}

std::expected<std::vector<FilterReply>, ProtocolError> take_replies(std::string_view& bytes, std::size_t max_octets) {
    std::vector<FilterReply> replies;
    for (;;) {
        const auto frame = next_frame(bytes, max_octets);
        if (!frame) return std::unexpected(frame.error());
        if (!*frame) return replies;
        auto reply = decode_reply(**frame);
        if (!reply) return std::unexpected(reply.error());
        replies.push_back(std::move(*reply));
        bytes.remove_prefix((*frame)->consumed);
    }
}

}  // namespace exota::milter::mta
