#include "gate/relayed_message.h"

#include <utility>
#include <variant>

#include "base/text.h"
#include "evidence/field_kind.h"

namespace exota::gate {

RelayedMessage::RelayedMessage(const smtp::DataLimits& limits, Way way) : reader_(limits), way_(std::move(way)) {}

std::optional<smtp::FixedReply> RelayedMessage::refusal() const noexcept {
    if (received_fields_ > max_received_fields) return reply::hop_loop;
    if (reader_.fault() != smtp::DataFault::none) return smtp::reply_to(reader_.fault());
    if (reader_.eight_bit() && !way_.eight_bit) return reply::needs_eight_bit;
    return std::nullopt;
}

void RelayedMessage::read(std::string_view& bytes, std::string* far) {
    while (const auto event = reader_.next(bytes)) take(*event, far);
}

void RelayedMessage::begin(std::string& far) {
    if (!std::exchange(written_, true)) writer_.append_field(far, "Received", way_.received);
}

void RelayedMessage::take(const smtp::DataEvent& event, std::string* far) {
    if (const auto* field = std::get_if<smtp::Field>(&event)) return take_field(*field, far);
    if (far == nullptr || refusal()) return;
    begin(*far);
    if (const auto* end = std::get_if<smtp::EndOfHeader>(&event)) {
        if (end->by != smtp::EndOfHeader::By::end_of_message) writer_.append(*far, "\r\n");
    } else if (const auto* body = std::get_if<smtp::BodyOctets>(&event)) {
        writer_.append(*far, body->octets);
    } else {
        writer_.finish(*far);
        finished_ = true;
    }
}

void RelayedMessage::take_field(const smtp::Field& field, std::string* far) {
    const std::string_view name = base::trim(field.name());
    if (base::iequals(name, "Received")) ++received_fields_;
    if (way_.keep_from && from_.size() < 2 && base::iequals(name, "From")) from_.emplace_back(field.value());
    if (far == nullptr || refusal()) return;
    begin(*far);
    if (!way_.clean_up || !evidence::is_firewall_field(name)) writer_.append_raw_field(*far, field.raw);
}

}  // namespace exota::gate
