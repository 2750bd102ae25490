#include "telemetry/log_writer.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <system_error>

namespace exota::telemetry {

namespace {

void append(LogBatch& to, const LogBatch& from) {
    const std::size_t offset = to.octets.size();
    to.octets += from.octets;
    for (const std::size_t end : from.ends) to.ends.push_back(offset + end);
}

/// Empties what was written. Its room is kept for the next, unless a burst made it large.
void recycle(LogBatch& batch) {
    if (batch.octets.capacity() > LogWriter::max_kept_octets || batch.ends.capacity() * sizeof(std::size_t) > LogWriter::max_kept_octets) {
        std::string().swap(batch.octets);  // an assignment of an empty string would keep the room
        std::vector<std::size_t>().swap(batch.ends);
    }
    batch.clear();
}

}  // namespace

void LogChannel::end_record() {
    const std::size_t start = current_.ends.empty() ? 0 : current_.ends.back();
    if (current_.octets.size() > max_octets && start > 0) {  // a single long record is taken in any case
        current_.octets.resize(start);
        dropped_.add();
        return;
    }
    current_.ends.push_back(current_.octets.size());
    if (current_.octets.size() >= flush_octets) static_cast<void>(flush());  // if not now, then at the end of the turn
}

bool LogChannel::flush() {
    if (current_.empty()) return true;
    {
        const std::unique_lock lock(mutex_, std::try_to_lock);
        if (!lock) return false;
        if (given_.empty())
            std::swap(given_, current_);
        else if (given_.octets.size() + current_.octets.size() <= max_octets)
            append(given_, current_);
        else
            dropped_.add(current_.ends.size());  // the sink is slow: these are lost, nobody waits
    }
    current_.clear();
    writer_.wake();
    return true;
}

void LogChannel::take(LogBatch& batch) {
    const std::lock_guard lock(mutex_);
    if (!given_.empty()) std::swap(batch, given_);
}

LogWriter::LogWriter(std::unique_ptr<LogSink> sink) : sink_(std::move(sink)), event_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (!event_) throw std::system_error(errno, std::generic_category(), "eventfd");
    thread_ = std::thread([this] { work(); });
}

LogWriter::~LogWriter() {
    stopping_ = true;
    wake_now();
    thread_.join();
    for (const auto& channel : channels_)  // what was never handed over: the producers are gone by now
        if (!channel->current_.empty()) static_cast<void>(sink_->write(channel->current_));
}

LogChannel& LogWriter::add_channel() {
    const std::lock_guard lock(channels_mutex_);
    channels_.push_back(std::make_unique<LogChannel>(*this));
    return *channels_.back();
}

std::uint64_t LogWriter::lost() const noexcept {
    const std::lock_guard lock(channels_mutex_);
    std::uint64_t sum = lost_in_sink_;
    for (const auto& channel : channels_) sum += channel->dropped().value();
    return sum;
}

/// Costs a system call only when the writer sleeps: it says so before it looks a last time, and we look after handing over.
void LogWriter::wake() noexcept {
    if (asleep_.load() && asleep_.exchange(false)) wake_now();
}

void LogWriter::wake_now() noexcept {
    const std::uint64_t one = 1;
    static_cast<void>(::write(event_.get(), &one, sizeof one));  // can only fail when it is full, and then it wakes
}

void LogWriter::settle() noexcept {
    const std::uint64_t ours = ++settles_asked_;
    wake_now();
    for (std::uint64_t done = settles_done_; done < ours; done = settles_done_) settles_done_.wait(done);
}

bool LogWriter::write_all() {
    {
        const std::lock_guard lock(channels_mutex_);
        for (std::size_t i = seen_.size(); i < channels_.size(); ++i) seen_.push_back(channels_[i].get());
    }
    for (LogChannel* channel : seen_) {
        if (all_.empty()) {
            channel->take(all_);
            continue;
        }
        channel->take(one_);
        append(all_, one_);
        recycle(one_);
    }
    if (all_.empty()) return false;
    if (const std::size_t lost = sink_->write(all_); lost > 0) lost_in_sink_ += lost;
    recycle(all_);
    return true;
}

void LogWriter::work() {
    for (;;) {
        const std::uint64_t asked = settles_asked_;  // before the look that finds all that was handed over by then
        const bool wrote = write_all();
        if (settles_done_ < asked) {
            settles_done_ = asked;
            settles_done_.notify_all();
        }
        if (stopping_) {
            if (!wrote) return;
            continue;
        }
        pollfd event{.fd = event_.get(), .events = POLLIN, .revents = 0};
        if (wrote) {
            static_cast<void>(::poll(&event, 1, gather_milliseconds));
        } else {
            asleep_ = true;
            if (write_all()) {  // came between the last look and falling asleep
                asleep_ = false;
                continue;
            }
            static_cast<void>(::poll(&event, 1, -1));
            asleep_ = false;
        }
        std::uint64_t count = 0;
        static_cast<void>(::read(event_.get(), &count, sizeof count));  // nothing to read: nobody woke us
    }
}

}  // namespace exota::telemetry
