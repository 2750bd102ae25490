// The problems found in a tenants file: all of them up to a limit, errors apart from warnings so that many warnings hide no error.
// Internal to this folder.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tenant/tenants_file.h"

namespace exota::tenant {

class Problems {
public:
    void error(TextPlace place, std::string path, std::string text) {
        errors_.add({Problem::Severity::error, place, std::move(path), std::move(text)});
    }
    void warning(TextPlace place, std::string path, std::string text) {
        warnings_.add({Problem::Severity::warning, place, std::move(path), std::move(text)});
    }
    bool any_error() const noexcept { return errors_.count > 0; }
    std::size_t error_count() const noexcept { return errors_.count; }

    /// In the order of the file, what concerns the whole file last.
    std::vector<Problem> take();

private:
    struct List {
        void add(Problem problem) {
            if (++count <= max_problems) kept.push_back(std::move(problem));
        }
        std::vector<Problem> kept;
        std::size_t count = 0;
    };
    List errors_, warnings_;
};

/// `path` with one more step: ".proofs", or "[\"contoso.com\"]" for a name that is not plain.
std::string json_path(std::string_view path, std::string_view member);
std::string json_path(std::string_view path, std::size_t index);
/// `text` for a message: in double quotes, escaped, at most about 80 octets of it.
std::string in_quotes(std::string_view text);
/// ", did you mean X?" or nothing.
std::string hint(std::string_view word, const std::string_view* known, std::size_t count);

}  // namespace exota::tenant
