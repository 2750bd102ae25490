// What comes behind DATA: the client's octets in, a verdict, and the message as the backend gets it out.
//
//   header ─end of header─▶ judge ─┬─ decided: accept ─▶ accepted ─354─▶ streaming ─client's end─▶ sent
//                                  ├─ open ─▶ held ─client's end─▶ judge ─ accept ─▶ accepted ─354─▶ sending ─▶ sent
//                                  └─ refused ─client's end─▶ (the client gets its answer)
//
//   judging:   the judge waits for somebody (at either end)
//   streaming: octets pass as they come; the end of data goes to the backend only after the client's whole valid end
//   sending:   from the spool, in pieces
//   refused:   it has its answer, whatever is still to come of it; nothing more goes to the backend
//
// Whoever wants to know what may be said to the backend asks for the phase: nothing of the message before `accepted`, and its end only in
// the step to `sent`. A message that is refused after some of it was written is one whose connection must be dropped.
//
// Tested by gateway_message_test.cc and gateway_smuggling_test.cc.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "gate/client_reply.h"
#include "gate/legs.h"
#include "gate/message.h"
#include "gate/passed_header.h"
#include "gate/spool.h"
#include "wire/smtp/data.h"
#include "wire/smtp/data_writer.h"
#include "wire/smtp/reply_reader.h"

namespace exota::gate {

/// The client's last reply for a message.
struct FinalAnswer : ClientReply {
    bool counts_as_error = false;  // the client broke a rule of the protocol

    template <class Reply>
    static FinalAnswer of(const Reply& reply) {
        return {ClientReply::of(reply)};
    }
    /// Of a refusal.
    static FinalAnswer of(const decision::Decision& decision);
};

class GatewayMessage {
public:
    enum class Phase : std::uint8_t { header, judging, held, accepted, streaming, sending, sent, refused };
    /// Above this the header lies in the spool; of the rest, what is read and written at once.
    static constexpr std::size_t max_header_octets_here = std::size_t{32} * 1024;
    static constexpr std::size_t piece_octets = std::size_t{64} * 1024;

    using MakeSpool = std::function<std::unique_ptr<Spool>()>;

    /// @param judged     the message's evidence; outlives this.
    /// @param make_spool called at most once, when there is something to be kept.
    /// @param received   value of our Received field; empty: none.
    GatewayMessage(Message& judged, const smtp::DataLimits& limits, MakeSpool make_spool, std::string received)
        : judged_(judged), reader_(limits), make_spool_(std::move(make_spool)), received_(std::move(received)) {}

    /// Takes the client's octets, as far as they may be taken now: in the phases header, held, streaming and refused up to the client's end
    /// of data, in the others nothing.
    void read(std::string_view& bytes, LegOut& out);
    /// The judge has its verdict (phase judging).
    void verdict_is_there();
    /// The backend answered 354 (phase accepted).
    void backend_is_ready(LegOut& out);
    /// All that was for the backend is written (phases sending and streaming).
    void backend_took_it(LegOut& out);
    /// It will not be sent, or its fate is known.
    void refuse(FinalAnswer answer);
    /// DATA was said to the backend: from now on it may know of the message.
    void note_data_sent() noexcept { data_sent_ = true; }

    Phase phase() const noexcept { return phase_; }
    bool client_has_ended() const noexcept { return reader_.ended(); }
    std::uint64_t long_lines() const noexcept { return reader_.long_lines(); }  // of more than 998 octets, so far
    bool data_sent() const noexcept { return data_sent_; }
    /// The backend has not taken yet what was written of a message that streams.
    bool backend_is_behind() const noexcept { return phase_ == Phase::streaming && behind_; }
    /// Nothing more is to be read of it, and nothing awaited.
    bool is_answered() const noexcept { return phase_ == Phase::refused && client_has_ended(); }
    const FinalAnswer& answer() const noexcept { return *answer_; }
    /// Grows with each piece that the backend took.
    std::uint32_t progress() const noexcept { return progress_; }

    std::string backend_reply;  // for the log

private:
    void take(const smtp::DataEvent& event, LegOut& out);
    void keep_field(const smtp::Field& field);
    void keep_body(std::string_view octets);
    bool spool(std::string_view octets);
    void judge(Stage stage);
    void settle(Message::Standing standing);
    void client_ended(LegOut& out);
    void write_header(LegOut& out);
    void finish(LegOut& out);
    void note_behind(LegOut& out);

    Message& judged_;
    smtp::DataReader reader_;
    MakeSpool make_spool_;
    std::string received_;
    Phase phase_ = Phase::header;
    bool data_sent_ = false, behind_ = false;
    smtp::EndOfHeader::By header_ended_by_ = smtp::EndOfHeader::By::empty_line;
    std::string header_;            // while it is short
    std::unique_ptr<Spool> spool_;  // the header, if it is long, then the body
    std::uint64_t spooled_header_ = 0, read_back_ = 0;
    smtp::DataWriter writer_;
    std::optional<FinalAnswer> answer_;
    std::uint32_t progress_ = 0;
};

}  // namespace exota::gate
