// The bare bound: reads frames on one epoll loop, answers the negotiation and every end of message, looks at nothing.
// usage: frame_reader unix:PATH | inet:127.0.0.1:PORT [body]
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "wire/milter/frames.h"
#include "wire/milter/protocol.h"

namespace {

using namespace exota::milter;

int listen_on(std::string_view where) {
    if (where.starts_with("unix:")) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        where.substr(5).copy(address.sun_path, sizeof address.sun_path - 1);
        unlink(address.sun_path);
        const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
        return bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 && listen(fd, 1024) == 0 ? fd : -1;
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(std::string(where.substr(where.rfind(':') + 1)))));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    return bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 && listen(fd, 1024) == 0 ? fd : -1;
}

std::string answer(bool body) {
    std::string out;
    FrameWriter(out, 'O')
        .word(6)
        .word(action::add_headers | action::change_headers)
        .word(step::no_helo | step::no_recipient | step::no_end_of_header | step::no_unknown | step::no_data | step::no_reply_connect |
              step::no_reply_mail | step::no_reply_header | step::header_leading_space | (body ? step::no_reply_body : step::no_body));
    return out;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) return std::fputs("usage: frame_reader SOCKET [body]\n", stderr), 64;
    const bool tcp = std::string_view(argv[1]).starts_with("inet:");
    const std::string offer_answer = answer(argc > 2), verdict{"\0\0\0\1c", 5};
    const int listener = listen_on(argv[1]);
    if (listener < 0) return std::perror("listen"), 1;
    const int poll = epoll_create1(0);
    epoll_event event{.events = EPOLLIN, .data = {.fd = listener}};
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
    std::unordered_map<int, std::string> carried;
    std::vector<char> buffer(256 * 1024);
    std::vector<epoll_event> ready(256);
    for (;;) {
        const int count = epoll_wait(poll, ready.data(), static_cast<int>(ready.size()), -1);
        for (int i = 0; i < count; ++i) {
            const int fd = ready[static_cast<std::size_t>(i)].data.fd;
            if (fd == listener) {
                const int peer = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
                if (peer < 0) continue;
                event = {.events = EPOLLIN, .data = {.fd = peer}};
                epoll_ctl(poll, EPOLL_CTL_ADD, peer, &event);
                carried[peer];
                continue;
            }
            std::string& rest = carried[fd];
            rest.copy(buffer.data(), rest.size());
            const ssize_t got = read(fd, buffer.data() + rest.size(), buffer.size() - rest.size());
            if (got <= 0) {
                carried.erase(fd);
                close(fd);
                continue;
            }
            std::string_view bytes(buffer.data(), rest.size() + static_cast<std::size_t>(got));
            std::string out;
            for (;;) {
                const auto frame = next_frame(bytes, 1 << 20);
                if (!frame || !*frame) break;
                if ((*frame)->command == 'O') out += offer_answer;
                if ((*frame)->command == 'E') out += verdict;
                bytes.remove_prefix((*frame)->consumed);
            }
            rest = bytes;
            if (!out.empty()) {
                if (write(fd, out.data(), out.size()) < 0) std::perror("write");
            } else if (tcp) {
                const int on = 1;
                setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
            }
        }
    }
}
