// A daemon with an inbound door: its socket, and the files that it watches.
#include <gtest/gtest.h>

#include "app/testing_daemon.h"

namespace exota::app {
namespace {

using testing::contoso;
using testing::Mta;
using testing::write;

class DaemonDoor : public testing::Daemon {
protected:
    void start_door() {
        second_ = std::chrono::milliseconds(20);
        write(directory_.path("block"), "192.0.2.0/24\n");
        configure("enforce");
        start();
        ASSERT_EQ(bound_.size(), 3U) << complaints_;
        logged("event=ready");
    }
    void configure(const std::string& mode, const std::string& perimeter = "") const {
        write(directory_.path("exota.toml"),
              config("", "[inbound]\nlisten = [\"unix:" + directory_.path("door") + "\"]\nmode = \"" + mode +
                             "\"\n[perimeter]\nblock_file = \"" + directory_.path("block") + "\"\n" + perimeter));
    }
    std::string at_rcpt() const { return Mta(bound_[1]).recipient(); }
};

TEST_F(DaemonDoor, refuses_at_its_own_socket_only) {
    start_door();
    const std::string refused = at_rcpt();
    EXPECT_TRUE(refused.starts_with("y550 5.7.1 Client [192.0.2.1] blocked")) << refused;
    const std::string line = logged("event=message");
    for (const char* part : {"door=inbound", "reason=client-blocked", "stage=client", "recipient=c@d.example"})
        EXPECT_NE(line.find(part), std::string::npos) << part << line;
    Mta(bound_[0]).message(contoso);
    EXPECT_EQ(logged("event=message").find("door="), std::string::npos);
}

TEST_F(DaemonDoor, takes_a_changed_file_and_keeps_the_last_good_one) {
    start_door();
    write(directory_.path("block"), "198.51.100.0/24\n");
    EXPECT_NE(logged("event=reloaded").find("cause=door-file"), std::string::npos);
    EXPECT_TRUE(at_rcpt().starts_with('c') || at_rcpt().starts_with("y550 5.7.1 Recipient address rejected"));
    write(directory_.path("block"), "198.51.100.0/24\n192.0.2.0/33\n");
    const std::string problem = logged("event=config-problem");
    EXPECT_NE(problem.find(directory_.path("block") + ":2"), std::string::npos) << problem;
    EXPECT_NE(problem.find("prefix length is not 0 to 32"), std::string::npos) << problem;
    EXPECT_NE(logged("event=reload-failed").find("cause=door-file"), std::string::npos);
    std::filesystem::remove(directory_.path("block"));
    logged("event=door-file-vanished");
    write(directory_.path("block"), "192.0.2.0/24\n");
    EXPECT_NE(logged("event=reloaded").find("cause=door-file"), std::string::npos);
    EXPECT_TRUE(at_rcpt().starts_with("y550 5.7.1 Client"));
}

TEST_F(DaemonDoor, a_change_that_a_rejected_reload_read_is_taken_all_the_same) {
    start_door();
    write(directory_.path("tenants.json"), "nonsense");
    write(directory_.path("block"), "198.51.100.0/24\n");
    reload();
    logged("event=reload-failed");
    for (std::string line; line.find("cause=door-file") == std::string::npos && !HasFailure();) line = logged("event=reloaded");
    EXPECT_FALSE(at_rcpt().starts_with("y550 5.7.1 Client"));
}

TEST_F(DaemonDoor, a_reload_keeps_the_door_and_new_settings_hold_for_the_next_session) {
    start_door();
    Mta before(bound_[1]);
    configure("enforce", "delist = \"postmaster@gw.example\"\n");
    reload();
    logged("event=reloaded");
    EXPECT_NE(at_rcpt().find("; to be removed: postmaster@gw.example"), std::string::npos);
    EXPECT_TRUE(before.recipient().starts_with("y550 5.7.1 Client")) << "an older session is served on";
    configure("nonsense");
    reload();
    EXPECT_NE(logged("inbound.mode").find("event=config-problem"), std::string::npos);
    logged("event=reload-failed");
    EXPECT_NE(at_rcpt().find("; to be removed: postmaster@gw.example"), std::string::npos) << "what was in force stays";
    // A door is not shut by a reload: its socket would ask whether strangers may relay.
    write(directory_.path("exota.toml"), config());
    reload();
    EXPECT_NE(logged("cannot be taken away by a reload").find("event=config-problem"), std::string::npos);
    logged("event=reload-failed");
    EXPECT_TRUE(at_rcpt().starts_with("y550 5.7.1 Client"));
    configure("monitor");
    reload();
    logged("event=reloaded");
    EXPECT_TRUE(at_rcpt().starts_with('c'));
}

TEST_F(DaemonDoor, does_not_start_with_a_file_at_fault) {
    write(directory_.path("block"), "nonsense\n");
    write(directory_.path("exota.toml"),
          config("", "[inbound]\nmode = \"enforce\"\n[perimeter]\nblock_file = \"" + directory_.path("block") + "\"\n"));
    start();
    EXPECT_TRUE(bound_.empty());
    EXPECT_EQ(wait_for_end(), DaemonEnd::bad_config);
    EXPECT_NE(complaints_.find(directory_.path("block") + ":1: error: no IP address in prefix"), std::string::npos) << complaints_;
}

}  // namespace
}  // namespace exota::app
