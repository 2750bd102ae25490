#include "programs/message_reader.h"

#include <gtest/gtest.h>

namespace exota::programs {
namespace {

std::string text_of(const std::vector<MessageField>& fields) {
    std::string out;
    for (const MessageField& field : fields) out += '[' + field.name + '|' + field.value + ']';
    return out;
}

TEST(MessageReader, Table) {
    using namespace std::string_view_literals;
    const struct {
        std::string_view message, fields, body;
    } cases[] = {
        {"A: 1\r\nB:2\r\n\r\nbody\r\n", "[A| 1][B|2]", "body\r\n"},
        {"A: 1\nB:2\n\nbody\n", "[A| 1][B|2]", "body\n"},
        {"A: 1\r\n 2\r\n\t3\r\n\r\n", "[A| 1\r\n 2\r\n\t3]", ""},
        {"A: 1\n 2\n", "[A| 1\r\n 2]", ""},
        {"A: 1", "[A| 1]", ""},
        {"", "", ""},
        {"\r\nA: 1\r\n", "", "A: 1\r\n"},
        // The first line that is no field begins the body, as in Postfix: what stands behind it is no header any more.
        {"A: 1\nnonsense\nFrom: evil@x.test\n", "[A| 1]", "nonsense\nFrom: evil@x.test\n"},
        {" folded first\nA: 1\n", "", " folded first\nA: 1\n"},
        {": no name\nA: 1\n", "", ": no name\nA: 1\n"},
        {"A B: 1\n", "", "A B: 1\n"},
        {"N\xc3\xa4me: 1\n", "", "N\xc3\xa4me: 1\n"},
        {"A : 1\nB\t : 2\n\n", "[A | 1][B\t | 2]", ""},
        // A lone CR ends no line; a NUL ends nothing.
        {"A: 1\rFrom: evil@x.test\r\n\r\n", "[A| 1\rFrom: evil@x.test]", ""},
        {"A: 1\0B: 2\r\n\r\n"sv, "[A| 1\0B: 2]"sv, ""},
        {"A: 1\r\r\nB: 2\r\n\r\n", "[A| 1\r][B| 2]", ""},
        {"A: 1\n\r\nB: 2\n", "[A| 1]", "B: 2\n"},
        {"A:\n\n", "[A|]", ""},
    };
    for (const auto& c : cases) {
        const MessageParts parts = split_message(c.message);
        EXPECT_EQ(text_of(parts.fields), c.fields) << c.message;
        EXPECT_EQ(parts.body, c.body) << c.message;
    }
}

TEST(MessageReader, LinesThatAreCutAlreadyKeepWhatIsInThem) {
    const std::vector<std::string> lines{"A: 1\nFrom: evil@x.test", " 2", "B: 3", "", "C: 4"};
    EXPECT_EQ(text_of(fields_of_lines(lines)), "[A| 1\nFrom: evil@x.test\r\n 2][B| 3]");
}

}  // namespace
}  // namespace exota::programs
