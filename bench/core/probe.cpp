// Measures memory and cuts, each in a process of its own, and prints one line of JSON:
//
//     bench_core_probe memory ACCOUNTS expected|grown
//         bytes for each account: when filled, and after some cuts beside two busy writers
//     bench_core_probe cut ACCOUNTS CUTS REST_US
//         the time of each cut beside two busy writers, and their rate before and during it.
//         REST_US is how long a cut pauses now and then: see cut_pace.
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <exception>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

#include <pthread.h>

#include <coffer/ledger.hpp>

#include "streams.hpp"

namespace coffer::bench {
namespace {

using namespace std::chrono_literals;

/// Returns the resident set size. Sums up pages, because the kernel's counters lag.
std::size_t resident_bytes() {
    std::ifstream pages{"/proc/self/smaps_rollup"};
    for (std::string word; pages >> word;)
        if (std::size_t kib = 0; word == "Rss:" && pages >> kib)
            return kib * 1024;
    throw std::runtime_error{"/proc/self/smaps_rollup does not have the resident set size"};
}

double seconds_of(clockid_t clock) {
    timespec now{};
    clock_gettime(clock, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

void fill(ledger& ledger, std::size_t accounts) {
    for (account_number number = 1; number <= accounts; ++number)
        if (!ledger.open(number, money::from_minor(1'000'000'000'000'000)))
            throw std::runtime_error{"an account could not be opened"};
}

/// The operations of the writers, with their wall and CPU time.
struct work {
    double operations = 0;
    double wall_s = 0;
    double processor_s = 0;

    [[nodiscard]] work since(const work& start) const noexcept {
        return {operations - start.operations, wall_s - start.wall_s,
                processor_s - start.processor_s};
    }
};

/// Two threads that withdraw from random accounts as fast as they can, until destruction.
class busy_writers {
public:
    busy_writers(ledger& ledger, std::size_t accounts) {
        for (std::size_t i = 0; i != writers_.size(); ++i)
            writers_[i].thread = std::thread{[this, &ledger, accounts, i] {
                uniform_stream stream{accounts, i};
                for (std::uint64_t done = 0; !stop_.load(std::memory_order_relaxed);) {
                    for (int one = 0; one != 64; ++one)
                        done += ledger.withdraw(stream.next(), money::from_minor(1)) ? 1U : 0U;
                    writers_[i].done.store(done, std::memory_order_relaxed);
                }
            }};
    }
    ~busy_writers() {
        stop_.store(true, std::memory_order_relaxed);
        for (writer& one : writers_)
            one.thread.join();
    }
    busy_writers(const busy_writers&) = delete;
    busy_writers& operator=(const busy_writers&) = delete;

    [[nodiscard]] work so_far() {
        work sum;
        const auto now = std::chrono::steady_clock::now().time_since_epoch();
        sum.wall_s = std::chrono::duration<double>(now).count();
        for (writer& one : writers_) {
            clockid_t clock{};
            if (pthread_getcpuclockid(one.thread.native_handle(), &clock) == 0)
                sum.processor_s += seconds_of(clock);
            sum.operations += static_cast<double>(one.done.load(std::memory_order_relaxed));
        }
        return sum;
    }

private:
    struct alignas(64) writer {
        std::atomic<std::uint64_t> done{0};
        std::thread thread;
    };

    std::atomic<bool> stop_{false};
    std::array<writer, 2> writers_;
};

cut_summary cut(ledger& ledger, cut_pace pace = {}) {
    return ledger.cut([](const posting&) noexcept {}, pace);
}

void memory(std::size_t accounts, std::string_view how) {
    const std::size_t before = resident_bytes();
    ledger one{{0, how == "expected" ? accounts : 0}};
    const auto bytes_an_account = [before, accounts] {
        return static_cast<double>(resident_bytes() - before) / static_cast<double>(accounts);
    };
    fill(one, accounts);
    const double filled = bytes_an_account();
    double used = 0;
    {
        busy_writers writers{one, accounts};
        // Several: postings beside one cut save the states of a part of the accounts only.
        for (int round = 0; round != 6; ++round) {
            std::this_thread::sleep_for(200ms);
            cut(one);
        }
        used = bytes_an_account();
    }
    std::cout << "{\"kind\":\"memory\",\"accounts\":" << accounts << ",\"how\":\"" << how
              << "\",\"filled_bytes\":" << filled << ",\"used_bytes\":" << used << "}\n";
}

void print(std::string_view name, const work& done) {
    std::cout << '"' << name << "_per_s\":" << done.operations / done.wall_s << ",\"" << name
              << "_per_processor_s\":" << done.operations / done.processor_s;
}

void cuts(std::size_t accounts, int rounds, int rest_us) {
    ledger one{{0, accounts}};
    fill(one, accounts);
    busy_writers writers{one, accounts};
    std::cout << "{\"kind\":\"cut\",\"accounts\":" << accounts << ",\"rest_us\":" << rest_us
              << ",\"cuts\":[";
    for (int round = 0; round != rounds; ++round) {
        std::this_thread::sleep_for(300ms);
        const work start = writers.so_far();
        std::this_thread::sleep_for(700ms);
        const work begin = writers.so_far();
        const double used_s = seconds_of(CLOCK_THREAD_CPUTIME_ID);
        if (cut(one, {std::chrono::microseconds{rest_us}}).accounts != accounts)
            throw std::runtime_error{"the cut missed an account"};
        const double used_now_s = seconds_of(CLOCK_THREAD_CPUTIME_ID);
        const work end = writers.so_far();
        std::cout << (round == 0 ? "{" : ",{") << "\"seconds\":" << end.since(begin).wall_s
                  << ",\"processor_seconds\":" << used_now_s - used_s << ',';
        print("before", begin.since(start));
        std::cout << ',';
        print("during", end.since(begin));
        std::cout << '}';
    }
    std::cout << "]}\n";
}

void run(int count, char** words) {
    const std::string_view kind = count > 1 ? words[1] : "";
    const std::string_view how = count > 3 ? words[3] : "";
    if (kind == "memory" && count == 4 && (how == "expected" || how == "grown"))
        return memory(std::stoull(words[2]), how);
    if (kind == "cut" && count == 5)
        return cuts(std::stoull(words[2]), std::stoi(words[3]), std::stoi(words[4]));
    throw std::runtime_error{
        "usage: bench_core_probe memory ACCOUNTS expected|grown | cut ACCOUNTS CUTS REST_US"};
}

}  // namespace
}  // namespace coffer::bench

int main(int count, char** words) {
    try {
        coffer::bench::run(count, words);
    } catch (const std::exception& failure) {
        std::cerr << "bench_core_probe: " << failure.what() << '\n';
        return 1;
    }
}
