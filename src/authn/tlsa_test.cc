#include "authn/tlsa.h"

#include <gtest/gtest.h>
#include <openssl/crypto.h>

#include "authn/certificate_helper.h"

namespace exota::authn {
namespace {

using namespace std::string_literals;
using testing::Certificate;
using testing::rsa_key_of_size;
using testing::sha256_of;
using testing::sha512_of;

constexpr std::chrono::sys_seconds now{std::chrono::seconds(1'800'000'000)};

std::string rdata(int usage, int selector, int matching, const std::string& data) {
    return std::string{static_cast<char>(usage), static_cast<char>(selector), static_cast<char>(matching)} + data;
}

/// What a good server shows: its own certificate, the intermediate one, and the root.
struct Server {
    Certificate root = Certificate::make({.name = "root", .authority = true});
    Certificate intermediate = Certificate::make({.name = "intermediate", .authority = true}, &root);
    Certificate leaf = Certificate::make({.name = "mx.test"}, &intermediate);
    Certificate other = Certificate::make({.name = "other", .authority = true});
    std::vector<std::string> chain{leaf.der(), intermediate.der(), root.der()};
};
const Server& server() {
    static const Server made;
    return made;
}

std::string matched(const std::vector<std::string>& records, const std::vector<std::string>& chain = server().chain) {
    const TlsaMatch match = match_tlsa(usable_tlsa(records), chain, now);
    EXPECT_EQ(match.needs_name(), match.record.starts_with('2'));
    return match.record;
}

TEST(Tlsa, which_records_are_usable) {
    const std::string der = server().leaf.der(), key = server().leaf.public_key();
    struct Case {
        std::string name, rdata;
        bool usable = false;
    };
    const Case cases[] = {
        {"3 1 1", rdata(3, 1, 1, std::string(32, 'x')), true},
        {"2 0 1", rdata(2, 0, 1, std::string(32, 'x')), true},
        {"3 0 2", rdata(3, 0, 2, std::string(64, 'x')), true},
        {"3 0 0", rdata(3, 0, 0, der), true},
        {"2 1 0", rdata(2, 1, 0, key), true},
        {"usage 0", rdata(0, 1, 1, std::string(32, 'x'))},
        {"usage 1", rdata(1, 1, 1, std::string(32, 'x'))},
        {"usage 4", rdata(4, 1, 1, std::string(32, 'x'))},
        {"usage 255", rdata(255, 1, 1, std::string(32, 'x'))},
        {"selector 2", rdata(3, 2, 1, std::string(32, 'x'))},
        {"matching type 3", rdata(3, 1, 3, std::string(32, 'x'))},
        {"31 octets", rdata(3, 1, 1, std::string(31, 'x'))},
        {"33 octets", rdata(3, 1, 1, std::string(33, 'x'))},
        {"63 octets", rdata(3, 1, 2, std::string(63, 'x'))},
        {"no data", rdata(3, 1, 1, "")},
        {"two octets", "\3\1"s},
        {"nothing", ""},
        {"no certificate", rdata(3, 0, 0, "x")},
        {"a certificate and more", rdata(3, 0, 0, der + "x")},
        {"a key in place of a certificate", rdata(3, 0, 0, key)},
        {"a certificate in place of a key", rdata(3, 1, 0, der)},
        {"a key cut", rdata(3, 1, 0, key.substr(0, key.size() - 1))},
    };
    for (const Case& c : cases) EXPECT_EQ(TlsaRecord::parse(c.rdata).has_value(), c.usable) << c.name;
}

TEST(Tlsa, the_key_or_the_certificate_of_the_server_itself) {
    const Server& s = server();
    EXPECT_EQ(matched({rdata(3, 1, 1, sha256_of(s.leaf.public_key()))}), "3 1 1");
    EXPECT_EQ(matched({rdata(3, 1, 2, sha512_of(s.leaf.public_key()))}), "3 1 2");
    EXPECT_EQ(matched({rdata(3, 1, 0, s.leaf.public_key())}), "3 1 0");
    EXPECT_EQ(matched({rdata(3, 0, 1, sha256_of(s.leaf.der()))}), "3 0 1");
    EXPECT_EQ(matched({rdata(3, 0, 0, s.leaf.der())}), "3 0 0");
    EXPECT_EQ(matched({rdata(3, 1, 1, sha256_of(s.other.public_key()))}), "");
    EXPECT_EQ(matched({rdata(3, 1, 1, sha256_of(s.leaf.der()))}), "") << "the certificate's digest is none of the key";
    EXPECT_EQ(matched({rdata(3, 1, 1, sha256_of(s.root.public_key()))}), "") << "an issuer's key is not the server's";
    EXPECT_EQ(matched({rdata(3, 1, 1, sha256_of(s.leaf.public_key()))}, {}), "") << "it showed none";
    EXPECT_EQ(matched({rdata(3, 1, 1, sha256_of(s.leaf.public_key()))}, {"no certificate"}), "");
}

TEST(Tlsa, dates_and_chain_of_the_servers_own_key_mean_nothing) {
    const Certificate expired = Certificate::make({.name = "mx.test", .until = 1'700'000'001});
    EXPECT_EQ(matched({rdata(3, 1, 1, sha256_of(expired.public_key()))}, {expired.der()}), "3 1 1");
}

TEST(Tlsa, an_issuer_that_signed_the_server) {
    const Server& s = server();
    const std::string by_root = rdata(2, 0, 1, sha256_of(s.root.der())),
                      by_intermediate = rdata(2, 1, 1, sha256_of(s.intermediate.public_key()));
    EXPECT_EQ(matched({by_root}), "2 0 1");
    EXPECT_EQ(matched({by_intermediate}), "2 1 1");
    EXPECT_EQ(matched({by_intermediate}, {s.leaf.der(), s.intermediate.der()}), "2 1 1") << "an anchor need not be a root";
    EXPECT_EQ(matched({rdata(2, 0, 0, s.root.der())}), "2 0 0");
    EXPECT_EQ(matched({by_root}, {s.leaf.der(), s.intermediate.der()}), "") << "the anchor was not sent";
    EXPECT_EQ(matched({by_root}, {s.leaf.der(), s.root.der()}), "") << "what is between them was not sent";
    EXPECT_EQ(matched({by_root}, {s.leaf.der(), s.root.der(), s.intermediate.der()}), "2 0 1") << "in any order";
    EXPECT_EQ(matched({rdata(2, 1, 1, sha256_of(s.leaf.public_key()))}), "") << "the server's own is no anchor";
    EXPECT_EQ(matched({rdata(2, 0, 1, sha256_of(s.other.der()))}, {s.leaf.der(), s.other.der()}), "") << "sent, but signed nothing";
}

TEST(Tlsa, what_a_trust_anchor_does_not_vouch_for) {
    const Server& s = server();
    const std::string by_root = rdata(2, 0, 1, sha256_of(s.root.der()));
    const Certificate expired = Certificate::make({.name = "mx.test", .until = 1'700'000'001}, &s.root);
    const Certificate to_come = Certificate::make({.name = "mx.test", .from = 1'850'000'000}, &s.root);
    const Certificate for_clients = Certificate::make({.name = "mx.test", .usages = "clientAuth"}, &s.root);
    const Certificate for_servers = Certificate::make({.name = "mx.test", .usages = "serverAuth"}, &s.root);
    const Certificate by_a_server = Certificate::make({.name = "mx.test"}, &s.leaf);
    EXPECT_EQ(matched({by_root}, {expired.der(), s.root.der()}), "");
    EXPECT_EQ(matched({by_root}, {to_come.der(), s.root.der()}), "");
    EXPECT_EQ(matched({by_root}, {for_clients.der(), s.root.der()}), "");
    EXPECT_EQ(matched({by_root}, {for_servers.der(), s.root.der()}), "2 0 1");
    EXPECT_EQ(matched({rdata(2, 0, 1, sha256_of(s.leaf.der()))}, {by_a_server.der(), s.leaf.der()}), "") << "no authority";
}

TEST(Tlsa, one_of_several_suffices) {
    const Server& s = server();
    const std::string wrong = rdata(3, 1, 1, std::string(32, 'x')), right = rdata(3, 1, 1, sha256_of(s.leaf.public_key()));
    EXPECT_EQ(matched({wrong, right}), "3 1 1");
    EXPECT_EQ(matched({rdata(2, 0, 1, sha256_of(s.root.der())), right}), "3 1 1") << "that which asks for less first";
    EXPECT_EQ(matched({wrong, rdata(2, 0, 1, sha256_of(s.root.der()))}), "2 0 1");
}

TEST(Tlsa, the_strongest_digest_of_one_usage_and_selector_counts) {
    const Server& s = server();
    const std::string weak = rdata(3, 1, 1, sha256_of(s.leaf.public_key()));
    EXPECT_EQ(matched({weak, rdata(3, 1, 2, std::string(64, 'x'))}), "");
    EXPECT_EQ(matched({weak, rdata(3, 0, 2, std::string(64, 'x'))}), "3 1 1") << "another selector";
    EXPECT_EQ(matched({weak, rdata(2, 1, 2, std::string(64, 'x'))}), "3 1 1") << "another usage";
    EXPECT_EQ(matched({weak, rdata(3, 1, 2, std::string(63, 'x'))}), "3 1 1") << "unusable";
}

TEST(Tlsa, of_several_anchors_that_counts_which_signed) {
    const Server& s = server();
    const std::vector<std::string> records{rdata(2, 0, 1, sha256_of(s.other.der())), rdata(2, 1, 1, sha256_of(s.root.public_key())),
                                           rdata(2, 1, 2, sha512_of(s.intermediate.public_key()))};
    const std::vector<std::string> chain{s.leaf.der(), s.other.der(), s.root.der(), s.intermediate.der()};
    EXPECT_EQ(matched({records[0], records[1]}, chain), "2 1 1");
    EXPECT_EQ(matched({records[0], records[2]}, chain), "2 1 2");
    EXPECT_EQ(matched({records[0]}, chain), "");
}

/// Counts the verifications that OpenSSL begins.
class Verifications {
public:
    Verifications() { begun_ = 0; }
    ~Verifications() { CRYPTO_free_ex_index(CRYPTO_EX_INDEX_X509_STORE_CTX, index_); }
    Verifications(const Verifications&) = delete;
    Verifications& operator=(const Verifications&) = delete;
    static int begun() { return begun_; }

private:
    static void begin(void*, void*, CRYPTO_EX_DATA*, int, long, void*) { ++begun_; }
    static inline int begun_ = 0;
    int index_ = CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_X509_STORE_CTX, 0, nullptr, begin, nullptr, nullptr);
};

TEST(Tlsa, signatures_are_verified_once_however_many_anchors_there_are) {
    const Server& s = server();
    std::vector<std::string> records, chain{s.leaf.der()};
    for (std::size_t i = 1; i < max_tlsa_chain; ++i) {
        const Certificate anchor = Certificate::make({.name = "intermediate", .authority = true});  // by its name it may have signed
        chain.push_back(anchor.der());
        records.push_back(rdata(2, 0, 1, sha256_of(anchor.der())));
        records.push_back(rdata(2, 1, 0, anchor.public_key()));
    }
    const Verifications verifications;
    EXPECT_EQ(matched(records, chain), "");
    EXPECT_EQ(Verifications::begun(), 1);
    EXPECT_EQ(matched({rdata(2, 0, 1, std::string(32, 'x'))}, chain), "");
    EXPECT_EQ(Verifications::begun(), 1) << "none where no certificate matches";
}

TEST(Tlsa, keys_that_are_too_large) {
    const Server& s = server();
    struct Case {
        int bits = 0, exponent_bits = 0;
        bool taken = false;
    };
    for (const Case& c :
         {Case{max_tlsa_rsa_bits, max_tlsa_rsa_exponent_bits, true}, Case{max_tlsa_rsa_bits + 1, max_tlsa_rsa_exponent_bits},
          Case{max_tlsa_rsa_bits, max_tlsa_rsa_exponent_bits + 1}}) {
        SCOPED_TRACE(std::to_string(c.bits) + ' ' + std::to_string(c.exponent_bits));
        const Certificate large = Certificate::make({.name = "large", .key = rsa_key_of_size(c.bits, c.exponent_bits)}, &s.root);
        std::vector<std::string> chain = s.chain;
        chain.push_back(large.der());
        EXPECT_EQ(matched({rdata(2, 0, 1, sha256_of(s.root.der()))}, chain), c.taken ? "2 0 1" : "");
        EXPECT_EQ(matched({rdata(3, 0, 1, sha256_of(s.leaf.der()))}, chain), "3 0 1") << "for which nothing is verified";
    }
}

TEST(Tlsa, limits) {
    const Server& s = server();
    std::vector<std::string> records(max_tlsa_records - 1, rdata(3, 1, 1, std::string(32, 'x')));
    records.push_back(rdata(3, 1, 1, sha256_of(s.leaf.public_key())));
    EXPECT_EQ(matched(records), "3 1 1");
    records.insert(records.begin(), records.front());
    EXPECT_EQ(matched(records), "");

    std::vector<std::string> chain(max_tlsa_chain - 1, s.leaf.der());
    chain.push_back(s.intermediate.der());
    const std::string anchor = rdata(2, 0, 1, sha256_of(s.intermediate.der()));
    EXPECT_EQ(matched({anchor}, chain), "2 0 1");
    chain.insert(chain.begin(), s.leaf.der());
    EXPECT_EQ(matched({anchor}, chain), "");
}

}  // namespace
}  // namespace exota::authn
