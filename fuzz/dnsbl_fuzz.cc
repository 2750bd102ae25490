// DNS lists: names, filters and weights of an operator, answers of a stranger.
//
// Whatever the answers are and in whichever order they come: 127.255.255.0/24 and what is not of 127.0.0.0/8 list nobody; what is said to
// be certain before all have answered stays so; a text is one printable line of bounded length that does not show what is secret of a name.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "authn/dnsbl.h"
#include "base/text.h"

namespace {

using namespace exota;
using namespace exota::authn;

void check_text(const Dnsbl& list, std::string_view text) {
    if (text.size() > max_dnsbl_text_octets) std::abort();
    if (!std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; })) std::abort();
    const std::string_view secret = std::string_view(list.zone()).substr(0, list.zone().size() - list.shown().size());
    if (!secret.empty() && base::ifind(text, secret) != std::string_view::npos) std::abort();
}

/// What of the input is left, octet by octet; zeros at its end.
class Octets {
public:
    explicit Octets(std::string_view text) : text_(text) {}
    unsigned char next() {
        if (text_.empty()) return 0;
        const auto octet = static_cast<unsigned char>(text_.front());
        text_.remove_prefix(1);
        return octet;
    }
    std::string take(std::size_t octets) {
        const std::string out(text_.substr(0, octets));
        text_.remove_prefix(out.size());
        return out;
    }

private:
    std::string_view text_;
};

DnsAnswer made_answer(Octets& in, RecordType type) {
    DnsAnswer answer{.status = static_cast<DnsStatus>(in.next() % 5)};
    if (answer.status != DnsStatus::data) return answer;
    for (int records = in.next() % 3; records >= 0; --records) {
        if (type == RecordType::txt) {
            answer.records.push_back(in.take(in.next()));
            continue;
        }
        std::string address{127, 0, 0, static_cast<char>(in.next())};
        const unsigned char kind = in.next();
        if (kind % 8 == 0) address[1] = address[2] = static_cast<char>(255);
        if (kind % 8 == 1) address[0] = static_cast<char>(in.next());
        if (kind % 8 == 2) address.resize(in.next() % 20, 'x');
        answer.records.push_back(std::move(address));
    }
    return answer;
}

bool is_certain(const DnsblOutcome& outcome) { return outcome.listed || !outcome.pending; }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    std::vector<Dnsbl> lists;
    for (int i = 0; i < 6 && !rest.empty(); ++i) {
        const auto list = Dnsbl::parse(base::take_until(rest, '\n'));
        if (!list) {
            if (list.error().detail.empty()) std::abort();
            continue;
        }
        if (!list->zone().ends_with(list->shown()) || list->shown().empty() || list->weight() == 0) std::abort();
        check_text(*list, list->safe_text(rest));
        lists.push_back(*list);
    }
    std::vector<AskedDnsbl> asked;
    for (const Dnsbl& list : lists) asked.push_back({&list, true});
    Octets in(rest);
    const int threshold = 1 + in.next() % 4;
    const auto address = base::IpAddress::parse(in.next() % 2 == 0 ? "192.0.2.1" : "2001:db8::1").value();

    Dns dns;
    std::vector<DnsQuestion> open;
    DnsblOutcome before;
    for (bool first = true;; first = false) {
        const DnsblOutcome outcome = check_dnsbl(address, asked, threshold, dns);
        if (!first && is_certain(before) && outcome.listed != before.listed) std::abort();
        const DnsblOutcome late = check_dnsbl(address, asked, threshold, dns, true);
        if (late.pending) std::abort();
        if (is_certain(outcome) && late.listed != outcome.listed) std::abort();
        if (outcome.heaviest != nullptr) check_text(*outcome.heaviest, outcome.text);
        for (std::size_t i = 0; i < asked.size(); ++i) {
            const DnsAnswer* answer = dns.ask(lists[i].question(address), RecordType::a);
            const bool may_list = answer != nullptr && std::ranges::any_of(answer->records, [](const std::string& record) {
                                      return record.size() == 4 && record[0] == 127 && !(record[1] == -1 && record[2] == -1);
                                  });
            if (outcome.says[i] == DnsblSays::listed && !may_list) std::abort();
        }
        before = outcome;
        for (DnsQuestion& question : dns.take_pending())
            if (std::ranges::find(open, question) == open.end()) open.push_back(std::move(question));
        if (open.empty()) break;
        const std::size_t which = in.next() % open.size();
        const DnsQuestion question = open[which];
        open.erase(open.begin() + static_cast<std::ptrdiff_t>(which));
        dns.put(question, made_answer(in, question.type));
    }
    if (before.pending) std::abort();
    return 0;
}
