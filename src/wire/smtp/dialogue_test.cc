#include "wire/smtp/dialogue.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace exota::smtp {
namespace {

using Phase = Dialogue::Phase;

/// Commands by a letter: G greeted, E EHLO, H HELO, L LHLO, M MAIL, m MAIL that is refused, R RCPT, r RCPT that is refused, D DATA,
/// . end of message, X RSET, N NOOP, Q QUIT, V VRFY, S STARTTLS, s STARTTLS with octets behind it, T TLS is up, o not offered, u unknown.
Verb verb_of(char letter) {
    switch (letter) {
        case 'E':
            return Verb::ehlo;
        case 'H':
            return Verb::helo;
        case 'L':
            return Verb::lhlo;
        case 'M':
        case 'm':
            return Verb::mail;
        case 'R':
        case 'r':
            return Verb::rcpt;
        case 'D':
            return Verb::data;
        case 'X':
            return Verb::rset;
        case 'N':
            return Verb::noop;
        case 'Q':
            return Verb::quit;
        case 'V':
            return Verb::vrfy;
        case 'S':
        case 's':
            return Verb::starttls;
        case 'o':
            return Verb::not_offered;
        default:
            return Verb::unknown;
    }
}

/// Does one step; 0 where it is legal, else the code of the refusal.
int take(Dialogue& dialogue, char letter) {
    if (letter == 'G') return dialogue.greeted(), 0;
    if (letter == '.') return dialogue.message_ended(), 0;
    if (letter == 'T') return dialogue.tls_started(), 0;
    const Verb verb = verb_of(letter);
    if (const auto wrong = dialogue.check(verb, letter == 's' ? Dialogue::Behind::octets : Dialogue::Behind::nothing))
        return dialogue.refused(*wrong).code;
    if (letter == 'r') dialogue.refused_recipient();
    if (letter != 'm' && letter != 'r') dialogue.accepted(verb);
    return 0;
}

/// The steps up to the last must be legal.
int last_of(Dialogue& dialogue, std::string_view steps) {
    for (const char letter : steps.substr(0, steps.size() - 1)) EXPECT_EQ(take(dialogue, letter), 0) << steps;
    return take(dialogue, steps.back());
}

TEST(Dialogue, each_command_has_its_place) {
    struct Case {
        std::string_view steps;
        int refusal;
        Phase end;
    };
    const Case cases[] = {
        {"E", 421, Phase::over},
        {"N", 421, Phase::over},
        {"GE", 0, Phase::idle},
        {"GH", 0, Phase::idle},
        {"GL", 500, Phase::hello},
        {"GN", 0, Phase::hello},
        {"GX", 0, Phase::hello},
        {"GV", 0, Phase::hello},
        {"GQ", 0, Phase::over},
        {"GM", 503, Phase::hello},
        {"GR", 503, Phase::hello},
        {"GD", 503, Phase::hello},
        {"GS", 503, Phase::hello},
        {"Go", 502, Phase::hello},
        {"Gu", 500, Phase::hello},
        {"GEE", 0, Phase::idle},
        {"GEH", 0, Phase::idle},
        {"GER", 503, Phase::idle},
        {"GED", 503, Phase::idle},
        {"GEM", 0, Phase::transaction},
        {"GEMM", 503, Phase::transaction},
        {"GEmM", 0, Phase::transaction},
        {"GEmR", 503, Phase::idle},
        {"GEMR", 0, Phase::transaction},
        {"GEMD", 503, Phase::transaction},
        {"GEMrD", 554, Phase::transaction},
        {"GEMrRD", 0, Phase::message},
        {"GEMRrD", 0, Phase::message},
        {"GEMRD.", 0, Phase::idle},
        {"GEMRD.M", 0, Phase::transaction},
        {"GEMRD.D", 503, Phase::idle},
        {"GEMRD.R", 503, Phase::idle},
        {"GEMRD.MD", 503, Phase::transaction},
        {"GEMRX", 0, Phase::idle},
        {"GEMRXD", 503, Phase::idle},
        {"GEMRXMRD", 0, Phase::message},
        {"GEMRE", 0, Phase::idle},
        {"GEMRED", 503, Phase::idle},
        {"GEMrEMD", 503, Phase::transaction},
        {"GEMRHMRD", 0, Phase::message},
        {"GEMRN", 0, Phase::transaction},
        {"GEMRV", 0, Phase::transaction},
        {"GEMRo", 502, Phase::transaction},
        {"GEMRu", 500, Phase::transaction},
        {"GEMRQ", 0, Phase::over},
        {"GEQN", 421, Phase::over},
        {"GES", 0, Phase::starting_tls},
        {"GEs", 421, Phase::over},
        {"GHS", 0, Phase::starting_tls},
        {"GESN", 421, Phase::over},
        {"GEST", 0, Phase::hello},
        {"GESTM", 503, Phase::hello},
        {"GESTE", 0, Phase::idle},
        {"GESTES", 503, Phase::idle},
        {"GESTEs", 503, Phase::idle},
        {"GEMS", 503, Phase::transaction},
        {"GEMRXS", 0, Phase::starting_tls},
        {"GESTEMRD.MRD.", 0, Phase::idle},
    };
    for (const Case& c : cases) {
        Dialogue dialogue({.starttls = true});
        EXPECT_EQ(last_of(dialogue, c.steps), c.refusal) << c.steps;
        EXPECT_EQ(dialogue.phase(), c.end) << c.steps;
        EXPECT_EQ(dialogue.in_transaction(), c.end == Phase::transaction || c.end == Phase::message) << c.steps;
    }
}

TEST(Dialogue, of_other_kinds) {
    const Dialogue::Options lmtp{.lmtp = true}, must{.starttls = true, .require_tls = true},
        tls{.starttls = true, .require_tls = true, .tls_active = true};
    struct Case {
        const Dialogue::Options& options;
        std::string_view steps;
        int refusal;
    };
    const Case cases[] = {
        {lmtp, "GL", 0},      {lmtp, "GE", 500},    {lmtp, "GH", 500},  {lmtp, "GLS", 502}, {lmtp, "GLs", 502},
        {lmtp, "GLMrD", 503}, {lmtp, "GLMRD", 0},   {must, "GEM", 530}, {must, "GM", 530},  {must, "GER", 530},
        {must, "GED", 530},   {must, "GEV", 530},   {must, "GEN", 0},   {must, "GEX", 0},   {must, "GEQ", 0},
        {must, "GESTEM", 0},  {must, "GESTM", 503}, {tls, "GEM", 0},    {tls, "GES", 503},
    };
    for (const Case& c : cases) {
        Dialogue dialogue(c.options);
        EXPECT_EQ(last_of(dialogue, c.steps), c.refusal) << c.steps;
    }
}

TEST(Dialogue, knows_whether_parameters_may_be_used) {
    for (const auto& [steps, extended] :
         {std::pair{"GE", true}, {"GH", false}, {"GEH", false}, {"GHE", true}, {"GEMR", true}, {"GEST", false}, {"GESTE", true}}) {
        Dialogue dialogue({.starttls = true});
        EXPECT_EQ(last_of(dialogue, steps), 0);
        EXPECT_EQ(dialogue.extended(), extended) << steps;
    }
}

TEST(Dialogue, octets_before_they_are_due_are_the_end) {
    Dialogue dialogue({.starttls = true});
    EXPECT_EQ(dialogue.octets_came(), reply::spoke_too_early);
    dialogue.greeted();
    EXPECT_EQ(dialogue.octets_came(), std::nullopt);
    take(dialogue, 'E');
    take(dialogue, 'S');
    EXPECT_EQ(dialogue.octets_came(), reply::spoke_too_early);
    dialogue.tls_started();
    EXPECT_EQ(dialogue.octets_came(), std::nullopt);
    EXPECT_TRUE(dialogue.tls_active());
}

TEST(Dialogue, bears_nineteen_errors) {
    Dialogue dialogue({});
    dialogue.greeted();
    take(dialogue, 'E');
    for (int i = 0; i < 18; ++i) EXPECT_EQ(take(dialogue, 'u'), 500);
    EXPECT_EQ(dialogue.refused(reply::too_many_recipients), reply::too_many_recipients);  // temporary: no error of the client
    EXPECT_EQ(take(dialogue, 'o'), 502);
    EXPECT_EQ(dialogue.errors(), 19u);
    EXPECT_EQ(dialogue.phase(), Phase::idle);
    EXPECT_EQ(dialogue.refused(reply::bad_sender), reply::too_many_errors);
    EXPECT_EQ(dialogue.phase(), Phase::over);
}

TEST(Dialogue, has_a_limit_of_recipients_for_each_transaction) {
    Dialogue dialogue({});
    last_of(dialogue, "GEM");
    for (int i = 0; i < 1000; ++i) ASSERT_EQ(take(dialogue, 'R'), 0) << i;
    EXPECT_EQ(dialogue.check(Verb::rcpt), reply::too_many_recipients);
    EXPECT_EQ(dialogue.recipients(), 1000u);
    EXPECT_EQ(last_of(dialogue, "D.MR"), 0);
    EXPECT_EQ(dialogue.recipients(), 1u);
}

}  // namespace
}  // namespace exota::smtp
