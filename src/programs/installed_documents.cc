// The prefix is chosen when installing and again by whoever moves the tree, so it is found from where the program lies.
#include "programs/installed_documents.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "base/text.h"

namespace exota::programs {
namespace {

constexpr std::string_view mark = "docs/";

/// With a final slash; empty where there are none.
std::string find_folder_of_documents() {
    std::error_code error;
    const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
    if (error) return {};
    const std::filesystem::path folder = (program.parent_path().parent_path() / EXOTA_DOC_DIR / "docs").lexically_normal();
    return std::filesystem::is_directory(folder, error) ? folder.string() + '/' : std::string();
}

/// Looked for once: a program does not move while it runs.
const std::string& folder_of_documents() {
    static const std::string folder = find_folder_of_documents();
    return folder;
}

bool is_of_name(char c) noexcept { return base::is_alnum(c) || c == '/' || c == '.' || c == '-' || c == '_'; }

}  // namespace

std::string with_installed_documents(std::string_view text) {
    if (!text.contains(mark)) return std::string(text);
    const std::string& folder = folder_of_documents();
    if (folder.empty()) return std::string(text);
    std::string out;
    while (!text.empty()) {
        const std::size_t at = text.find(mark);
        out += text.substr(0, at);
        if (at == std::string_view::npos) break;
        text.remove_prefix(at);
        const auto end = std::ranges::find_if_not(text, is_of_name);
        const std::string_view name(text.begin(), end);
        const bool begins_here = out.empty() || !is_of_name(out.back());
        if (begins_here && name.contains(".md"))
            out.append(folder).append(name.substr(mark.size()));
        else
            out += name;
        text.remove_prefix(name.size());
    }
    return out;
}

}  // namespace exota::programs
