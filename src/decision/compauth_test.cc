// The table of composite authentication: each row, each pair of rows that stand one above the other, and all cases there are.
#include "decision/compauth.h"

#include <gtest/gtest.h>

#include <array>
#include <ostream>
#include <vector>

namespace exota::decision {

static std::ostream& operator<<(std::ostream& out, const CompauthCase& asked) {
    for (const bool bit : {asked.own, asked.has_record, asked.enforces, asked.aligned_dkim, asked.aligned_spf, asked.spf_from_exchange,
                           asked.unresolved, asked.reverse_name})
        out << (bit ? '1' : '0');
    return out << " mailbox " << name_of(asked.own_tenant) << " exception " << name_of(asked.exception) << " domains "
               << (asked.domain ? name_of(*asked.domain) : "says nothing");
}

namespace {

constexpr std::array every_finding{Finding::holds, Finding::absent, Finding::unavailable};
constexpr std::array every_exception{Exception::none, Exception::arc, Exception::forwarder, Exception::domain};
constexpr std::array<std::optional<Action>, 3> every_rule{std::nullopt, Action::reject, Action::mark};

struct Row {
    CompauthCase asked;
    CompauthResult result;
    int reason;
    int row;
};

void expect_each(const std::vector<Row>& rows) {
    for (const Row& row : rows) {
        const Compauth got = compauth_of(row.asked);
        EXPECT_EQ(name_of(got.result), name_of(row.result)) << row.asked;
        EXPECT_EQ(got.reason, row.reason) << row.asked;
        EXPECT_EQ(got.row, row.row) << row.asked;
    }
}

TEST(Compauth, row_2_own_mailbox) {
    using enum CompauthResult;
    expect_each({{{.own = true, .own_tenant = Finding::holds}, pass, 701, 2},
                 {{.own = true, .own_tenant = Finding::holds, .has_record = true, .enforces = true}, pass, 701, 2},
                 {{.own = true, .own_tenant = Finding::holds, .has_record = true, .aligned_dkim = true}, pass, 701, 2},
                 {{.own = true, .own_tenant = Finding::holds, .unresolved = true}, pass, 701, 2},
                 {{.own = true, .own_tenant = Finding::holds, .domain = Action::reject}, pass, 701, 2},
                 {{.own = true, .own_tenant = Finding::holds, .aligned_spf = true, .spf_from_exchange = true}, pass, 701, 2}});
}

TEST(Compauth, row_3_dmarc_passes) {
    using enum CompauthResult;
    expect_each({{{.has_record = true, .aligned_dkim = true}, pass, 100, 3},
                 {{.has_record = true, .enforces = true, .aligned_dkim = true}, pass, 100, 3},
                 {{.has_record = true, .enforces = true, .aligned_spf = true}, pass, 100, 3},
                 {{.own = true, .has_record = true, .enforces = true, .aligned_spf = true}, pass, 100, 3},
                 {{.own = true, .has_record = true, .aligned_dkim = true, .aligned_spf = true, .spf_from_exchange = true}, pass, 100, 3},
                 {{.has_record = true, .aligned_dkim = true, .unresolved = true}, pass, 100, 3},
                 {{.has_record = true, .aligned_dkim = true, .domain = Action::reject}, pass, 100, 3}});
}

TEST(Compauth, row_4_by_spf_through_exchange_alone) {
    using enum CompauthResult;
    const auto with = [](auto change) {
        CompauthCase asked{.has_record = true, .aligned_spf = true, .spf_from_exchange = true};
        change(asked);
        return asked;
    };
    expect_each({{with([](auto&) {}), softpass, 202, 4},
                 {with([](auto& a) { a.enforces = true; }), softpass, 202, 4},
                 {with([](auto& a) { a.unresolved = true; }), softpass, 202, 4},
                 {with([](auto& a) { a.exception = Exception::arc; }), softpass, 202, 4},
                 {with([](auto& a) { a.domain = Action::mark; }), softpass, 202, 4},
                 {with([](auto& a) { a.reverse_name = true; }), softpass, 202, 4}});
}

TEST(Compauth, row_5_not_known) {
    using enum CompauthResult;
    expect_each({{{.unresolved = true}, none, 301, 5},
                 {{.has_record = true, .unresolved = true}, none, 301, 5},
                 {{.has_record = true, .enforces = true, .unresolved = true, .exception = Exception::forwarder}, none, 301, 5},
                 {{.own = true, .unresolved = true}, none, 301, 5},
                 {{.own = true, .own_tenant = Finding::unavailable}, none, 301, 5},
                 {{.own = true, .has_record = true, .enforces = true, .aligned_spf = true, .spf_from_exchange = true, .unresolved = true},
                  none,
                  301,
                  5},
                 {{.unresolved = true, .domain = Action::reject}, none, 301, 5}});
}

TEST(Compauth, row_6_exceptions) {
    using enum CompauthResult;
    expect_each({{{.exception = Exception::arc}, pass, 130, 6},
                 {{.has_record = true, .enforces = true, .exception = Exception::arc}, pass, 130, 6},
                 {{.own = true, .has_record = true, .enforces = true, .exception = Exception::arc}, pass, 130, 6},
                 {{.has_record = true, .enforces = true, .exception = Exception::forwarder}, pass, 131, 6},
                 {{.exception = Exception::forwarder, .domain = Action::reject}, pass, 131, 6},
                 {{.has_record = true, .enforces = true, .exception = Exception::domain}, none, 402, 6},
                 {{.exception = Exception::domain, .reverse_name = true}, none, 402, 6}});
}

TEST(Compauth, row_7_forbidden_by_the_operator) {
    using enum CompauthResult;
    expect_each({{{.domain = Action::reject}, fail, 2, 7},
                 {{.domain = Action::mark}, fail, 2, 7},
                 {{.has_record = true, .enforces = true, .domain = Action::mark}, fail, 2, 7},
                 {{.aligned_dkim = true, .domain = Action::reject}, fail, 2, 7},
                 {{.own = true, .domain = Action::reject}, fail, 2, 7},
                 {{.own = true, .exception = Exception::forwarder, .domain = Action::reject}, fail, 2, 7}});
}

TEST(Compauth, row_8_enforced) {
    using enum CompauthResult;
    expect_each({{{.has_record = true, .enforces = true}, fail, 0, 8},
                 {{.has_record = true, .enforces = true, .reverse_name = true}, fail, 0, 8},
                 {{.has_record = true, .enforces = true, .spf_from_exchange = true}, fail, 0, 8},
                 {{.own = true, .has_record = true, .enforces = true}, fail, 10, 8},
                 {{.own = true, .has_record = true, .enforces = true, .aligned_spf = true, .spf_from_exchange = true}, fail, 10, 8},
                 {{.own = true, .has_record = true, .enforces = true, .exception = Exception::forwarder}, fail, 10, 8},
                 {{.own = true, .has_record = true, .enforces = true, .exception = Exception::domain}, fail, 10, 8}});
}

TEST(Compauth, row_9_best_guess) {
    using enum CompauthResult;
    expect_each({{{.aligned_dkim = true}, pass, 109, 9},
                 {{.aligned_spf = true}, pass, 109, 9},
                 {{.aligned_dkim = true, .aligned_spf = true}, pass, 109, 9},
                 {{.aligned_dkim = true, .aligned_spf = true, .spf_from_exchange = true}, pass, 109, 9},
                 {{.aligned_dkim = true, .reverse_name = true}, pass, 109, 9}});
}

TEST(Compauth, row_10_own_and_nothing_proven) {
    using enum CompauthResult;
    expect_each({{{.own = true}, fail, 601, 10},
                 {{.own = true, .has_record = true}, fail, 601, 10},
                 {{.own = true, .has_record = true, .aligned_spf = true, .spf_from_exchange = true}, fail, 601, 10},
                 {{.own = true, .aligned_dkim = true}, fail, 601, 10},
                 {{.own = true, .reverse_name = true}, fail, 601, 10},
                 {{.own = true, .exception = Exception::domain}, fail, 601, 10}});
}

TEST(Compauth, rows_11_to_13) {
    using enum CompauthResult;
    expect_each({{{.reverse_name = true}, softpass, 211, 11},
                 {{.has_record = true, .reverse_name = true}, softpass, 211, 11},
                 {{.spf_from_exchange = true, .reverse_name = true}, softpass, 211, 11},
                 {{.aligned_spf = true, .spf_from_exchange = true, .reverse_name = true}, softpass, 211, 11},
                 {{.own_tenant = Finding::unavailable, .reverse_name = true}, softpass, 211, 11},
                 {{.has_record = true}, fail, 1, 12},
                 {{.has_record = true, .spf_from_exchange = true}, fail, 1, 12},
                 {{.own_tenant = Finding::holds, .has_record = true}, fail, 1, 12},
                 {{.own_tenant = Finding::unavailable, .has_record = true}, fail, 1, 12},
                 {{.own_tenant = Finding::holds, .has_record = true, .spf_from_exchange = true}, fail, 1, 12},
                 {{}, fail, 1, 13},
                 {{.spf_from_exchange = true}, fail, 1, 13},
                 {{.aligned_spf = true, .spf_from_exchange = true}, fail, 1, 13},
                 {{.own_tenant = Finding::holds}, fail, 1, 13},
                 {{.own_tenant = Finding::unavailable}, fail, 1, 13}});
}

/// Two cases that one answer separates.
struct Pair {
    CompauthCase above, below;
    int row, next;
};

int differing_answers(const CompauthCase& a, const CompauthCase& b) {
    return int{a.own != b.own} + int{a.own_tenant != b.own_tenant} + int{a.has_record != b.has_record} + int{a.enforces != b.enforces} +
           int{a.aligned_dkim != b.aligned_dkim} + int{a.aligned_spf != b.aligned_spf} + int{a.spf_from_exchange != b.spf_from_exchange} +
           int{a.unresolved != b.unresolved} + int{a.exception != b.exception} + int{a.domain != b.domain} +
           int{a.reverse_name != b.reverse_name};
}

TEST(Compauth, what_separates_neighbours) {
    const Pair pairs[] = {
        {{.own = true, .own_tenant = Finding::holds, .has_record = true, .aligned_dkim = true},
         {.own = true, .has_record = true, .aligned_dkim = true},
         2,
         3},
        {{.has_record = true, .aligned_spf = true}, {.has_record = true, .aligned_spf = true, .spf_from_exchange = true}, 3, 4},
        {{.has_record = true, .aligned_spf = true, .spf_from_exchange = true, .unresolved = true},
         {.own = true, .has_record = true, .aligned_spf = true, .spf_from_exchange = true, .unresolved = true},
         4,
         5},
        {{.unresolved = true, .exception = Exception::arc}, {.exception = Exception::arc}, 5, 6},
        {{.exception = Exception::forwarder, .domain = Action::reject}, {.domain = Action::reject}, 6, 7},
        {{.has_record = true, .enforces = true, .domain = Action::reject}, {.has_record = true, .enforces = true}, 7, 8},
        {{.has_record = true, .enforces = true, .aligned_dkim = false},
         {.has_record = true, .aligned_dkim = false, .reverse_name = false},
         8,
         12},
        {{.aligned_dkim = true}, {.own = true, .aligned_dkim = true}, 9, 10},
        {{.own = true, .reverse_name = true}, {.reverse_name = true}, 10, 11},
        {{.has_record = true, .reverse_name = true}, {.has_record = true}, 11, 12},
        {{.has_record = true}, {}, 12, 13},
    };
    for (const Pair& pair : pairs) {
        EXPECT_EQ(compauth_of(pair.above).row, pair.row) << pair.above;
        EXPECT_EQ(compauth_of(pair.below).row, pair.next) << pair.below;
        EXPECT_EQ(differing_answers(pair.above, pair.below), 1) << pair.above << " and " << pair.below;
    }
    // Row 8 wants a record and row 9 none: the record is what separates them.
    const CompauthCase enforced{.has_record = true, .enforces = true, .aligned_spf = false}, best_guess{.aligned_dkim = true};
    EXPECT_EQ(compauth_of(enforced).row, 8);
    EXPECT_EQ(compauth_of(best_guess).row, 9);
    CompauthCase both = best_guess;
    both.enforces = true;  // which without a record means nothing
    EXPECT_EQ(compauth_of(both).row, 9);
}

/// Every case there is.
template <class Visit>
std::size_t each_case(Visit visit) {
    std::size_t cases = 0;
    for (unsigned bits = 0; bits < 256; ++bits)
        for (const Finding mailbox : every_finding)
            for (const Exception exception : every_exception)
                for (const auto& domain : every_rule) {
                    const auto bit = [bits](unsigned place) { return (bits >> place & 1) != 0; };
                    visit(CompauthCase{.own = bit(0),
                                       .own_tenant = mailbox,
                                       .has_record = bit(1),
                                       .enforces = bit(2),
                                       .aligned_dkim = bit(3),
                                       .aligned_spf = bit(4),
                                       .spf_from_exchange = bit(5),
                                       .unresolved = bit(6),
                                       .exception = exception,
                                       .domain = domain,
                                       .reverse_name = bit(7)});
                    ++cases;
                }
    return cases;
}

TEST(Compauth, the_table_is_total) {
    std::array<std::size_t, 14> rows{};
    const std::size_t cases = each_case([&](const CompauthCase& asked) {
        const Compauth got = compauth_of(asked);
        ASSERT_TRUE(got.row >= 2 && got.row <= 13) << asked;
        ASSERT_TRUE(got.reason) << asked;
        // Microsoft's families: the word is that of the number.
        const int family = *got.reason / 100;
        const bool fits = got.result == CompauthResult::pass       ? family == 1 || family == 7
                          : got.result == CompauthResult::softpass ? family == 2
                          : got.result == CompauthResult::none     ? family == 3 || family == 4
                                                                   : family == 0 || family == 6;
        ASSERT_TRUE(fits) << asked << ' ' << reason_text(got);
        ++rows[static_cast<std::size_t>(got.row)];
    });
    EXPECT_EQ(cases, 256U * 3 * 4 * 3);
    for (std::size_t row = 2; row < rows.size(); ++row) EXPECT_GT(rows[row], 0U) << "row " << row << " is never met";
}

TEST(Compauth, no_unauthenticated_own_domain_passes) {
    std::size_t passed = 0;
    each_case([&](const CompauthCase& asked) {
        if (!asked.own) return;
        const Compauth got = compauth_of(asked);
        ASSERT_NE(got.result, CompauthResult::softpass) << asked;
        if (got.result == CompauthResult::none) ASSERT_EQ(got.row, 5) << asked << ": only what is not known is neither";
        if (got.result != CompauthResult::pass) return;
        ++passed;
        const bool authenticated = asked.own_tenant == Finding::holds || asked.aligned_dkim ||
                                   (asked.aligned_spf && !asked.spf_from_exchange) || asked.exception == Exception::arc;
        ASSERT_TRUE(authenticated) << asked;
    });
    EXPECT_GT(passed, 0U);
}

TEST(Compauth, what_is_not_known_is_never_a_failure) {
    each_case([&](const CompauthCase& asked) {
        if (asked.unresolved) ASSERT_NE(compauth_of(asked).result, CompauthResult::fail) << asked;
    });
}

TEST(Compauth, reasons_have_three_digits) {
    EXPECT_EQ(reason_text({.reason = 0}), "000");
    EXPECT_EQ(reason_text({.reason = 10}), "010");
    EXPECT_EQ(reason_text({.reason = 601}), "601");
    EXPECT_EQ(reason_text({}), "");
}

}  // namespace
}  // namespace exota::decision
