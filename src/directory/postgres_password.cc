#include "directory/postgres_password.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "directory/read_file.h"

namespace exota::directory {

Secret::~Secret() {
    text.resize(text.capacity());
    ::explicit_bzero(text.data(), text.size());
}

base::Result<void> read_password(const std::string& path, Secret& into) {
    const auto failed = [&](const std::string& why) { return base::fail(base::Errc::io, path + ": " + why); };
    const auto file = open_regular_file(path, Links::followed);
    if (!file) return failed("no password can be read: " + file.error().detail);
    into.text.resize(max_password_octets + 1);  // at once: what grows leaves copies behind
    const auto got = read_into(file->descriptor, into.text);
    if (!got) return failed("no password can be read: " + got.error().detail);
    if (*got > max_password_octets) return failed("more than " + std::to_string(max_password_octets) + " octets");
    into.text.resize(std::min(*got, into.text.find_first_of(std::string_view("\r\n\0", 3))));
    if (into.text.empty()) return failed("its first line is empty");
    return {};
}

}  // namespace exota::directory
