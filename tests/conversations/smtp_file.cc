#include "smtp_file.h"

#include "base/text.h"

namespace exota::conversations {

SmtpFile read_smtp_file(std::string_view text) {
    SmtpFile file;
    std::size_t number = 0;
    while (!text.empty()) {
        const std::string_view line = base::take_until(text, '\n');
        ++number;
        const auto problem = [&](std::string_view what) { file.problems.push_back(std::to_string(number) + ": " + std::string(what)); };
        if (line.starts_with("set ")) {
            std::string_view rest = line.substr(4);
            const std::string_view key = base::take_until(rest, ' ');
            file.settings.emplace_back(key, rest);
        } else if (line.starts_with("then ")) {
            file.known.emplace_back(line.substr(5));
        } else if (line.starts_with("C:") || line.starts_with("B:") || line.starts_with("S:") || line.starts_with("G:") ||
                   line.starts_with("do ") || line.starts_with("is ")) {
            if (!file.known.empty()) problem("the conversation is over");
            file.dialogue += line;
        } else if (!line.empty() && !line.starts_with('#')) {
            problem("no line of a conversation: " + std::string(line));
        }
        file.dialogue += '\n';
    }
    return file;
}

}  // namespace exota::conversations
