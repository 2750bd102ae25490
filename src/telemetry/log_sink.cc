#include "telemetry/log_sink.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "base/utf8.h"

namespace exota::telemetry {

namespace {

using net::Descriptor;
using Clock = std::chrono::steady_clock;

/// @return false: no room until `deadline`.
bool wait_for_room(int descriptor, Clock::time_point deadline) {
    for (;;) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
        if (left.count() <= 0) return false;
        pollfd one{.fd = descriptor, .events = POLLOUT, .revents = 0};
        const int ready = ::poll(&one, 1, static_cast<int>(left.count()));
        if (ready > 0) return true;
        if (ready < 0 && errno != EINTR) return false;
    }
}

class StreamSink final : public LogSink {
public:
    StreamSink(int descriptor, std::chrono::milliseconds longest_wait) : shared_(descriptor), longest_wait_(longest_wait) {
        struct stat status{};
        if (fstat(descriptor, &status) != 0) return;
        is_socket_ = S_ISSOCK(status.st_mode);
        is_pipe_ = S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode);
        // `2>file`: who cuts the file (logrotate's copytruncate) would find it filled up with NUL to where we were. Append, as `2>>` does.
        if (S_ISREG(status.st_mode))
            if (const int flags = fcntl(descriptor, F_GETFL); flags >= 0)
                static_cast<void>(fcntl(descriptor, F_SETFL, flags | O_APPEND));  // refused: as the shell opened it
        // A description of our own can be non-blocking without making it so for those who share the pipe or terminal with us.
        if (is_pipe_)
            own_ =
                Descriptor(::open(("/proc/self/fd/" + std::to_string(descriptor)).c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
    }

    std::size_t write(const LogBatch& batch) override {
        const Clock::time_point deadline = Clock::now() + longest_wait_;
        std::string_view rest = batch.octets;
        while (!rest.empty()) {
            const ssize_t written = write_some(rest);
            if (written >= 0) {
                rest.remove_prefix(static_cast<std::size_t>(written));
                continue;
            }
            if (errno == EINTR) continue;
            if ((errno != EAGAIN && errno != EWOULDBLOCK) || !wait_for_room(descriptor(), deadline)) break;
        }
        const std::size_t done = batch.octets.size() - rest.size();
        const auto lost = static_cast<std::size_t>(std::ranges::count_if(batch.ends, [done](std::size_t end) { return end > done; }));
        // A line that was cut is ended before the next one, or it would swallow it.
        if (done > 0) cut_ = !std::ranges::binary_search(batch.ends, done);
        return lost;
    }

private:
    int descriptor() const noexcept { return own_ ? own_.get() : shared_; }

    ssize_t write_some(std::string_view text) {
        if (cut_) {
            const ssize_t ended = write_raw("\n");
            if (ended <= 0) return ended;
            cut_ = false;
        }
        return write_raw(text);
    }

    ssize_t write_raw(std::string_view text) {
        if (is_socket_) return ::send(shared_, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
        if (own_) return ::write(own_.get(), text.data(), text.size());
        if (is_pipe_) {  // somebody else's: with room for PIPE_BUF octets a write of no more does not block
            pollfd one{.fd = shared_, .events = POLLOUT, .revents = 0};
            if (::poll(&one, 1, 0) == 0) {
                errno = EAGAIN;
                return -1;
            }
            text = text.substr(0, 4096);
        }
        return ::write(shared_, text.data(), text.size());
    }

    int shared_;
    std::chrono::milliseconds longest_wait_;
    Descriptor own_;
    bool is_socket_ = false;
    bool is_pipe_ = false;
    bool cut_ = false;
};

class DatagramSink final : public LogSink {
public:
    DatagramSink(std::string path, DatagramKind kind, std::chrono::milliseconds longest_wait)
        : path_(std::move(path)), kind_(kind), longest_wait_(longest_wait) {}

    std::size_t write(const LogBatch& batch) override {
        const Clock::time_point deadline = Clock::now() + longest_wait_;
        std::size_t lost = 0;
        std::size_t start = 0;
        for (const std::size_t end : batch.ends) {
            if (!send(std::string_view(batch.octets).substr(start, end - start), deadline)) ++lost;
            start = end;
        }
        return lost;
    }

private:
    static constexpr std::size_t cut_octets = 2000;  // what every syslog daemon takes

    bool connect() {
        if (socket_) return true;
        const auto now = Clock::now();
        if (tried_ && now < *tried_ + longest_wait) return false;
        tried_ = now;
        Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        if (!socket) return false;
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path_.copy(address.sun_path, sizeof address.sun_path - 1);
        if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
            complain(errno);
            return false;
        }
        constexpr int wanted = 1024 * 1024;
        static_cast<void>(setsockopt(socket.get(), SOL_SOCKET, SO_SNDBUF, &wanted, sizeof wanted));  // fewer records are too long for it
        socket_ = std::move(socket);
        complained_ = false;
        return true;
    }

    /// Once, on standard error: whom else could a log tell that it cannot log?
    void complain(int error) {
        if (std::exchange(complained_, true)) return;
        const std::string text =
            "exota: " + path_ + ": " + std::strerror(error) + ": records of the log are lost until somebody listens there\n";
        static_cast<void>(!::write(STDERR_FILENO, text.data(), text.size()));  // nobody is left to tell
    }

    bool send(std::string_view record, Clock::time_point deadline) {
        if (!connect()) return false;
        for (bool again = true;;) {
            if (::send(socket_.get(), record.data(), record.size(), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) return true;
            switch (errno) {
                case EINTR:
                    continue;
                case EAGAIN:
                case ENOBUFS:
                    if (!wait_for_room(socket_.get(), deadline)) return false;
                    continue;
                case EMSGSIZE:
                    if (kind_ == DatagramKind::journal) return send_as_file(record);
                    if (record.size() <= cut_octets) return false;
                    record = base::truncate_utf8(record, cut_octets);
                    continue;
                default:  // the other side was restarted
                    socket_.reset();
                    if (again) tried_.reset();
                    if (!again || !connect()) return false;
                    again = false;
            }
        }
    }

    /// The journal takes a sealed memory file in place of a datagram that is too long.
    bool send_as_file(std::string_view record) {
        const Descriptor file(memfd_create("exota-log", MFD_CLOEXEC | MFD_ALLOW_SEALING));
        if (!file) return false;
        while (!record.empty()) {
            const ssize_t written = ::write(file.get(), record.data(), record.size());
            if (written <= 0) return false;
            record.remove_prefix(static_cast<std::size_t>(written));
        }
        if (fcntl(file.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) != 0) return false;
        alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
        msghdr message{};
        message.msg_control = control;
        message.msg_controllen = sizeof control;
        cmsghdr* const header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        const int descriptor = file.get();
        std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
        return ::sendmsg(socket_.get(), &message, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
    }

    std::string path_;
    DatagramKind kind_;
    std::chrono::milliseconds longest_wait_;
    Descriptor socket_;
    std::optional<Clock::time_point> tried_;
    bool complained_ = false;  // since somebody listened last
};

}  // namespace

std::unique_ptr<LogSink> make_stream_sink(int descriptor, std::chrono::milliseconds longest_wait) {
    return std::make_unique<StreamSink>(descriptor, longest_wait);
}

std::unique_ptr<LogSink> make_datagram_sink(std::string socket_path, DatagramKind kind, std::chrono::milliseconds longest_wait) {
    return std::make_unique<DatagramSink>(std::move(socket_path), kind, longest_wait);
}

}  // namespace exota::telemetry
