#include "wire/smtp/xclient.h"

#include "base/text.h"
#include "wire/smtp/xtext.h"

namespace exota::smtp {
namespace {

constexpr std::size_t max_value_octets = 255;
constexpr std::string_view unavailable = "[UNAVAILABLE]";

void append(std::string& out, std::string_view attribute, std::string_view value) {
    out += ' ';
    out += attribute;
    out += '=';
    append_xtext(out, value);
}

/// Text that takes at most 255 octets as xtext too, so that a command keeps to its limit whatever is escaped.
std::string_view or_unavailable(std::string_view text) noexcept {
    std::size_t octets = 0;
    for (const char c : text) octets += is_xchar(c) ? 1 : 3;
    return octets == 0 || octets > max_value_octets ? unavailable : text;
}

std::string_view name_of(const XclientFacts& facts) noexcept {
    switch (facts.name_state) {
        case XclientFacts::NameState::known:
            return or_unavailable(facts.name);
        case XclientFacts::NameState::temporarily_unavailable:
            return "[TEMPUNAVAIL]";
        case XclientFacts::NameState::unavailable:
            break;
    }
    return unavailable;
}

std::string address_of(const XclientFacts& facts) {
    if (!facts.address) return std::string(unavailable);
    return facts.address->is_v4() ? facts.address->text() : "IPv6:" + facts.address->text();
}

}  // namespace

XclientNames XclientNames::parse(std::string_view words) noexcept {
    XclientNames names;
    while (!words.empty()) {
        const std::string_view word = base::take_until(words, ' ');
        names.name |= base::iequals(word, "NAME");
        names.addr |= base::iequals(word, "ADDR");
        names.port |= base::iequals(word, "PORT");
        names.proto |= base::iequals(word, "PROTO");
        names.helo |= base::iequals(word, "HELO");
    }
    return names;
}

std::vector<std::string> xclient_commands(const XclientNames& taken, const XclientFacts& facts) {
    if (!taken.addr) return {};
    std::string command = "XCLIENT";
    if (taken.name) append(command, "NAME", name_of(facts));
    append(command, "ADDR", address_of(facts));
    if (taken.port) append(command, "PORT", facts.port == 0 ? std::string(unavailable) : std::to_string(facts.port));
    if (taken.proto) append(command, "PROTO", facts.extended ? "ESMTP" : "SMTP");
    std::vector<std::string> commands;
    if (taken.helo) {
        std::string helo;
        append(helo, "HELO", or_unavailable(facts.helo));
        if (command.size() + helo.size() + 2 <= max_xclient_octets) {
            command += helo;
        } else {
            commands.push_back(std::move(command) + "\r\n");
            command = "XCLIENT" + helo;
        }
    }
    commands.push_back(std::move(command) + "\r\n");
    return commands;
}

}  // namespace exota::smtp
