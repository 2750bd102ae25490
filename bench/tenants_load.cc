// Loads a tenants file as the daemon does and prints what it cost; then looks names up.
//   usage: tenants_load FILE [--load-only]
//   prints "seconds S cpu S peak_mib M domains N tenants T lookup_hot_ns A lookup_random_ns B lookup_miss_ns C free_ms F"
// The peak is the process's (VmHWM) when the index stands, before the look-ups need memory of their own. See bench/tenants.sh.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "directory/tenants_file_source.h"

namespace {

using namespace exota;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

rusage used() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage;
}

double cpu_seconds() {
    const rusage usage = used();
    const auto seconds = [](const timeval& time) { return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6; };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

/// Names of the file, a sample of them, read again the simple way.
std::vector<std::string> some_domains(const char* path, const tenant::Index& index, std::size_t most) {
    std::vector<std::string> names;
    std::FILE* file = std::fopen(path, "r");
    if (file == nullptr) return names;
    char line[4096];
    while (std::fgets(line, sizeof line, file) != nullptr) {
        std::string_view text = line;
        for (std::size_t at = text.find('"'); at != std::string_view::npos; at = text.find('"', at)) {
            const std::size_t end = text.find('"', ++at);
            if (end == std::string_view::npos) break;
            if (const std::string_view name = text.substr(at, end - at); index.with_literal_domain(name)) names.emplace_back(name);
            at = end + 1;
        }
    }
    std::fclose(file);
    std::shuffle(names.begin(), names.end(), std::mt19937(1));
    names.resize(std::min(names.size(), most));
    return names;
}

double nanoseconds(const tenant::Index& index, const std::vector<std::string>& names, std::size_t rounds, std::size_t& found) {
    const auto start = Clock::now();
    for (std::size_t round = 0; round < rounds; ++round)
        for (const std::string& name : names) found += index.covering(name).has_value() ? 1U : 0U;
    return seconds_since(start) * 1e9 / static_cast<double>(rounds * names.size());
}

}  // namespace

int main(int argc, char** argv) {
    const bool load_only = argc == 3 && std::string_view(argv[2]) == "--load-only";
    if (argc != 2 && !load_only) {
        std::fputs("usage: tenants_load FILE [--load-only]\n", stderr);
        return 64;
    }
    tenant::Defaults defaults;
    defaults.proofs = {*tenant::Proof::parse("client-cert + dkim-aligned")};
    const auto start = Clock::now();
    const double cpu_before = cpu_seconds();
    base::Result<directory::LoadedFile> loaded = directory::load_tenants_file(argv[1], std::move(defaults));
    const double seconds = seconds_since(start), cpu = cpu_seconds() - cpu_before, peak = static_cast<double>(used().ru_maxrss) / 1024;
    if (!loaded || !loaded->tenants.index) {
        std::fprintf(stderr, "%s\n", loaded ? loaded->tenants.problems.front().text.c_str() : loaded.error().detail.c_str());
        return 78;
    }
    tenant::Index& index = *loaded->tenants.index;
    if (load_only) return std::printf("seconds %.3f cpu %.3f peak_mib %.1f\n", seconds, cpu, peak) > 0 ? 0 : 74;
    const std::size_t domains = index.domain_count(), tenants = index.tenant_count();
    const std::vector<std::string> random = some_domains(argv[1], index, 300000);
    const std::vector<std::string> hot(random.begin(), random.begin() + std::min<std::ptrdiff_t>(100, std::ssize(random)));
    std::vector<std::string> missing;
    for (const std::string& name : random) missing.push_back("no" + name);
    std::size_t found = 0;
    const double hot_ns = nanoseconds(index, hot, 20000, found), random_ns = nanoseconds(index, random, 3, found),
                 miss_ns = nanoseconds(index, missing, 3, found);
    if (found < random.size() * 3) return 70;
    const auto free_start = Clock::now();
    loaded->tenants.index.reset();
    std::printf(
        "seconds %.3f cpu %.3f peak_mib %.1f domains %zu tenants %zu lookup_hot_ns %.0f lookup_random_ns %.0f lookup_miss_ns %.0f free_ms "
        "%.2f\n",
        seconds, cpu, peak, domains, tenants, hot_ns, random_ns, miss_ns, seconds_since(free_start) * 1e3);
    return 0;
}
