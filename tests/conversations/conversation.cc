#include "conversation.h"

#include <charconv>
#include <map>
#include <optional>

#include "base/text.h"

namespace exota::conversations {
namespace {

using Kind = Step::Kind;

std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> words;
    while (!(text = base::trim(text)).empty()) words.emplace_back(base::take_until(text, ' '));
    return words;
}

std::optional<std::string> unescaped(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\') {
            out.push_back(text[i]);
            continue;
        }
        if (++i == text.size()) return std::nullopt;
        switch (text[i]) {
            case 'n':
                out.push_back('\n');
                break;
            case 't':
                out.push_back('\t');
                break;
            case 'r':
                out.push_back('\r');
                break;
            case '0':
                out.push_back('\0');
                break;
            case '\\':
                out.push_back('\\');
                break;
            case 'x': {
                unsigned octet = 0;
                const auto digits = text.substr(i + 1, 2);
                const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), octet, 16);
                if (error != std::errc{} || digits.size() != 2 || end != digits.data() + 2) return std::nullopt;
                out.push_back(static_cast<char>(octet));
                i += 2;
                break;
            }
            default:
                return std::nullopt;
        }
    }
    return out;
}

std::string escaped(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '\n')
            out += "\\n";
        else if (c == '\t')
            out += "\\t";
        else if (c == '\\')
            out += "\\\\";
        else if (c == ' ' && i + 1 == text.size())
            out += "\\x20";
        else
            out += c;
    }
    return out;
}

class Reader {
public:
    Conversation read(std::string_view text) {
        while (!text.empty()) {
            ++line_;
            take_line(base::take_until(text, '\n'));
        }
        if (out_.steps.empty()) problem("no conversation");
        for (const Step& step : out_.steps)
            if (step.kind == Kind::end_of_message && step.expected.verdict.empty())
                out_.problems.push_back(std::to_string(step.line) + ": eom without an expected verdict");
        return std::move(out_);
    }

private:
    void problem(std::string_view what) { out_.problems.push_back(std::to_string(line_) + ": " + std::string(what)); }

    void take_line(std::string_view line) {
        if (line.starts_with('[') && line.ends_with(']')) {
            section_ = line.substr(1, line.size() - 2);
            if (section_ != "environment" && section_ != "config" && section_ != "tenants" && section_ != "conversation")
                problem("unknown section");
            return;
        }
        if (section_ == "environment" && !line.empty() && !line.starts_with('#')) out_.environment.emplace_back(line);
        if (section_ == "config") out_.config.append(line).push_back('\n');
        if (section_ == "tenants" && base::trim(line) == "unavailable")
            out_.tenants_unavailable = true;
        else if (section_ == "tenants")
            out_.tenants.append(line).push_back('\n');
        if (section_ == "conversation") take_step(line);
        if (section_.empty() && !line.empty() && !line.starts_with('#')) problem("text before the first section");
    }

    void take_step(std::string_view line) {
        if (line.empty() || line.starts_with('#')) return;
        if (base::is_wsp(line.front())) return continue_header(line);
        if (line.starts_with("=>")) return take_expectation(base::trim(line.substr(2)));
        static const std::map<std::string_view, Kind> keywords{
            {"mta", Kind::mta},        {"connect", Kind::connect},
            {"helo", Kind::helo},      {"tls", Kind::tls},
            {"sasl", Kind::sasl},      {"mail", Kind::mail},
            {"rcpt", Kind::recipient}, {"queue-id", Kind::queue_id},
            {"header", Kind::header},  {"headers", Kind::header},
            {"body", Kind::body},      {"eom", Kind::end_of_message},
            {"reset", Kind::reset},    {"new-client", Kind::new_client},
        };
        std::string_view rest = line;
        const std::string_view keyword = base::take_until(rest, ' ');
        const auto known = keywords.find(keyword);
        if (known == keywords.end()) return problem("unknown keyword");
        Step step{.kind = known->second, .line = line_, .words = words_of(rest), .text = std::string(rest), .name = {}, .expected = {}};
        if (step.kind == Kind::header) {
            if (keyword == "headers") {
                const std::string count(base::take_until(rest, ' '));
                step.count = std::strtoul(count.c_str(), nullptr, 10);
            }
            if (!take_field(rest, step.name, step.text)) return;
        }
        out_.steps.push_back(std::move(step));
    }

    bool take_field(std::string_view text, std::string& name, std::string& value) {
        const std::size_t colon = text.find(':');
        const auto behind = unescaped(colon == std::string_view::npos ? "" : text.substr(colon + 1));
        if (colon == std::string_view::npos || colon == 0 || !behind) {
            problem("not a header field");
            return false;
        }
        name = text.substr(0, colon);
        value = *behind;
        return true;
    }

    void continue_header(std::string_view line) {
        const auto text = unescaped(line);
        if (out_.steps.empty() || out_.steps.back().kind != Kind::header || !text) return problem("a folded line behind no header");
        out_.steps.back().text += '\n' + *text;
    }

    void take_expectation(std::string_view text) {
        if (out_.steps.empty() || out_.steps.back().kind != Kind::end_of_message) return problem("an expectation behind no eom");
        Expectation& expected = out_.steps.back().expected;
        expected.line = line_;
        std::string_view rest = text;
        const std::string_view keyword = base::take_until(rest, ' ');
        if (keyword == "reply") {
            const auto reply = unescaped(rest);
            if (!reply) return problem("not a reply");
            expected.reply = *reply;
        } else if (keyword == "held") {
            expected.held = true;
        } else if (keyword == "add" || keyword == "insert" || keyword == "remove") {
            take_edit(keyword, rest, expected);
        } else if (keyword == "accept" || keyword == "reject" || keyword == "tempfail") {
            const auto words = words_of(rest);
            if (words.empty() || words.size() > 2) return problem("=> VERDICT REASON [JUDGED]");
            expected.verdict = keyword;
            expected.reason = words[0];
            expected.judged = words.size() == 2 ? words[1] : expected.verdict;
        } else {
            problem("unknown expectation");
        }
    }

    void take_edit(std::string_view keyword, std::string_view rest, Expectation& expected) {
        mail::HeaderEdit edit;
        edit.op = keyword == "add" ? mail::EditOp::add : keyword == "insert" ? mail::EditOp::insert : mail::EditOp::remove;
        if (edit.op != mail::EditOp::add)
            edit.index = static_cast<std::uint32_t>(std::strtoul(std::string(base::take_until(rest, ' ')).c_str(), nullptr, 10));
        if (edit.op == mail::EditOp::remove) {
            edit.name = rest;
        } else {
            if (!take_field(rest, edit.name, edit.value)) return;
            if (edit.value.starts_with(' ')) edit.value.erase(0, 1);
        }
        expected.edits.push_back(std::move(edit));
    }

    Conversation out_;
    std::string section_;
    std::size_t line_ = 0;
};

}  // namespace

std::string described(const Expectation& expectation) {
    std::string out = "=> " + expectation.verdict + ' ' + expectation.reason +
                      (expectation.judged != expectation.verdict ? ' ' + expectation.judged : "") + '\n';
    if (!expectation.reply.empty()) out += "=> reply " + escaped(expectation.reply) + '\n';
    for (const mail::HeaderEdit& edit : expectation.edits) {
        const std::string field = edit.name + ": " + escaped(edit.value);
        switch (edit.op) {
            case mail::EditOp::add:
                out += "=> add " + field;
                break;
            case mail::EditOp::insert:
                out += "=> insert " + std::to_string(edit.index) + ' ' + field;
                break;
            case mail::EditOp::remove:
                out += "=> remove " + std::to_string(edit.index) + ' ' + edit.name;
                break;
        }
        out += '\n';
    }
    if (expectation.held) out += "=> held\n";
    return out;
}

Conversation read_conversation(std::string_view text) { return Reader().read(text); }

}  // namespace exota::conversations
