// A message on its way to a next hop: what the client says behind DATA in, the same with our Received field out.
//
// Nothing else of it changes, but for the fields that only Microsoft may write: they are removed where we vouch for the sender by XOORG=,
// since Exchange would believe them. The end of data is written only behind a message that is whole and good; what was written of
// any other must be cut off by closing the connection.
//
// Octets that were kept as they came (relay_held.h) pass through here like those that just come.
//
// Tested by relayed_message_test.cc and fuzz/relay_session_fuzz.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/smtp/data.h"
#include "wire/smtp/data_writer.h"
#include "wire/smtp/reply.h"

namespace exota::gate {

inline constexpr std::size_t max_received_fields = 100;

namespace reply {
inline constexpr smtp::FixedReply hop_loop{554, "5.4.6", "Too many Received fields: this message goes round in circles"};
inline constexpr smtp::FixedReply needs_eight_bit{554, "5.6.3", "The next server takes no 8-bit message"};
}  // namespace reply

class RelayedMessage {
public:
    struct Way {
        std::string received{};  // value of our Received field
        bool eight_bit = true;   // the next hop takes octets above 127
        bool clean_up = false;   // fields that only Microsoft may write are removed
        bool keep_from = false;  // from() will be asked for
    };
    RelayedMessage(const smtp::DataLimits& limits, Way way);

    /// Takes octets off the front of `bytes`, up to the end of data.
    /// @param far  what the next hop gets is appended; with the end of data only of a message that may be sent. nullptr: the message is
    ///             only looked at.
    void read(std::string_view& bytes, std::string* far);

    bool ended() const noexcept { return reader_.ended(); }
    /// Why it must not be sent; nullopt: nothing up to here.
    std::optional<smtp::FixedReply> refusal() const noexcept;
    /// Octets of it were written, and not the end of data.
    bool is_cut_off() const noexcept { return written_ && !finished_; }
    std::uint64_t octets() const noexcept { return reader_.octets(); }
    std::uint64_t long_lines() const noexcept { return reader_.long_lines(); }  // of more than 998 octets
    bool eight_bit() const noexcept { return reader_.eight_bit(); }
    /// Values of its From fields; at most two, since two are as bad as more.
    const std::vector<std::string>& from() const noexcept { return from_; }

private:
    void take(const smtp::DataEvent& event, std::string* far);
    void take_field(const smtp::Field& field, std::string* far);
    void begin(std::string& far);

    smtp::DataReader reader_;
    Way way_;
    smtp::DataWriter writer_;
    std::size_t received_fields_ = 0;
    std::vector<std::string> from_;
    bool written_ = false, finished_ = false;
};

}  // namespace exota::gate
