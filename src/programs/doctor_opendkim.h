// OpenDKIM's configuration file (opendkim.conf(5)) as values.
//
// Tested by doctor_opendkim_test.cc.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace exota::programs {

class OpenDkimSettings {
public:
    using ReadFile = std::function<base::Result<std::string>(const std::string& path)>;

    /// @param read_file  for the file itself and for `Include`, to five levels.
    /// @return           the error of a file that cannot be read.
    static base::Result<OpenDkimSettings> load(const std::string& path, const ReadFile& read_file);

    /// Names without regard to case; of several the last.
    std::optional<std::string> find(std::string_view name) const;
    /// nullopt: it is not there, or no boolean.
    std::optional<bool> is_on(std::string_view name) const;
    /// Of what opendkim.conf(5) calls an integer. nullopt: it is not there, or none.
    std::optional<std::int64_t> number(std::string_view name) const;
    /// A data set that is a list in place. nullopt: it is a file or a database, and was not looked at.
    static std::optional<std::vector<std::string>> list_in(std::string_view value);

private:
    base::Result<void> add(const std::string& path, const ReadFile& read_file, int level);
    std::map<std::string, std::string, std::less<>> values_;  // names in lower case
};

}  // namespace exota::programs
