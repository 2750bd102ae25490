#include "telemetry/log_sink.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <gtest/gtest.h>

#include <cstring>

#include "net/testing.h"

namespace exota::telemetry {
namespace {

using net::Descriptor;
using net::testing::TemporaryDirectory;

LogBatch batch_of(const std::vector<std::string>& records) {
    LogBatch batch;
    for (const std::string& record : records) {
        batch.octets += record;
        batch.ends.push_back(batch.octets.size());
    }
    return batch;
}

std::pair<Descriptor, Descriptor> a_pipe() {
    int ends[2] = {-1, -1};
    EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
    return {Descriptor(ends[0]), Descriptor(ends[1])};
}

std::string read_available(const Descriptor& from) {
    fcntl(from.get(), F_SETFL, O_NONBLOCK);
    std::string text;
    char buffer[65536];
    for (ssize_t got = 0; (got = ::read(from.get(), buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<std::size_t>(got));
    return text;
}

TEST(StreamSink, a_batch_is_written_whole) {
    const auto [reader, writer] = a_pipe();
    const auto sink = make_stream_sink(writer.get());
    EXPECT_EQ(sink->write(batch_of({"one\n", "two\n"})), 0U);
    EXPECT_EQ(read_available(reader), "one\ntwo\n");
    EXPECT_EQ(fcntl(writer.get(), F_GETFL) & O_NONBLOCK, 0) << "the pipe is shared with others";
}

TEST(StreamSink, a_full_pipe_loses_records_but_no_line_is_spoilt) {
    const auto [reader, writer] = a_pipe();
    const auto sink = make_stream_sink(writer.get(), std::chrono::milliseconds(10));
    const std::string long_line = std::string(40'000, 'a') + '\n';
    EXPECT_EQ(sink->write(batch_of({long_line, long_line, long_line})), 2U);  // a pipe takes 64 KiB: one and a half
    const std::string first = read_available(reader);
    EXPECT_TRUE(first.starts_with(long_line));
    EXPECT_EQ(sink->write(batch_of({"next\n"})), 0U);
    EXPECT_EQ(read_available(reader), "\nnext\n") << "the cut line is ended first";
    EXPECT_EQ(sink->write(batch_of({"and\n"})), 0U);
    EXPECT_EQ(read_available(reader), "and\n");
}

TEST(StreamSink, a_file_that_was_cut_is_written_from_its_beginning) {
    const TemporaryDirectory folder;
    const std::string path = folder.path("log");
    const Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));  // as `2>log` opens it
    const auto sink = make_stream_sink(file.get());
    EXPECT_EQ(sink->write(batch_of({"one\n"})), 0U);
    ASSERT_EQ(::truncate(path.c_str(), 0), 0);
    EXPECT_EQ(sink->write(batch_of({"two\n"})), 0U);
    char buffer[64];
    const ssize_t got = ::pread(file.get(), buffer, sizeof buffer, 0);
    EXPECT_EQ(std::string(buffer, got > 0 ? static_cast<std::size_t>(got) : 0), "two\n");
}

TEST(StreamSink, a_reader_that_is_gone) {
    auto [reader, writer] = a_pipe();
    const auto sink = make_stream_sink(writer.get());
    reader.reset();
    const auto before = signal(SIGPIPE, SIG_IGN);  // as the daemon has it
    EXPECT_EQ(sink->write(batch_of({"one\n", "two\n"})), 2U);
    signal(SIGPIPE, before);
}

TEST(StreamSink, a_socket_and_a_file) {
    int ends[2] = {-1, -1};
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    const Descriptor reader(ends[0]), writer(ends[1]);
    EXPECT_EQ(make_stream_sink(writer.get())->write(batch_of({"one\n"})), 0U);
    EXPECT_EQ(read_available(reader), "one\n");

    const TemporaryDirectory directory;
    const Descriptor file(::open(directory.path("log").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
    EXPECT_EQ(make_stream_sink(file.get())->write(batch_of({"one\n"})), 0U);
    lseek(file.get(), 0, SEEK_SET);
    EXPECT_EQ(read_available(file), "one\n");
}

Descriptor datagram_server(const std::string& path) {
    Descriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    net::testing::limit_time(socket.get());
    return socket;
}

std::string datagram(const Descriptor& socket) {
    std::string text(1024 * 1024, '\0');
    const ssize_t got = ::recv(socket.get(), text.data(), text.size(), 0);
    text.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
    return text;
}

TEST(DatagramSink, a_record_is_a_datagram) {
    const TemporaryDirectory directory;
    const Descriptor server = datagram_server(directory.path("log"));
    const auto sink = make_datagram_sink(directory.path("log"), DatagramKind::syslog);
    EXPECT_EQ(sink->write(batch_of({"<22>one", "<22>two"})), 0U);
    EXPECT_EQ(datagram(server), "<22>one");
    EXPECT_EQ(datagram(server), "<22>two");
}

TEST(DatagramSink, a_server_that_was_restarted) {
    const TemporaryDirectory directory;
    const std::string path = directory.path("log");
    Descriptor server = datagram_server(path);
    const auto sink = make_datagram_sink(path, DatagramKind::syslog);
    EXPECT_EQ(sink->write(batch_of({"one"})), 0U);
    server.reset();
    std::filesystem::remove(path);
    EXPECT_EQ(sink->write(batch_of({"lost", "lost"})), 2U);
    const Descriptor next = datagram_server(path);
    const auto fresh = make_datagram_sink(path, DatagramKind::syslog);
    EXPECT_EQ(fresh->write(batch_of({"two"})), 0U);
    EXPECT_EQ(datagram(next), "two");
}

TEST(DatagramSink, a_restart_between_two_records_loses_none) {
    const TemporaryDirectory directory;
    const std::string path = directory.path("log");
    Descriptor server = datagram_server(path);
    const auto sink = make_datagram_sink(path, DatagramKind::journal);
    EXPECT_EQ(sink->write(batch_of({"one"})), 0U);
    server.reset();
    std::filesystem::remove(path);
    const Descriptor next = datagram_server(path);
    EXPECT_EQ(sink->write(batch_of({"two"})), 0U);
    EXPECT_EQ(datagram(next), "two");
}

TEST(DatagramSink, nobody_there) {
    const TemporaryDirectory directory;
    const std::string path = directory.path("none");
    const auto sink = make_datagram_sink(path, DatagramKind::journal);
    ::testing::internal::CaptureStderr();
    EXPECT_EQ(sink->write(batch_of({"a", "b", "c"})), 3U);
    EXPECT_EQ(sink->write(batch_of({"d"})), 1U);
    EXPECT_EQ(::testing::internal::GetCapturedStderr(),
              "exota: " + path + ": No such file or directory: records of the log are lost until somebody listens there\n")
        << "said once";
}

TEST(DatagramSink, a_full_server_is_not_waited_for_for_ever) {
    const TemporaryDirectory directory;
    const Descriptor server = datagram_server(directory.path("log"));
    const auto sink = make_datagram_sink(directory.path("log"), DatagramKind::syslog, std::chrono::milliseconds(10));
    const std::vector<std::string> many(2000, "<22>record");
    EXPECT_GT(sink->write(batch_of(many)), 0U);
}

TEST(DatagramSink, what_is_too_long_is_cut_for_syslog_and_a_file_for_the_journal) {
    const TemporaryDirectory directory;
    const std::string huge(8'000'000, 'x');
    {
        const Descriptor server = datagram_server(directory.path("syslog"));
        EXPECT_EQ(make_datagram_sink(directory.path("syslog"), DatagramKind::syslog)->write(batch_of({huge, "next"})), 0U);
        EXPECT_EQ(datagram(server), std::string(2000, 'x'));
        EXPECT_EQ(datagram(server), "next");
    }
    const Descriptor server = datagram_server(directory.path("journal"));
    EXPECT_EQ(make_datagram_sink(directory.path("journal"), DatagramKind::journal)->write(batch_of({huge})), 0U);
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    msghdr message{};
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    ASSERT_EQ(recvmsg(server.get(), &message, 0), 0);
    const cmsghdr* const header = CMSG_FIRSTHDR(&message);
    ASSERT_NE(header, nullptr);
    int descriptor = -1;
    std::memcpy(&descriptor, CMSG_DATA(header), sizeof descriptor);
    const Descriptor file(descriptor);
    EXPECT_EQ(lseek(file.get(), 0, SEEK_END), static_cast<off_t>(huge.size()));
    EXPECT_EQ(fcntl(file.get(), F_GET_SEALS) & (F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW), F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW);
}

}  // namespace
}  // namespace exota::telemetry
