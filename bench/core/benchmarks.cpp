// Measures every competitor with every operation, size, distribution and number of threads.
//
//     bench_core [--full] [flags of Google Benchmark]
//
// A benchmark's name is operation/competitor/accounts/distribution, plus Google Benchmark's suffix.
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <benchmark/benchmark.h>

#include "competitors.hpp"
#include "streams.hpp"

namespace coffer::bench {
namespace {

constexpr std::size_t group = 256;  // operations in one iteration, and in one batch
constexpr money amount = money::from_minor(1);

/// Returns the one competitor of this type and size, which is built on first use and kept.
template <competitor Competitor>
Competitor& competitor_of(std::size_t accounts) {
    static std::mutex mutex;
    static std::map<std::size_t, std::unique_ptr<Competitor>> all;
    const std::lock_guard held{mutex};
    auto& one = all[accounts];
    if (!one)
        one = std::make_unique<Competitor>(accounts);
    return *one;
}

// The operations: each does one group and returns whether all succeeded.

struct withdraw {
    bool operator()(auto& competitor, auto& stream) const {
        bool good = true;
        for (std::size_t i = 0; i != group; ++i) {
            const outcome one = competitor.withdraw(stream.next(), amount);
            good &= one.error == errc::ok;
            benchmark::DoNotOptimize(one.posting.balance);
        }
        return good;
    }
};

struct balance {
    bool operator()(auto& competitor, auto& stream) const {
        bool good = true;
        for (std::size_t i = 0; i != group; ++i) {
            const outcome one = competitor.balance(stream.next());
            good &= one.error == errc::ok;
            benchmark::DoNotOptimize(one.posting.balance);
        }
        return good;
    }
};

struct transfer {
    bool operator()(auto& competitor, auto& stream) const {
        bool good = true;
        for (std::size_t i = 0; i != group; ++i) {
            const account_number from = stream.next();
            good &= competitor.transfer(from, stream.payee(from), amount);
        }
        return good;
    }
};

struct transaction {
    bool operator()(auto& competitor, auto& stream) const {
        bool good = true;
        for (std::size_t i = 0; i != group; ++i) {
            const account_number from = stream.next();
            const account_number to = stream.payee(from);
            account_number other = stream.payee(from);
            while (other == to)
                other = stream.payee(from);
            good &= competitor.split(from, to, other, amount);
        }
        return good;
    }
};

struct hold_pair {
    bool operator()(auto& competitor, auto& stream) {
        bool good = true;
        for (placed& one : holds) {
            one.account = stream.next();
            one.id = competitor.hold_and_capture(one.account, amount);
            good &= one.id.sequence != 0;
        }
        return good;
    }
    /// Not measured: holds are forgotten some time later, by another thread.
    void clean_up(auto& competitor) {
        for (const placed& one : holds)
            competitor.forget_hold(one.account, one.id);
    }

    struct placed {
        account_number account = 0;
        hold_id id{};
    };
    std::array<placed, group> holds{};
};

struct batch {
    bool operator()(auto& competitor, auto& stream) {
        for (operation& one : operations)
            one = {operation_kind::withdraw, stream.next(), amount};
        competitor.apply(operations, outcomes);
        bool good = true;
        for (const outcome& one : outcomes)
            good &= one.error == errc::ok;
        return good;
    }

    std::array<operation, group> operations{};
    std::array<outcome, group> outcomes{};
};

/// Makes cuts, one after the other, in a thread of its own, until destruction.
template <cutting Competitor>
class cutter {
public:
    explicit cutter(Competitor& competitor)
        : thread_{[this, &competitor] {
              while (!stop_.load(std::memory_order_relaxed))
                  benchmark::DoNotOptimize(competitor.cut().accounts);
          }} {}
    ~cutter() {
        stop_.store(true, std::memory_order_relaxed);
        thread_.join();
    }
    cutter(const cutter&) = delete;
    cutter& operator=(const cutter&) = delete;

private:
    std::atomic<bool> stop_{false};
    std::thread thread_;
};

template <class Operation>
void measure(benchmark::State& state, auto& competitor, std::size_t accounts, distribution kind) {
    const auto thread = static_cast<std::size_t>(state.thread_index());
    with_stream(kind, accounts, thread, [&](auto stream) {
        Operation operation;
        bool good = true;
        for ([[maybe_unused]] auto turn : state) {
            good &= operation(competitor, stream);
            if constexpr (requires { operation.clean_up(competitor); }) {
                state.PauseTiming();
                operation.clean_up(competitor);
                state.ResumeTiming();
            }
        }
        if (!good)
            state.SkipWithError("an operation was refused");
        state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(group));
    });
}

struct setting {
    std::size_t accounts;
    distribution kind;

    [[nodiscard]] std::string text() const {
        constexpr std::array names{"uniform", "zipf", "hot"};
        return std::to_string(accounts) + '/' + names[static_cast<std::size_t>(kind)];
    }
};

void add(const std::string& name, auto body) {
    benchmark::RegisterBenchmark(name.c_str(), body)->Threads(1)->Threads(2)->UseRealTime();
}

template <class Operation, competitor Competitor>
void add(std::string_view operation, setting chosen) {
    std::string name{operation};
    name.append("/").append(Competitor::name).append("/").append(chosen.text());
    add(name, [chosen](benchmark::State& state) {
        measure<Operation>(state, competitor_of<Competitor>(chosen.accounts), chosen.accounts,
                           chosen.kind);
    });
}

template <cutting Competitor>
void add_beside_cuts(setting chosen) {
    std::string name{"beside_cuts/"};
    name.append(Competitor::name).append("/").append(chosen.text());
    add(name, [chosen](benchmark::State& state) {
        auto& one = competitor_of<Competitor>(chosen.accounts);
        std::optional<cutter<Competitor>> beside;
        if (state.thread_index() == 0)
            beside.emplace(one);
        measure<withdraw>(state, one, chosen.accounts, chosen.kind);
    });
}

template <competitor Competitor>
void add_all(setting chosen) {
    add<withdraw, Competitor>("withdraw", chosen);
    add<balance, Competitor>("balance", chosen);
    if constexpr (transferring<Competitor>)
        add<transfer, Competitor>("transfer", chosen);
    if constexpr (holding<Competitor>) {
        add<transaction, Competitor>("transaction", chosen);
        add<hold_pair, Competitor>("hold", chosen);
    }
    if constexpr (batching<Competitor>)
        add<batch, Competitor>("batch", chosen);
    if constexpr (cutting<Competitor>)
        add_beside_cuts<Competitor>(chosen);
}

void add_all(bool full) {
    std::vector<setting> settings{{1'000'000, distribution::uniform}};
    if (full) {
        settings.clear();
        for (const std::size_t accounts : {10'000U, 1'000'000U, 10'000'000U})
            for (const auto kind : {distribution::uniform, distribution::zipf, distribution::hot})
                settings.push_back({accounts, kind});
    }
    for (const setting& chosen : settings) {
        add_all<the_ledger>(chosen);
        add_all<tbb_map>(chosen);
        add_all<sharded_map>(chosen);
        add_all<shared_map>(chosen);
        add_all<bare_limit>(chosen);
    }
}

}  // namespace
}  // namespace coffer::bench

int main(int count, char** words) {
    benchmark::Initialize(&count, words);
    const bool full = count == 2 && std::string_view{words[1]} == "--full";
    if (!full && benchmark::ReportUnrecognizedArguments(count, words))
        return 2;
    coffer::bench::add_all(full);
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
}
