#include "app/spool.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "base/system_error.h"
#include "net/server_limits.h"

namespace exota::app {

namespace {

using base::Errc;
using base::fail;
using base::Result;
using base::system_error;

/// How much is read of a file at once.
constexpr std::size_t max_read_octets = std::size_t{64} * 1024;

}  // namespace

class SpoolRoom::HeldMessage final : public gate::Spool {
public:
    HeldMessage(SpoolRoom& room, std::size_t hold_octets, const base::IpAddress& client) noexcept
        : room_(room), hold_octets_(hold_octets), client_(client) {}
    ~HeldMessage() override {
        room_.held_.memory.fetch_sub(pieces_.size() * spool_piece_octets);
        if (on_disk_ > 0) room_.give_disk_back(client_, on_disk_);
    }
    HeldMessage(const HeldMessage&) = delete;
    HeldMessage& operator=(const HeldMessage&) = delete;

    Result<void> append(std::string_view octets) override {
        while (!octets.empty() && !file_) {
            const std::size_t room = room_in_memory();
            if (room == 0) break;
            const std::size_t taken = std::min(room, octets.size());
            octets.copy(pieces_.back().get() + in_memory_ % spool_piece_octets, taken);
            in_memory_ += taken;
            octets.remove_prefix(taken);
        }
        return octets.empty() ? Result<void>{} : append_to_file(octets);
    }

    std::uint64_t size() const noexcept override { return in_memory_ + on_disk_; }

    Result<std::string_view> read(std::uint64_t at, std::size_t max_octets) override {
        if (at >= size() || max_octets == 0) return fail(Errc::invalid_data, "nothing is held from there on");
        if (at < in_memory_) {
            const std::size_t within = at % spool_piece_octets;
            const std::size_t octets = std::min({max_octets, spool_piece_octets - within, static_cast<std::size_t>(in_memory_ - at)});
            return std::string_view(pieces_[at / spool_piece_octets].get() + within, octets);
        }
        return read_file(at - in_memory_, max_octets);
    }

private:
    /// Octets that the last piece takes, or a new one.
    std::size_t room_in_memory() {
        if (in_memory_ >= hold_octets_) return 0;
        if (in_memory_ == pieces_.size() * spool_piece_octets) {
            if (!room_.take_memory(spool_piece_octets)) return 0;
            pieces_.push_back(std::make_unique_for_overwrite<char[]>(spool_piece_octets));
        }
        return std::min(hold_octets_, pieces_.size() * spool_piece_octets) - in_memory_;
    }

    Result<void> append_to_file(std::string_view octets) {
        if (!file_) {
            auto made = room_.make_file();
            if (!made) return std::unexpected(made.error());
            file_ = *std::move(made);
        }
        if (const Result<void> taken = room_.take_disk(client_, octets.size()); !taken) return taken;
        const std::uint64_t begin = std::exchange(on_disk_, on_disk_ + octets.size());
        for (std::size_t written = 0; written < octets.size();) {
            const ssize_t count =
                ::pwrite(file_.get(), octets.data() + written, octets.size() - written, static_cast<off_t>(begin + written));
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) return system_error(room_.limits_.directory);
            written += static_cast<std::size_t>(count);
        }
        return {};
    }

    Result<std::string_view> read_file(std::uint64_t at, std::size_t max_octets) {
        buffer_.resize(std::min({max_octets, max_read_octets, static_cast<std::size_t>(on_disk_ - at)}));
        for (;;) {
            const ssize_t count = ::pread(file_.get(), buffer_.data(), buffer_.size(), static_cast<off_t>(at));
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) return system_error(room_.limits_.directory);
            if (count == 0) return fail(Errc::io, room_.limits_.directory + ": a held message is shorter than what was written of it");
            return std::string_view(buffer_).substr(0, static_cast<std::size_t>(count));
        }
    }

    SpoolRoom& room_;
    const std::size_t hold_octets_;
    const base::IpAddress client_;
    std::vector<std::unique_ptr<char[]>> pieces_;
    std::size_t in_memory_ = 0;
    net::Descriptor file_;  // once there is something in it
    std::uint64_t on_disk_ = 0;
    std::string buffer_;  // what was read of it last
};

Result<std::unique_ptr<SpoolRoom>> SpoolRoom::open(SpoolLimits limits) {
    net::Descriptor directory(::open(limits.directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!directory) return system_error(limits.directory);
    std::unique_ptr<SpoolRoom> room(new SpoolRoom(std::move(limits), std::move(directory)));
    if (const auto file = room->make_file(); !file) return std::unexpected(file.error());
    return room;
}

std::unique_ptr<gate::Spool> SpoolRoom::make(std::size_t hold_octets, const std::optional<base::IpAddress>& client) {
    return std::make_unique<HeldMessage>(*this, hold_octets, net::network_of_client(client.value_or(base::IpAddress{})));
}

Result<net::Descriptor> SpoolRoom::make_file() const {
    net::Descriptor file(::openat(directory_.get(), ".", O_TMPFILE | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR));
    if (!file) return system_error(limits_.directory);
    return file;
}

bool SpoolRoom::take_memory(std::size_t octets) noexcept {
    if (held_.memory.fetch_add(octets) + octets <= limits_.hold_memory) return true;
    held_.memory.fetch_sub(octets);
    return false;
}

Result<void> SpoolRoom::take_disk(const base::IpAddress& client, std::uint64_t octets) {
    const std::lock_guard lock(clients_mutex_);
    const std::uint64_t all = held_.disk.load();
    if (octets > limits_.spool_octets - std::min(all, limits_.spool_octets))
        return fail(Errc::too_long, "spool_octets (" + std::to_string(limits_.spool_octets) + ") are taken");
    const auto found = clients_.find(client);
    const std::uint64_t own = found == clients_.end() ? 0 : found->second, most = limits_.spool_octets / spool_client_part;
    if (octets > most - std::min(own, most))
        return fail(Errc::too_long, "one client may have a tenth of spool_octets (" + std::to_string(limits_.spool_octets) + ')');
    clients_[client] = own + octets;
    held_.disk.store(all + octets);
    return {};
}

void SpoolRoom::give_disk_back(const base::IpAddress& client, std::uint64_t octets) noexcept {
    const std::lock_guard lock(clients_mutex_);
    held_.disk.fetch_sub(octets);
    const auto found = clients_.find(client);
    if (found != clients_.end() && (found->second -= octets) == 0) clients_.erase(found);
}

}  // namespace exota::app
