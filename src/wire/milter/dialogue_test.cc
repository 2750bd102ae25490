#include "wire/milter/dialogue.h"

#include <gtest/gtest.h>

#include <string_view>

namespace exota::milter {
namespace {

using Phase = Dialogue::Phase;

TEST(Dialogue, what_is_legal_when) {
    struct Case {
        std::string_view commands;
        bool legal;
        Phase end;
    };  // the last command is the one in question
    const Case cases[] = {
        {"O", true, Phase::connection},
        {"C", false, Phase::negotiation},
        {"D", false, Phase::negotiation},
        {"A", false, Phase::negotiation},
        {"Q", true, Phase::over},
        {"OO", false, Phase::connection},
        {"OD", true, Phase::connection},
        {"OA", true, Phase::connection},
        {"OH", false, Phase::connection},
        {"OM", false, Phase::connection},
        {"OE", false, Phase::connection},
        {"OU", false, Phase::connection},
        {"OC", true, Phase::idle},
        {"OCC", false, Phase::idle},
        {"OCH", true, Phase::idle},
        {"OCHAH", true, Phase::idle},
        {"OCU", true, Phase::idle},
        {"OCR", false, Phase::idle},
        {"OCL", false, Phase::idle},
        {"OCB", false, Phase::idle},
        {"OCE", false, Phase::idle},
        {"OCM", true, Phase::envelope},
        {"OCMM", true, Phase::envelope},
        {"OCMRH", true, Phase::idle},
        {"OCMR", true, Phase::envelope},
        {"OCMRU", true, Phase::envelope},
        {"OCMRT", true, Phase::data},
        {"OCMRTR", false, Phase::data},
        {"OCMRTT", false, Phase::data},
        {"OCMRL", true, Phase::header},
        {"OCMRTLL", true, Phase::header},
        {"OCMRLR", false, Phase::header},
        {"OCMRLT", false, Phase::header},
        {"OCMRTLN", true, Phase::body},
        {"OCMRTLNL", false, Phase::body},
        {"OCMRTLNN", false, Phase::body},
        {"OCMRTLNBB", true, Phase::body},
        {"OCMRTLBL", false, Phase::body},
        {"OCMRTLE", true, Phase::idle},
        {"OCMRTLNBE", true, Phase::idle},
        {"OCME", true, Phase::idle},
        {"OCMRTLNBEE", false, Phase::idle},
        {"OCMRTLNBEM", true, Phase::envelope},
        {"OCMA", true, Phase::idle},
        {"OCMRA", true, Phase::idle},
        {"OCMRLA", true, Phase::idle},
        {"OCMRLBA", true, Phase::idle},
        {"OCMRLAE", false, Phase::idle},
        {"OCMRLAL", false, Phase::idle},
        {"OCK", true, Phase::connection},
        {"OCMRLK", true, Phase::connection},
        {"OCKM", false, Phase::connection},
        {"OCKO", false, Phase::connection},
        {"OCKC", true, Phase::idle},
        {"OCMLQ", true, Phase::over},
        {"OCQQ", false, Phase::over},
        {"OCQC", false, Phase::over},
    };
    for (const Case& c : cases) {
        Dialogue dialogue;
        for (const char command : c.commands.substr(0, c.commands.size() - 1))
            ASSERT_TRUE(dialogue.take(static_cast<Command>(command))) << c.commands;
        const auto taken = dialogue.take(static_cast<Command>(c.commands.back()));
        EXPECT_EQ(taken.has_value(), c.legal) << c.commands;
        if (!taken) EXPECT_EQ(taken.error(), ProtocolError::out_of_order);
        EXPECT_EQ(dialogue.phase(), c.end) << c.commands;
        EXPECT_EQ(dialogue.in_message(), c.end >= Phase::envelope && c.end <= Phase::body) << c.commands;
    }
}

}  // namespace
}  // namespace exota::milter
