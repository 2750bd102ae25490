#include "directory/circuit.h"

#include <gtest/gtest.h>

namespace exota::directory {
namespace {

using namespace std::chrono_literals;
using Pass = Circuit::Pass;
constexpr Circuit::Clock::time_point start{1h};

TEST(Circuit, one_asks_after_a_rest_and_decides_for_all) {
    Circuit circuit(1s);
    EXPECT_EQ(circuit.take(start), Pass::usual);
    EXPECT_EQ(circuit.take(start), Pass::usual);
    circuit.failed(Pass::usual, start);
    EXPECT_FALSE(circuit.lets_through(start));
    circuit.failed(Pass::usual, start + 900ms);  // the other one: the rest is not longer for it
    circuit.succeeded(Pass::usual);              // late
    EXPECT_EQ(circuit.take(start + 999ms), Pass::none);
    EXPECT_TRUE(circuit.lets_through(start + 1s));
    EXPECT_EQ(circuit.take(start + 1s), Pass::trial);
    EXPECT_FALSE(circuit.lets_through(start + 5s)) << "one alone";
    EXPECT_EQ(circuit.take(start + 5s), Pass::none);
    circuit.succeeded(Pass::usual);
    EXPECT_EQ(circuit.take(start + 5s), Pass::none);
    circuit.failed(Pass::trial, start + 5s);
    EXPECT_EQ(circuit.take(start + 5999ms), Pass::none);
    EXPECT_EQ(circuit.take(start + 6s), Pass::trial);
    circuit.succeeded(Pass::trial);
    EXPECT_TRUE(circuit.is_closed());
    EXPECT_EQ(circuit.take(start + 6s), Pass::usual);
}

}  // namespace
}  // namespace exota::directory
