// What the SMTP protocol costs without I/O: a transaction's commands, and DATA read and written again.
//
//     smtp_bench                             all
//     smtp_bench --benchmark_filter=data     octets a second of reading, and of reading and writing
//
// `allocations` counts calls of operator new an iteration.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <new>
#include <string>
#include <string_view>

#include "wire/smtp/command.h"
#include "wire/smtp/data.h"
#include "wire/smtp/data_writer.h"
#include "wire/smtp/dialogue.h"
#include "wire/smtp/line.h"

namespace {
std::size_t allocations = 0;
}

void* operator new(std::size_t octets) {
    ++allocations;
    if (void* const memory = std::malloc(octets)) return memory;
    throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

using namespace exota::smtp;

constexpr std::size_t read_octets = 64 * 1024;  // as a loop reads

void report(benchmark::State& state, std::size_t before, std::size_t octets) {
    state.SetBytesProcessed(static_cast<std::int64_t>(octets) * static_cast<std::int64_t>(state.iterations()));
    state.counters["allocations"] = static_cast<double>(allocations - before) / static_cast<double>(state.iterations());
}

/// MAIL as Exchange Online sends it (without XOORG, which is a Domain of its own), two recipients, RSET.
void commands(benchmark::State& state) {
    const std::string input =
        "MAIL FROM:<jane.doe@contoso.example> SIZE=23961 AUTH=<>\r\nRCPT TO:<one@fabrikam.example>\r\n"
        "RCPT TO:<another.person@fabrikam.example>\r\nRSET\r\n";
    Extensions offered;
    offered.size = 100'000'000;
    Dialogue dialogue({});
    dialogue.greeted();
    dialogue.accepted(Verb::ehlo);
    LineReader lines;
    const std::size_t before = allocations;
    for (auto _ : state) {
        std::string_view bytes = input;
        while (const auto line = lines.next(bytes)) {
            const Command command = split_command(line->text);
            bool good = !dialogue.check(command.verb, bytes.empty() ? Dialogue::Behind::nothing : Dialogue::Behind::octets);
            if (command.verb == Verb::mail) good = good && parse_mail(command.argument, offered);
            if (command.verb == Verb::rcpt) good = good && parse_recipient(command.argument, offered, false);
            if (!good) state.SkipWithError("a command was refused");
            dialogue.accepted(command.verb);
        }
    }
    state.SetItemsProcessed(4 * static_cast<std::int64_t>(state.iterations()));
    report(state, before, input.size());
}
BENCHMARK(commands);

/// 35 fields and a body of base64 in lines of 76 octets, or of text of a line's length, every tenth with a dot at its beginning.
std::string message(std::size_t octets, std::size_t line_octets, bool dots) {
    std::string out;
    for (int i = 0; i < 35; ++i)
        out += "X-Field-" + std::to_string(i) + ": " + std::string(60, 'a') + "\r\n " + std::string(70, 'b') + "\r\n";
    out += "\r\n";
    for (int i = 0; out.size() < octets; ++i) out += (dots && i % 10 == 0 ? ".." : "") + std::string(line_octets, 'Q') + "\r\n";
    return out + ".\r\n";
}

void read_data(benchmark::State& state, bool write, std::size_t line_octets, bool dots) {
    const std::string input = message(static_cast<std::size_t>(state.range(0)), line_octets, dots);
    std::string out;
    out.reserve(2 * read_octets);
    const std::size_t before = allocations;
    for (auto _ : state) {
        DataReader reader({.message_octets = 100'000'000});
        DataWriter writer;
        for (std::size_t at = 0; at < input.size(); at += read_octets) {
            std::string_view bytes = std::string_view(input).substr(at, read_octets);
            while (const auto event = reader.next(bytes)) {
                benchmark::DoNotOptimize(event);
                if (!write) continue;
                if (const auto* field = std::get_if<Field>(&*event)) writer.append_raw_field(out, field->raw);
                if (const auto* body = std::get_if<BodyOctets>(&*event)) writer.append(out, body->octets);
            }
            benchmark::DoNotOptimize(out.data());
            out.clear();
        }
        if (!reader.ended() || reader.fault() != DataFault::none) state.SkipWithError("the data have not ended well");
    }
    report(state, before, input.size());
}
BENCHMARK_CAPTURE(read_data, lines_of_76, false, 76, false)->Arg(20'000)->Arg(10'000'000);
BENCHMARK_CAPTURE(read_data, lines_of_76_with_dots, false, 76, true)->Arg(10'000'000);
BENCHMARK_CAPTURE(read_data, lines_of_998, false, 998, false)->Arg(10'000'000);
BENCHMARK_CAPTURE(read_data, lines_of_10, false, 10, false)->Arg(10'000'000);
BENCHMARK_CAPTURE(read_data, written_lines_of_76, true, 76, false)->Arg(20'000)->Arg(10'000'000);

}  // namespace

BENCHMARK_MAIN();
