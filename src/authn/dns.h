// DNS by value: verification asks, somebody else resolves.
//
// A check is a pure function of the message and of the answers known so far. It calls Dns::ask; a nullptr means "not known yet": the
// question is noted, the check goes as far as it can without it (so that questions are asked together) and says that it is pending.
// The caller resolves what is pending and calls the check again with the same Dns. No callbacks, no threads, no time.
//
// Tested by dns_test.cc.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace exota::authn {

enum class RecordType : std::uint16_t { a = 1, ns = 2, cname = 5, ptr = 12, mx = 15, txt = 16, aaaa = 28, tlsa = 52 };

struct DnsQuestion {
    std::string name;  // lower case, no final dot
    RecordType type = RecordType::txt;
    friend auto operator<=>(const DnsQuestion&, const DnsQuestion&) = default;
};

/// Five answers that must never be mixed up: bogus (DNSSEC validation failed) is neither absence nor data.
enum class DnsStatus : std::uint8_t { data, no_data, nxdomain, temporary_failure, bogus };

struct DnsAnswer {
    DnsStatus status = DnsStatus::temporary_failure;
    bool secure = false;  // validated by DNSSEC
    /// One entry a record. TXT: its strings joined. A, AAAA: 4 or 16 octets. MX: two octets of preference, then the name as text.
    /// PTR, NS: the name as text, lower case, no final dot. CNAMEs are followed by the resolver.
    std::vector<std::string> records = {};
    std::string canonical_name = {};  // to which CNAMEs led; empty: there were none
};

class Dns {
public:
    /// @param name  any letter case; a final dot is dropped.
    /// @return      the answer (valid until the Dns dies), or nullptr: not known yet, noted as pending.
    const DnsAnswer* ask(std::string_view name, RecordType type);
    void put(DnsQuestion question, DnsAnswer answer);
    /// The questions noted since the last call that still have no answer, each once.
    std::vector<DnsQuestion> take_pending();
    bool has_pending() const noexcept { return !pending_.empty(); }

private:
    std::map<DnsQuestion, DnsAnswer> known_;
    std::vector<DnsQuestion> pending_;
};

}  // namespace exota::authn
