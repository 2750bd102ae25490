// Which page answers a request: by its path alone, GET and HEAD only.
//
// Tested by router_test.cc.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace exota::web {

enum class Method : std::uint8_t { get, head, other };

inline constexpr std::string_view plain_text = "text/plain; charset=utf-8";

/// What is said to a request, whoever carries it.
struct Answer {
    unsigned status = 200;  // RFC 9110 section 15
    std::string_view content_type = plain_text;
    std::string_view allow{};  // the methods that there are, for who asked with another
    std::string body{};
};

class Router {
public:
    using Page = std::function<Answer()>;

    /// @param path  of the request's target, without its query: "/healthz".
    void add(std::string path, Page page);
    /// 404 for a path that there is not, 405 for another method; the page of a HEAD is made like that of a GET.
    /// @param target  RFC 9112 section 3.2.1; a query is taken and ignored.
    Answer answer(Method method, std::string_view target) const;

private:
    struct Entry {
        std::string path;
        Page page;
    };
    std::vector<Entry> entries_;
};

}  // namespace exota::web
