#include "programs/received.h"

#include <algorithm>
#include <array>

#include "base/ip.h"
#include "base/text.h"
#include "mail/unfold.h"

namespace exota::programs {
namespace {

using base::Errc;
using base::fail;

/// RFC 3848 and RFC 6531 section 4.3, with what they say of the session.
struct Protocol {
    std::string_view name;
    bool tls, authenticated;
};
constexpr std::array<Protocol, 9> protocols{{{"SMTP", false, false},
                                             {"ESMTP", false, false},
                                             {"ESMTPA", false, true},
                                             {"ESMTPS", true, false},
                                             {"ESMTPSA", true, true},
                                             {"UTF8SMTP", false, false},
                                             {"UTF8SMTPA", false, true},
                                             {"UTF8SMTPS", true, false},
                                             {"UTF8SMTPSA", true, true}}};

/// One line, each run of blanks and tabs one blank.
std::string on_one_line(std::string_view value) {
    std::string line = mail::unfold(base::trim(value));
    std::ranges::replace(line, '\t', ' ');
    const auto more = std::ranges::unique(line, [](char a, char b) { return a == ' ' && b == ' '; });
    line.erase(more.begin(), more.end());
    return line;
}

/// The text up to `mark`, which is taken as well. nullopt: there is none.
std::optional<std::string_view> take_before(std::string_view& in, std::string_view mark) {
    const std::size_t at = in.find(mark);
    if (at == std::string_view::npos) return std::nullopt;
    const std::string_view head = in.substr(0, at);
    in.remove_prefix(at + mark.size());
    return head;
}

bool skip(std::string_view& in, std::string_view text) {
    if (!in.starts_with(text)) return false;
    in.remove_prefix(text.size());
    return true;
}

/// The inside of a comment at the beginning of `in`, and the blank behind it. Postfix balances the parentheses of what it quotes.
std::optional<std::string_view> take_comment(std::string_view& in) {
    if (!in.starts_with('(')) return std::nullopt;
    std::size_t depth = 0;
    for (std::size_t i = 0; i < in.size(); ++i) {
        if (in[i] == '(') ++depth;
        if (in[i] == ')' && --depth == 0) {
            const std::string_view inside = in.substr(1, i - 1);
            in.remove_prefix(i + 1);
            skip(in, " ");
            return inside;
        }
    }
    return std::nullopt;
}

std::string_view take_word(std::string_view& in) {
    const std::size_t end = std::min(in.find_first_of(" ;"), in.size());
    const std::string_view word = in.substr(0, end);
    in.remove_prefix(end);
    skip(in, " ");
    return word;
}

/// `Client CN "NAME", Issuer "NAME" (verified OK)`. Both names are the client's text: where they could end elsewhere, none is taken.
base::Result<void> read_certificate(std::string_view comment, Received& out) {
    constexpr std::string_view between = "\", Issuer \"";
    constexpr std::string_view verified = "\" (verified OK)";
    const std::size_t end = comment.find(between);
    if (end == std::string_view::npos || comment.find(between, end + 1) != std::string_view::npos)
        return fail(Errc::invalid_data, "the names in its certificate cannot be told apart");
    if (comment.ends_with(verified))
        out.certificate = std::string(comment.substr(0, end));
    else if (!comment.ends_with("\" (not verified)"))
        return fail(Errc::invalid_data, "it does not say whether the certificate was verified");
    return {};
}

base::Result<void> read_comment(std::string_view comment, Received& out) {
    if (skip(comment, "using "))
        out.tls_version = std::string(take_word(comment));
    else if (skip(comment, "Client CN \""))
        return read_certificate(comment, out);
    else if (skip(comment, "Authenticated sender: "))
        out.authenticated = true;
    else if (comment != "No client certificate requested" && comment != "Client did not present a certificate")
        return fail(Errc::invalid_data, "a comment that Postfix does not write");
    return {};
}

/// `HELO (NAME [ADDRESS])`.
base::Result<void> read_client(std::string_view& in, Received& out) {
    const auto helo = take_before(in, " (");
    const auto client = take_before(in, "]) ");
    if (!helo || !client) return fail(Errc::invalid_data, "the client is not named as Postfix does");
    out.helo = *helo;
    std::string_view address = client->substr(client->rfind('[') + 1);  // npos + 1 is 0
    if (client->find('[') == std::string_view::npos) return fail(Errc::invalid_data, "it names no address");
    skip(address, "IPv6:");
    if (base::IpAddress::parse(address))
        out.client = std::string(address);
    else if (address != "local")
        return fail(Errc::invalid_data, "the client's address is none");
    return {};
}

}  // namespace

base::Result<Received> parse_received(std::string_view value) {
    const std::string line = on_one_line(value);
    if (!std::ranges::all_of(line, [](char c) { return c >= 0x20 && c < 0x7f; })) return fail(Errc::invalid_data, "it is not plain ASCII");
    std::string_view in = line;
    if (in.starts_with("by ")) return fail(Errc::invalid_data, "it was written for mail that came without a session");
    if (!skip(in, "from ")) return fail(Errc::invalid_data, "it does not begin with \"from\"");
    Received out;
    if (auto client = read_client(in, out); !client) return std::unexpected(std::move(client.error()));
    while (in.starts_with('(')) {
        const auto comment = take_comment(in);
        if (!comment) return fail(Errc::invalid_data, "a comment never ends");
        if (auto read = read_comment(*comment, out); !read) return std::unexpected(std::move(read.error()));
    }
    if (!skip(in, "by ")) return fail(Errc::invalid_data, "it does not say by whom");
    out.by = take_word(in);
    const auto program = take_comment(in);
    if (!program || program->empty() || !base::is_alpha(program->front())) return fail(Errc::invalid_data, "it is not Postfix's");
    if (!skip(in, "with ")) return fail(Errc::invalid_data, "it names no protocol");
    const auto protocol = std::ranges::find(protocols, take_word(in), &Protocol::name);
    if (protocol == protocols.end()) return fail(Errc::invalid_data, "it names no protocol of Postfix's");
    if (!skip(in, "id ")) return fail(Errc::invalid_data, "it has no queue id");
    out.queue_id = take_word(in);
    if (out.queue_id.empty() || !std::ranges::all_of(out.queue_id, base::is_alnum)) return fail(Errc::invalid_data, "its queue id is none");
    if (skip(in, "for <"))
        if (const auto recipient = take_before(in, ">")) out.recipient = std::string(*recipient);
    if (!skip(in, ";")) return fail(Errc::invalid_data, "it has no date");
    out.authenticated = out.authenticated || protocol->authenticated;
    out.tells_of_tls = out.tls_version.has_value() || !protocol->tls;
    if (!out.tls_version && (protocol->tls || out.certificate)) out.tls_version = "TLS";
    return out;
}

}  // namespace exota::programs
