// What our table of names and our looks at sixteen octets at once cost, beside what one would take instead: boost::unordered_flat_map, and
// comparisons octet by octet. See docs/decisions/0007-own-name-table.md.
//   usage: names [COUNT]        (default 1000000)
//   prints for each table "octets O peak_octets P build_ns B hit_ns H miss_ns M" a name; for each scan "sixteen_ns S portable_ns P" a name
// Each table is built in a process of its own, so that its peak is its own. All use one hash function with one key.
#include <malloc.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "base/sixteen.h"
#include "tenant/canonical.h"
#include "tenant/name_table.h"

namespace {

using namespace exota;
using Names = std::vector<std::string>;

const base::HashKey key({0x0123456789abcdef, 0x8c3b0d51f2e6a794, 0xd1e8a20f7c965b43});

/// As bench/tenants_make.py makes them.
Names made_names(std::size_t count, std::string_view prefix) {
    constexpr std::string_view words[] = {"alpha",  "bergmann", "consult", "delta",  "energie", "fischer", "gruppe", "handel", "institut",
                                          "klinik", "logistik", "meyer",   "online", "partner", "technik", "verlag", "werk",   "zentrum"};
    constexpr std::string_view tops[] = {"com", "de", "net", "org", "example", "co.uk", "ch", "fr", "eu", "shop"};
    std::mt19937 random(1);
    Names names;
    names.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        char number[17];
        const auto end = std::to_chars(number, std::end(number), i, 16).ptr;
        names.push_back(std::string(prefix) + std::string(words[random() % std::size(words)]) + '-' +
                        std::string(words[random() % std::size(words)]) + std::string(number, end) + '.' +
                        std::string(tops[random() % std::size(tops)]));
    }
    return names;
}

class Ours {
public:
    void add(std::string_view name, std::uint32_t owner) {
        const tenant::HashedName hashed(name, key);
        table_.insert(arena_.add(name, {owner}), hashed);
    }
    std::uint32_t find(std::string_view name) const {
        const tenant::NameRef ref = table_.find(tenant::HashedName(name, key), arena_);
        return ref == 0 ? 0 : arena_.word(ref, 1);
    }

private:
    tenant::NameArena arena_;
    tenant::NameTable table_;
};

struct Hash {
    using is_transparent = void;
    using is_avalanching = void;
    std::size_t operator()(std::string_view name) const noexcept { return base::hash_of(name, key); }
};

/// The names as strings of their own.
class FlatOfStrings {
public:
    void add(std::string_view name, std::uint32_t owner) { map_.emplace(name, owner); }
    std::uint32_t find(std::string_view name) const {
        const auto found = map_.find(name);
        return found == map_.end() ? 0 : found->second;
    }

private:
    boost::unordered_flat_map<std::string, std::uint32_t, Hash, std::equal_to<>> map_;
};

/// The names in our arena, seen by views.
class FlatOfViews {
public:
    void add(std::string_view name, std::uint32_t owner) { map_.emplace(arena_.name(arena_.add(name, {})), owner); }
    std::uint32_t find(std::string_view name) const {
        const auto found = map_.find(name);
        return found == map_.end() ? 0 : found->second;
    }

private:
    tenant::NameArena arena_;
    boost::unordered_flat_map<std::string_view, std::uint32_t, Hash, std::equal_to<>> map_;
};

/// CPU time: the machine may do something else as well.
double nanoseconds() {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

/// Nanoseconds for one name; of three rounds the fastest counts.
template <class Look>
double each_of(const Names& names, Look look) {
    double best = 1e18;
    for (int round = 0; round < 3; ++round) {
        const double start = nanoseconds();
        for (const std::string& name : names) look(name);
        best = std::min(best, (nanoseconds() - start) / static_cast<double>(names.size()));
    }
    return best;
}

std::size_t allocated() {
    const auto info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

std::size_t peak_octets() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<std::size_t>(usage.ru_maxrss) * 1024;
}

template <class Table>
int measure(const char* what, const Names& names, const Names& shuffled, const Names& missing) {
    const double count = static_cast<double>(names.size());
    const std::size_t peak_before = peak_octets(), before = allocated();
    const double start = nanoseconds();
    Table table;
    for (std::size_t i = 0; i < names.size(); ++i) table.add(names[i], static_cast<std::uint32_t>(i + 1));
    const double build = (nanoseconds() - start) / count;
    const std::size_t octets = allocated() - before, peak = peak_octets() - peak_before;
    std::uint64_t sum = 0, none = 0;
    const double hit = each_of(shuffled, [&](std::string_view name) { sum += table.find(name); });
    const double miss = each_of(missing, [&](std::string_view name) { none += table.find(name); });
    if (sum != 3 * (std::uint64_t{names.size()} * (names.size() + 1) / 2) || none != 0) return 1;
    std::printf("%-28s octets %.1f peak_octets %.1f build_ns %.0f hit_ns %.0f miss_ns %.0f\n", what, static_cast<double>(octets) / count,
                static_cast<double>(peak) / count, build, hit, miss);
    return std::fflush(stdout);
}

template <class Table>
bool measure_apart(const char* what, const Names& names, const Names& shuffled, const Names& missing) {
    const pid_t child = fork();
    if (child == 0) _exit(measure<Table>(what, names, shuffled, missing));
    int status = 0;
    return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

template <class Sixteen, class Portable>
bool compare(const char* what, const Names& texts, Sixteen sixteen, Portable portable) {
    std::size_t a = 0, b = 0;
    const double fast = each_of(texts, [&](const std::string& text) { a += sixteen(text) ? 1U : 0U; });
    const double slow = each_of(texts, [&](const std::string& text) { b += portable(text) ? 1U : 0U; });
    std::printf("%-28s sixteen_ns %.1f portable_ns %.1f\n", what, fast, slow);
    return a == b && a == 3 * texts.size();
}

template <class Question>
const char* first_octet(const char* at, const char* end, Question question) {
    while (at != end && !question(static_cast<signed char>(*at))) ++at;
    return at;
}

}  // namespace

int main(int argc, char** argv) {
    std::size_t count = 1'000'000;
    if (argc > 2 || (argc == 2 && std::from_chars(argv[1], argv[1] + std::strlen(argv[1]), count).ec != std::errc{}) || count == 0) {
        std::fputs("usage: names [COUNT]\n", stderr);
        return 64;
    }
    const Names names = made_names(count, ""), missing = made_names(count, "no-");
    Names shuffled = names;
    std::shuffle(shuffled.begin(), shuffled.end(), std::mt19937(2));
    bool right = measure_apart<Ours>("ours", names, shuffled, missing);
    right = measure_apart<FlatOfStrings>("unordered_flat_map, strings", names, shuffled, missing) && right;
    right = measure_apart<FlatOfViews>("unordered_flat_map, arena", names, shuffled, missing) && right;

    Names long_names;
    std::ranges::copy_if(names, std::back_inserter(long_names), [](const std::string& name) { return name.size() >= base::sixteen; });
    right = compare("canonical name", long_names, tenant::canonical::has_plain_labels_at_once,
                    [](std::string_view name) { return tenant::canonical::has_plain_labels(name); }) &&
            right;
    const Names ids(count, "1234abcd-18c5-45e8-88de-123456789abc");
    right = compare("canonical tenant id", ids, tenant::canonical::is_id_at_once,
                    [](std::string_view id) { return tenant::canonical::is_id(id); }) &&
            right;
    const auto ends_string = [](auto octet) { return (octet == '"') | (octet == '\\') | (octet < 0x20); };
    const auto to_the_end = [](auto find) {
        return [find](std::string_view text) { return find(text.data(), text.data() + text.size()) == text.data() + text.size(); };
    };
    right = compare("end of a JSON string", names,
                    to_the_end([&](const char* at, const char* end) { return base::find_octet(at, end, ends_string); }),
                    to_the_end([&](const char* at, const char* end) { return first_octet(at, end, ends_string); })) &&
            right;
    return right ? 0 : 70;
}
