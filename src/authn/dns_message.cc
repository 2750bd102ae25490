#include "authn/dns_message.h"

#include <optional>

#include "base/text.h"

namespace exota::authn {
namespace {

constexpr std::size_t header_octets = 12;
constexpr std::size_t max_name_octets = 255;
constexpr int max_pointers = 64;
constexpr int rcode_nxdomain = 3;
constexpr std::uint16_t class_in = 1;

/// Reads forward through a packet; any step past its end makes it bad for good.
class Reader {
public:
    explicit Reader(std::string_view packet, std::size_t position = 0) : packet_(packet), position_(position) {}

    bool ok() const noexcept { return ok_; }
    std::size_t position() const noexcept { return position_; }

    std::uint16_t number16() {
        const std::string_view octets = take(2);
        if (!ok_) return 0;
        return static_cast<std::uint16_t>(static_cast<unsigned char>(octets[0]) << 8 | static_cast<unsigned char>(octets[1]));
    }
    std::string_view take(std::size_t octets) {
        if (!ok_ || packet_.size() - position_ < octets) {
            ok_ = false;
            return {};
        }
        position_ += octets;
        return packet_.substr(position_ - octets, octets);
    }

    /// A domain name (sections 3.1 and 4.1.4) as text: lower case, no final dot, the root as "". A label with a dot, a control or an
    /// octet above 127 makes the packet bad: as text it could pass for another name.
    std::string name() {
        std::string text;
        std::size_t at = position_;
        bool jumped = false;
        for (int pointers = 0; ok_;) {
            if (at >= packet_.size()) break;
            const auto length = static_cast<unsigned char>(packet_[at]);
            if (length == 0) {
                if (!jumped) position_ = at + 1;
                return text;
            }
            if ((length & 0xc0) == 0xc0) {  // compression: only backwards, and not for ever
                if (at + 1 >= packet_.size() || ++pointers > max_pointers) break;
                const std::size_t target = static_cast<std::size_t>(length & 0x3f) << 8 | static_cast<unsigned char>(packet_[at + 1]);
                if (!jumped) position_ = at + 2;
                jumped = true;
                if (target >= at) break;
                at = target;
                continue;
            }
            if (length > 63 || packet_.size() - at - 1 < length || text.size() + length + 1 > max_name_octets) break;
            if (!text.empty()) text += '.';
            for (const char c : packet_.substr(at + 1, length)) {
                if (c == '.' || base::is_control(c) || static_cast<unsigned char>(c) > 0x7f) {
                    ok_ = false;
                    return {};
                }
                text += base::to_lower(c);
            }
            at += 1 + length;
        }
        ok_ = false;
        return {};
    }

private:
    std::string_view packet_;
    std::size_t position_;
    bool ok_ = true;
};

/// The RDATA of one record in the form of DnsAnswer::records; nullopt if it is broken.
std::optional<std::string> read_record(std::string_view packet, std::size_t start, std::size_t length, RecordType type) {
    const std::string_view data = packet.substr(start, length);
    Reader in(packet.substr(0, start + length), start);
    switch (type) {
        case RecordType::a:
            return data.size() == 4 ? std::optional(std::string(data)) : std::nullopt;
        case RecordType::aaaa:
            return data.size() == 16 ? std::optional(std::string(data)) : std::nullopt;
        case RecordType::txt: {
            std::string joined;
            while (in.position() < start + length) {
                const std::string_view size = in.take(1);
                if (!in.ok()) return std::nullopt;
                joined += in.take(static_cast<unsigned char>(size.front()));
                if (!in.ok()) return std::nullopt;
            }
            return length == 0 ? std::nullopt : std::optional(joined);
        }
        case RecordType::mx: {
            std::string preference(in.take(2));
            const std::string name = in.name();
            return in.ok() ? std::optional(preference + name) : std::nullopt;
        }
        case RecordType::ptr:
        case RecordType::ns:
        case RecordType::cname: {
            std::string name = in.name();
            return in.ok() ? std::optional(std::move(name)) : std::nullopt;
        }
        default:
            return std::string(data);
    }
}

struct Record {
    std::string owner;
    std::uint16_t type;
    std::size_t start, length;
};

}  // namespace

DnsAnswer read_dns_message(std::string_view packet, const DnsQuestion& question) {
    const DnsAnswer broken{.status = DnsStatus::temporary_failure};
    Reader in(packet);
    in.number16();  // id
    const std::uint16_t flags = in.number16();
    const std::uint16_t questions = in.number16(), answers = in.number16();
    in.take(header_octets - 8);
    const bool is_response = (flags & 0x8000) != 0, is_truncated = (flags & 0x0200) != 0;
    const int rcode = flags & 0x000f;
    if (!in.ok() || !is_response || is_truncated || questions != 1 || (rcode != 0 && rcode != rcode_nxdomain)) return broken;

    const std::string asked = in.name();
    const std::uint16_t asked_type = in.number16(), asked_class = in.number16();
    if (!in.ok() || asked != question.name || asked_type != static_cast<std::uint16_t>(question.type) || asked_class != class_in)
        return broken;

    std::vector<Record> records;
    for (int i = 0; i < answers; ++i) {
        Record record;
        record.owner = in.name();
        record.type = in.number16();
        const std::uint16_t record_class = in.number16();
        in.take(4);  // TTL: the resolver keeps it
        record.length = in.number16();
        record.start = in.position();
        in.take(record.length);
        if (!in.ok()) return broken;
        if (record_class == class_in && records.size() < max_dns_records) records.push_back(std::move(record));
    }

    // RFC 1034 section 3.6.2: follow the CNAMEs that the answer brings along
    std::string owner = question.name;
    for (int hops = 0; question.type != RecordType::cname; ++hops) {
        const Record* alias = nullptr;
        for (const Record& record : records)
            if (record.type == static_cast<std::uint16_t>(RecordType::cname) && record.owner == owner) alias = &record;
        if (!alias) break;
        const auto target = read_record(packet, alias->start, alias->length, RecordType::cname);
        if (!target || hops == max_cname_hops) return broken;
        owner = *target;
    }

    DnsAnswer answer{.status = rcode == rcode_nxdomain ? DnsStatus::nxdomain : DnsStatus::no_data};
    for (const Record& record : records) {
        if (record.type != static_cast<std::uint16_t>(question.type) || record.owner != owner) continue;
        auto text = read_record(packet, record.start, record.length, question.type);
        if (!text) return broken;
        answer.records.push_back(std::move(*text));
    }
    if (!answer.records.empty()) answer.status = DnsStatus::data;
    if (owner != question.name) answer.canonical_name = std::move(owner);
    return answer;
}

}  // namespace exota::authn
