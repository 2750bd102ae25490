// Every combination of what three factors can find, against the rules as docs/reference/decision.md writes them, written down here a second
// time; and the order in which factors, proofs and results are listed, which decides nothing.
#include <algorithm>
#include <string>
#include <vector>

#include "decision/decision_fixture.h"
#include "decision/proofs.h"

namespace exota::decision {
namespace {

using namespace fixture;

// --- Findings alone ----------------------------------------------------------------------------------------------------------------

constexpr std::array three{Factor::client_cert, Factor::tenant_id, Factor::dkim};
constexpr std::array every_finding{Finding::holds, Finding::absent, Finding::contradicts, Finding::unavailable};

/// A proof of those of the three factors whose bits are set.
tenant::Proof proof_of(unsigned bits) {
    tenant::Proof proof;
    for (std::size_t i = 0; i < three.size(); ++i)
        if ((bits >> i & 1) != 0) proof.factors.push_back(three[i]);
    return proof;
}

/// "Authorised when all factors of at least one proof hold. Else: if some proof lacks only what is unavailable, tempfail; else refused."
Verdict verdict_by_the_book(const std::vector<unsigned>& proofs, const std::array<Finding, 3>& found) {
    bool some_holds = false, some_may = false;
    for (const unsigned bits : proofs) {
        unsigned holding = 0, open = 0, asked = 0;
        for (std::size_t i = 0; i < found.size(); ++i) {
            if ((bits >> i & 1) == 0) continue;
            ++asked;
            holding += found[i] == Finding::holds ? 1 : 0;
            open += found[i] == Finding::unavailable ? 1 : 0;
        }
        some_holds = some_holds || holding == asked;
        some_may = some_may || holding + open == asked;
    }
    return some_holds ? Verdict::accept : some_may ? Verdict::tempfail : Verdict::reject;
}

TEST(EveryOutcome, of_one_or_two_proofs_of_three_factors) {
    std::size_t combinations = 0;
    for (const Finding a : every_finding)
        for (const Finding b : every_finding)
            for (const Finding c : every_finding) {
                const std::array found{a, b, c};
                Findings findings;
                for (std::size_t i = 0; i < three.size(); ++i) finding_of(findings, three[i]).finding = found[i];
                for (unsigned first = 1; first < 8; ++first)
                    for (unsigned second = 0; second < 8; ++second) {
                        std::vector<unsigned> bits{first};
                        if (second != 0) bits.push_back(second);
                        std::vector<tenant::Proof> proofs;
                        for (const unsigned each : bits) proofs.push_back(proof_of(each));
                        const Weighed weighed = weigh(weigh_proofs(proofs, findings), findings, Finding::holds);
                        EXPECT_EQ(weighed.verdict, verdict_by_the_book(bits, found))
                            << name_of(a) << ' ' << name_of(b) << ' ' << name_of(c) << ", proofs " << first << ' ' << second;
                        EXPECT_EQ(weighed.proof.has_value(), weighed.verdict == Verdict::accept);
                        ++combinations;
                    }
            }
    EXPECT_EQ(combinations, 4U * 4 * 4 * 7 * 8);
}

// --- Whole messages ----------------------------------------------------------------------------------------------------------------

enum class Certificate : std::uint8_t { microsofts, somebody_elses, not_known };
enum class Address : std::uint8_t { exchange_online, relay_pool, elsewhere };
enum class Id : std::uint8_t { none, own, of_another, unknown_tenants, consumers, not_known };
enum class Signature : std::uint8_t { none, own, of_another, not_known };

/// What a message from jane@contoso.com shows.
struct Seen {
    Certificate certificate = Certificate::microsofts;
    Address address = Address::exchange_online;
    Id id = Id::none;
    Signature signature = Signature::none;
};

std::ostream& operator<<(std::ostream& out, const Seen& seen) {
    return out << "certificate " << static_cast<int>(seen.certificate) << ", address " << static_cast<int>(seen.address) << ", id "
               << static_cast<int>(seen.id) << ", signature " << static_cast<int>(seen.signature);
}

std::vector<Seen> everything() {
    std::vector<Seen> all;
    for (int certificate = 0; certificate < 3; ++certificate)
        for (int address = 0; address < 3; ++address)
            for (int id = 0; id < 6; ++id)
                for (int signature = 0; signature < 4; ++signature)
                    all.push_back({static_cast<Certificate>(certificate), static_cast<Address>(address), static_cast<Id>(id),
                                   static_cast<Signature>(signature)});
    return all;
}

evidence::Evidence evidence_of(const Seen& seen) {
    evidence::Evidence evidence = fixture::evidence_of(bare_mail());
    auto& certificate = evidence.session.tls.certificate_name;
    switch (seen.certificate) {
        case Certificate::microsofts:
            certificate = evidence::Observed<std::string>{"mail.protection.outlook.com", Source::mta};
            break;
        case Certificate::somebody_elses:
            certificate = evidence::Observed<std::string>{"mail.example.org", Source::mta};
            break;
        case Certificate::not_known:
            certificate = evidence::Unavailable{"test"};
            break;
    }
    constexpr std::array<std::string_view, 3> addresses{"40.107.22.5", "40.95.1.2", "192.0.2.1"};
    evidence.session.client.address =
        evidence::Observed<base::IpAddress>{base::IpAddress::parse(addresses[static_cast<std::size_t>(seen.address)]).value(), Source::mta};
    constexpr std::array<std::string_view, 5> ids{"", contoso_id, fabrikam_id, unknown_id, mail::consumer_tenant_id};
    if (seen.id == Id::not_known)
        evidence.header.tenant_id = evidence::Unavailable{"test"};
    else if (seen.id != Id::none)
        evidence.header.tenant_id =
            evidence::Observed<mail::TenantId>{mail::TenantId::parse(ids[static_cast<std::size_t>(seen.id)]).value(), Source::header_field};
    evidence.header.dkim_signature_count = 1;
    using enum evidence::DkimResult::Value;
    auto& results = evidence.verification.dkim.emplace();
    if (seen.signature == Signature::own) results = {dkim_result("contoso.com")};
    if (seen.signature == Signature::of_another) results = {dkim_result("fabrikam.com"), dkim_result("nobody.example")};
    if (seen.signature == Signature::not_known) results = {dkim_result("contoso.com", temperror), dkim_result("fabrikam.com", permerror)};
    return evidence;
}

/// What the three factors find, and what becomes of the message, as the reference says it.
struct Expected {
    Verdict verdict;
    Reason reason;
};
Expected by_the_book(const Seen& seen, const std::vector<unsigned>& proofs) {
    using enum Finding;
    // client-cert: "its name is one of client_cert.names"
    const Finding certificate = seen.certificate == Certificate::microsofts       ? holds
                                : seen.certificate == Certificate::somebody_elses ? absent
                                                                                  : unavailable;
    // "Evidence that names another tenant, from a peer that client-cert or client-ip proves; an address of the relay pool counts like one
    // of the prefixes. Where neither holds and one is unavailable, a value that would contradict makes the verdict unavailable."
    const bool speaks_against = seen.id == Id::of_another || seen.id == Id::unknown_tenants || seen.id == Id::consumers;
    if (speaks_against) {
        if (certificate == holds || seen.address != Address::elsewhere) return {Verdict::reject, Reason::contradiction};
        if (certificate == unavailable) return {Verdict::tempfail, Reason::unavailable};
    }
    // tenant-id: "evaluated only when the peer is proven (peer_proof, default client-cert); else absent, whatever it says. Where only an
    // unavailable client-cert keeps the peer from being proven, unavailable."
    Finding id = absent;
    if (seen.id == Id::own) id = certificate;
    if (seen.id == Id::not_known) id = certificate == absent ? absent : unavailable;
    // dkim: "a valid signature whose SDID is … covered by the tenant"; temperror for a domain that would count: unavailable
    const Finding dkim = seen.signature == Signature::own ? holds : seen.signature == Signature::not_known ? unavailable : absent;

    const Verdict verdict = verdict_by_the_book(proofs, {certificate, id, dkim});
    return {verdict, verdict == Verdict::accept     ? Reason::authorised
                     : verdict == Verdict::tempfail ? Reason::unavailable
                                                    : Reason::not_proven};
}

tenant::Index customers_with(const std::vector<std::string>& proofs) {
    std::string listed;
    for (const std::string& proof : proofs) listed.append(listed.empty() ? "" : ", ").append('"' + proof + '"');
    return index_of(R"({"version": 2, "tenants": {
        "contoso": {"tenant_ids": ["1234abcd-18c5-45e8-88de-123456789abc"], "domains": ["contoso.com"], "proofs": [)" +
                    listed + R"(]},
        "fabrikam": {"tenant_ids": ["f0000000-0000-4000-8000-00000000000f"], "domains": ["fabrikam.com"]}}})");
}

Rules verifying_rules() {
    Rules rules = strict_rules();
    rules.dkim_source = DkimSource::verify;
    return rules;
}

std::string text_of(unsigned bits) {
    std::string text;
    for (const Factor factor : proof_of(bits).factors) text.append(text.empty() ? "" : " + ").append(name_of(factor));
    return text;
}

TEST(EveryOutcome, of_a_message_by_certificate_tenant_id_and_signature) {
    const Rules rules = verifying_rules();
    std::size_t accepted = 0, put_off = 0, contradicted = 0, not_proven = 0;
    for (const std::vector<unsigned>& bits :
         std::vector<std::vector<unsigned>>{{1}, {2}, {4}, {3}, {5}, {6}, {7}, {5, 3}, {2, 4}, {7, 1}}) {
        std::vector<std::string> proofs;
        for (const unsigned each : bits) proofs.push_back(text_of(each));
        const tenant::Index tenants = customers_with(proofs);
        for (const Seen& seen : everything()) {
            const Decision decision = decide(evidence_of(seen), &tenants, rules);
            const Expected expected = by_the_book(seen, bits);
            EXPECT_EQ(decision.judged, expected.verdict) << seen << ", proof " << proofs.front();
            EXPECT_EQ(decision.reason, expected.reason) << seen << ", proof " << proofs.front();
            accepted += decision.reason == Reason::authorised;
            put_off += decision.reason == Reason::unavailable;
            contradicted += decision.reason == Reason::contradiction;
            not_proven += decision.reason == Reason::not_proven;
        }
    }
    EXPECT_EQ(accepted + put_off + contradicted + not_proven, 10U * 3 * 3 * 6 * 4);
    for (const std::size_t count : {accepted, put_off, contradicted, not_proven}) EXPECT_GT(count, 0U);
}

// --- Order -------------------------------------------------------------------------------------------------------------------------

/// All that a decision says but for the words of a refusal, which name the factor that is listed first.
std::string essence_of(const Decision& decision) {
    std::string out;
    for (const std::string_view part :
         {name_of(decision.verdict), name_of(decision.judged), name_of(decision.reason), std::string_view(decision.tenant_name),
          tenant::name_of(decision.mode), std::string_view(decision.author_domain), std::string_view(decision.detail)})
        out.append(part).append(" ");
    out += decision.forward ? "forward" : "own";
    out += decision.peer_proven ? " proven" : " unproven";
    out += decision.may_change ? " open" : " settled";
    for (const FactorFinding& found : decision.findings) out.append(" ").append(name_of(found.finding));
    for (const mail::HeaderEdit& edit : decision.header_edits) out.append("\n").append(edit.name).append(": ").append(edit.value);
    return out;
}

/// The sets of factors that hold.
std::vector<std::vector<std::string>> held(const Decision& decision) {
    std::vector<std::vector<std::string>> all;
    for (const ProofOutcome& proof : decision.proofs) {
        if (!proof.holds) continue;
        std::vector<std::string>& factors = all.emplace_back();
        for (std::string_view rest = proof.text; !rest.empty();) factors.emplace_back(base::trim(base::take_until(rest, '+')));
        std::ranges::sort(factors);
    }
    std::ranges::sort(all);
    return all;
}

TEST(Order, of_factors_and_proofs_changes_nothing_but_what_a_reply_names_first) {
    const Rules rules = verifying_rules();
    std::vector<std::string> factors{"client-cert", "dkim-aligned", "tenant-id"};
    std::vector<std::string> whole;
    do whole.push_back(factors[0] + " + " + factors[1] + " + " + factors[2]);
    while (std::ranges::next_permutation(factors).found);
    ASSERT_EQ(whole.size(), 6U);
    const tenant::Index first = customers_with({whole.front(), "client-cert + dkim"});
    std::size_t compared = 0;
    for (const std::string& proof : whole)
        for (const bool last : {false, true}) {
            const tenant::Index other =
                last ? customers_with({"dkim + client-cert", proof}) : customers_with({proof, "dkim + client-cert"});
            for (const Seen& seen : everything()) {
                const evidence::Evidence evidence = evidence_of(seen);
                const Decision a = decide(evidence, &first, rules), b = decide(evidence, &other, rules);
                ASSERT_EQ(essence_of(a), essence_of(b)) << seen << ", " << proof;
                ASSERT_EQ(held(a), held(b)) << seen << ", " << proof;
                ++compared;
            }
        }
    EXPECT_EQ(compared, 12U * 3 * 3 * 6 * 4);
}

TEST(Order, of_results_changes_no_finding) {
    const Rules rules = verifying_rules();
    const tenant::Index tenants = customers_with({"client-cert + dkim", "client-cert + dkim-aligned"});
    using enum evidence::DkimResult::Value;
    evidence::DkimResult uncounted = dkim_result("contoso.com");
    uncounted.counts = false;
    uncounted.detail = "the signature has l=";
    std::vector<evidence::DkimResult> pool{dkim_result("contoso.com"),      dkim_result("fabrikam.com"),
                                           dkim_result("nobody.example"),   dkim_result("contoso.com", temperror),
                                           dkim_result("", temperror),      uncounted,
                                           dkim_result("contoso.com", fail)};
    std::size_t compared = 0;
    for (std::size_t a = 0; a < pool.size(); ++a)
        for (std::size_t b = a + 1; b < pool.size(); ++b)
            for (std::size_t c = b + 1; c < pool.size(); ++c) {
                std::vector<std::size_t> order{a, b, c};
                std::string wanted;
                do {
                    evidence::Evidence evidence = evidence_of(Seen{});
                    evidence.verification.dkim.emplace();
                    for (const std::size_t i : order) evidence.verification.dkim->push_back(pool[i]);
                    const std::string essence = essence_of(decide(evidence, &tenants, rules));
                    if (wanted.empty()) wanted = essence;
                    EXPECT_EQ(essence, wanted) << order[0] << order[1] << order[2];
                    ++compared;
                } while (std::ranges::next_permutation(order).found);
            }
    EXPECT_EQ(compared, 35U * 6);
}

}  // namespace
}  // namespace exota::decision
