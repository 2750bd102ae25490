// What postconf prints, as values: settings of main.cf, services of master.cf with what each overrides, lists of milters.
//
// Tested by doctor_postfix_test.cc.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace exota::programs {

using Settings = std::map<std::string, std::string, std::less<>>;

struct MasterService {
    std::string name, type;   // "smtp", "inet"
    std::string chroot;       // as written: y, n or -
    std::string program;      // "smtpd"
    Settings overrides = {};  // of `-o`
    std::string label() const { return name + '/' + type; }
};

/// One line "name = value" a setting, as `postconf -x NAME…` prints them.
Settings read_postconf(std::string_view output);
/// `postconf -M`. @return  invalid_data with the line that is no service.
base::Result<std::vector<MasterService>> read_master(std::string_view output);
/// `postconf -Px`: lines "name/type/setting = value" into the services' overrides.
void read_overrides(std::string_view output, std::vector<MasterService>& services);

/// One of smtpd_milters: "unix:path", "inet:host:port", or either in braces with settings of its own.
struct PostfixMilter {
    std::string text;        // without the braces' settings
    std::string path;        // of unix: and local:, as written
    std::string host, port;  // of inet:, without brackets
    Settings settings = {};  // default_action …
};

/// An entry that is neither has neither path nor port.
std::vector<PostfixMilter> read_milters(std::string_view list);

/// Words between blanks and commas; what stands in braces is one word, braces included.
std::vector<std::string> postfix_words(std::string_view list);

/// Whether a service runs in the queue directory: "-" means no since Postfix 3.0, unless compatibility_level is 0.
bool is_chrooted(const MasterService& service, std::string_view compatibility_level);

}  // namespace exota::programs
