// Sessions on a Judge that verifies by itself, with DNS answers that come when the test says.
#pragma once

#include <gtest/gtest.h>

#include <map>

#include "authn/dkim_sign_helper.h"
#include "gate/session_fixture.h"
#include "gate/verification.h"

namespace exota::gate::testing {

/// Holds every question until it is answered by hand; time passes when the test says so.
class HeldNetwork : public StillWorld {
public:
    bool resolve(const authn::DnsQuestion& question, Answered answered) override {
        held.emplace(question.name, std::move(answered));
        return true;
    }

    /// The only answer of its turn.
    void answer(const std::string& name, authn::DnsAnswer with) {
        answer_in_turn(name, std::move(with));
        end_turn();
    }
    void answer_in_turn(const std::string& name, authn::DnsAnswer with) {
        auto found = held.extract(name);
        ASSERT_FALSE(found.empty()) << "nobody asked for " << name;
        found.mapped()(std::move(with));
    }

    std::multimap<std::string, Answered> held;
};

inline authn::DnsAnswer txt(std::string text) { return {.status = authn::DnsStatus::data, .records = {std::move(text)}}; }

class Verifying : public ::testing::Test {
protected:
    void SetUp() override {
        Snapshot snapshot = snapshot_of(index_of(tenants_text));
        snapshot.rules.dkim_source = decision::DkimSource::verify;
        rules_changed(snapshot);
    }
    void rules_changed(Snapshot snapshot) { judge.use(shared(std::move(snapshot))); }

    static authn::TestMessage message_of(std::string_view author_domain) {
        authn::TestMessage message;
        message.fields[0].value = " Jane <jane@" + std::string(author_domain) + '>';
        return message;
    }
    authn::TestSignature by(std::string domain, std::string selector = "s1") {
        authn::TestSignature signature;
        signature.domain = std::move(domain);
        signature.selector = std::move(selector);
        return signature;
    }
    std::vector<milter::mta::FilterReply> send(Mta& mta, const authn::TestMessage& message, std::size_t chunk = 65535) {
        mta.envelope();
        for (const authn::TestField& field : message.fields) milter::mta::append_header(mta.out, field.name, field.value);
        for (std::string_view rest = message.body; !rest.empty(); rest.remove_prefix(std::min(chunk, rest.size())))
            milter::mta::append_body(mta.out, rest.substr(0, chunk));
        mta.end();
        return mta.say();
    }
    const decision::Decision& last() { return recorder.messages.back().decision; }

    Recorder recorder;
    HeldNetwork network;
    Judge judge{recorder, network};
    authn::TestSigner key = authn::TestSigner::rsa(2048);
};

}  // namespace exota::gate::testing
