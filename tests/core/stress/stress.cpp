// Real threads against one ledger, every answer recorded and checked.
//
//     stress seconds SECONDS
//     stress rounds ROUNDS [VIOLATION...]
//
// The first form uses real threads. The second runs ROUNDS rounds in the order that their numbers
// decide (see schedule.hpp), the same on every machine. Both exit 0 if no answer was wrong. With
// VIOLATIONs, for a program with a planted bug, it exits 0 as soon as one of these is found (see
// violation.hpp for their names). Others do not count: the bug is to be found out for what it does.
#include "core/stress/steps.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/stress/history.hpp"
#include "core/stress/round.hpp"

namespace {

using namespace coffer::stress;

// Those that give way most often find most; the others are closer to what a server does.
constexpr shape shapes[] = {
    {2, 2, 2, 2'000, 0}, {16, 8, 6, 500, 1},    {2, 2, 3, 2'000, 4},     {5, 2, 4, 2'000, 2},
    {8, 8, 4, 2'000, 8}, {64, 16, 4, 2'000, 3}, {16, 8, 4, 1'000, 2},    {2, 2, 8, 1'000, 16},
    {12, 6, 6, 500, 1},  {5, 5, 6, 1'000, 32},  {16, 2, 2, 4'000, 0},    {16, 2, 4, 100, 8},
    {12, 12, 6, 500, 1}, {2, 2, 3, 2'000, 2},   {200, 150, 4, 1'000, 4},
};

// A schedule gives way exactly where it wants to, so less is enough.
constexpr shape scheduled_shapes[] = {
    {3, 3, 3, 100, 0}, {2, 2, 3, 100, 0}, {12, 6, 4, 100, 0}, {4, 2, 4, 200, 0}, {5, 5, 6, 100, 0},
};

/// The violations that `words` names, or nothing if one of them names none.
std::optional<std::vector<violation_kind>> kinds_named(std::span<char*> words) {
    std::vector<violation_kind> kinds;
    for (const char* const word : words) {
        const auto kind = kind_named(word);
        if (!kind)
            return std::nullopt;
        kinds.push_back(*kind);
    }
    return kinds;
}

/// Whether one of `found` is of a kind that counts.
bool has_any(const std::vector<violation>& found, const std::vector<violation_kind>& counted) {
    return std::any_of(found.begin(), found.end(), [&counted](const violation& one) {
        return std::find(counted.begin(), counted.end(), one.kind) != counted.end();
    });
}

void print(std::uint32_t round, const std::vector<violation>& found) {
    for (const violation& one : found)
        std::printf("round %u: %s: %s\n", round, std::string{name_of(one.kind)}.c_str(),
                    one.where.c_str());
}

int run_for(std::int64_t seconds) {
    const moment end = now() + seconds * 1'000'000'000;
    std::uint32_t rounds = 0;
    while (now() < end) {
        const shape& chosen = shapes[rounds++ % std::size(shapes)];
        const auto found = round_of_work{chosen}.run(rounds);
        print(rounds, found);
        if (!found.empty())
            return EXIT_FAILURE;
    }
    std::printf("%u rounds, no answer was wrong\n", rounds);
    return EXIT_SUCCESS;
}

int run_rounds(std::uint32_t rounds, const std::vector<violation_kind>& wanted) {
    counted = 1;
    for (std::uint32_t round = 1; round <= rounds; ++round) {
        const shape& chosen = scheduled_shapes[round % std::size(scheduled_shapes)];
        const auto found = round_of_work{chosen}.run_scheduled(round);
        print(round, found);
        if (has_any(found, wanted))
            return EXIT_SUCCESS;
        if (!found.empty() && wanted.empty())
            return EXIT_FAILURE;
    }
    std::printf("%u rounds, %s\n", rounds,
                wanted.empty() ? "no answer was wrong" : "and none of the violations expected");
    return wanted.empty() ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace

int main(int argc, char** argv) {
    const std::span words{argv, static_cast<std::size_t>(argc)};
    const auto wanted = kinds_named(words.subspan(std::min<std::size_t>(3, words.size())));
    const std::string_view form = argc > 2 ? argv[1] : "";
    if (form == "seconds" && argc == 3)
        return run_for(std::atoi(argv[2]));
    if (form == "rounds" && wanted)
        return run_rounds(static_cast<std::uint32_t>(std::atoi(argv[2])), *wanted);
    std::fputs("usage: stress seconds SECONDS | stress rounds ROUNDS [VIOLATION...]\n", stderr);
    return 2;
}
