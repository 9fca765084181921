#include "load/http/run.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <future>
#include <memory>
#include <stdexcept>
#include <thread>

#include "load/http/balances.hpp"
#include "load/http/interruption.hpp"
#include "load/http/plan.hpp"
#include "load/http/worker.hpp"

namespace coffer::load {
namespace {

using std::chrono::milliseconds;
using workers = std::vector<std::unique_ptr<worker>>;

constexpr int most_audits = 6;
constexpr milliseconds between_audits{100};

double cpu_seconds() {
    return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

/// A connection is a file descriptor, and the usual soft limit of 1024 is for select(2) alone.
void raise_descriptor_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);  // as it was, if it cannot be
}

plan make_plan(const options& chosen) {
    constexpr std::int64_t millisecond_ns = 1'000'000;
    const std::int64_t measured_from = chosen.warmup_ms * millisecond_ns;
    const std::int64_t stop = measured_from + chosen.duration_ms * millisecond_ns;
    const milliseconds limit{chosen.reply_limit_ms};
    server_list servers = find_servers(chosen.targets, limit);
    std::vector<funds> opening = read_balances(servers, chosen, limit);
    return {.chosen = chosen,
            .servers = std::move(servers),
            .opening = std::move(opening),
            .writer = request_writer{to_string(chosen.targets.front())},
            .measured = {measured_from, stop}};
}

template <class Figure>
std::uint64_t sum(const workers& all, Figure figure) {
    std::uint64_t total = 0;
    for (const auto& one : all)
        total += (*one.*figure)();
    return total;
}

void print_progress(const plan& all, std::uint64_t rate, std::uint64_t troubled, bool in_place) {
    const double seconds = static_cast<double>(all.now_ns()) / 1e9;
    const double end = static_cast<double>(all.stop_ns()) / 1e9;
    const char* const phase = all.now_ns() < all.measured.begin_ns ? "warming up"
                              : all.now_ns() < all.stop_ns()       ? "measuring"
                                                                   : "waiting for replies";
    std::fprintf(stderr, "%s%6.1f of %.1f s  %10llu requests/s  %llu without success  %s%s",
                 in_place ? "\r" : "", std::min(seconds, end), end,
                 static_cast<unsigned long long>(rate), static_cast<unsigned long long>(troubled),
                 phase, in_place ? "\x1b[K" : "\n");
}

/// Waits for about a second: whether the run is over. Cuts it short if it is interrupted.
bool is_over_soon(plan& all, const std::future<void>& done) {
    constexpr milliseconds glance{20};
    for (milliseconds waited{0}; waited < std::chrono::seconds{1}; waited += glance) {
        if (done.wait_for(glance) != std::future_status::timeout)
            return true;
        if (is_interrupted() && all.now_ns() < all.stop_ns())
            all.interrupted_ns.store(all.now_ns(), std::memory_order_relaxed);
    }
    return false;
}

void show_progress(plan& all, const workers& threads, const std::future<void>& done) {
    const bool in_place = ::isatty(STDERR_FILENO) != 0;
    std::uint64_t before = 0;
    while (!is_over_soon(all, done)) {
        const std::uint64_t now = sum(threads, &worker::completed);
        if (!all.chosen.quiet)
            print_progress(all, now - before, sum(threads, &worker::troubled), in_place);
        before = now;
    }
    if (!all.chosen.quiet && in_place)
        std::fputs("\r\x1b[K", stderr);
}

void run_threads(plan& all, const workers& threads) {
    std::future<void> done = std::async(std::launch::async, [&threads] {
        std::vector<std::future<void>> others;
        for (const auto& one : threads)
            others.push_back(std::async(std::launch::async, [&one] { one->run(); }));
        for (std::future<void>& one : others)
            one.get();
    });
    show_progress(all, threads, done);
    done.get();
}

std::vector<funds> read_closing(const plan& all) {
    try {
        server_list servers = all.servers;
        return read_balances(servers, all.chosen, milliseconds{all.chosen.reply_limit_ms});
    } catch (const std::runtime_error& failure) {
        throw std::runtime_error{"no audit: " + std::string{failure.what()}};
    }
}

audit_result audit_once(const plan& all, const tally& counted,
                        std::span<expected_balances*> expected) {
    const std::vector<funds> closing = read_closing(all);
    return expected.empty() ? audit_shared(counted, all.opening, closing)
                            : audit_own(counted, expected, all.opening, closing);
}

// Where postings are in doubt, the server may still have bytes of connections that are gone: then
// it is given a little time before the verdict.
audit_result audit(const plan& all, const tally& counted, const workers& threads) {
    std::vector<expected_balances*> expected;
    for (const auto& one : threads)
        for (connection& each : one->connections())
            if (each.own() != nullptr)
                expected.push_back(each.own());
    if (!counted.doubts.empty())
        std::this_thread::sleep_for(between_audits);
    audit_result result = audit_once(all, counted, expected);
    for (int i = 1; i != most_audits && !counted.doubts.empty() && !result.exact(); ++i) {
        std::this_thread::sleep_for(between_audits);
        result = audit_once(all, counted, expected);
    }
    return result;
}

}  // namespace

results run(const options& chosen) {
    raise_descriptor_limit();
    plan all = make_plan(chosen);
    workers threads;
    for (std::size_t i = 0; i != chosen.threads; ++i)
        threads.push_back(std::make_unique<worker>(all, i));
    const double cpu_before = cpu_seconds();
    take_interruptions();
    all.begin = std::chrono::steady_clock::now();  // from here on only read, by all threads
    run_threads(all, threads);
    results found{chosen, {all.measured, chosen.accounts.size()}, {}, cpu_seconds() - cpu_before};
    for (const auto& one : threads)
        found.counted += one->counted();
    found.counted.cut(all.stop_ns());
    found.audit = audit(all, found.counted, threads);
    return found;
}

}  // namespace coffer::load
