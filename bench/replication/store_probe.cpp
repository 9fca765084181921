// Measures appends to a store, one after the other, by the client that a node has.
//
//     bench_store_probe URL[,URL...] PREFIX BYTES APPENDS
//
// Each append is the transaction of replicated_log.hpp: three comparisons, one value of BYTES.
// Prints the time of each append in microseconds, a line each, and then `cpu`, the processor's time
// of this process an append in microseconds.
#include <sys/resource.h>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "replication/etcd_client.hpp"
#include "replication/fenced_append.hpp"
#include "replication/log_keys.hpp"

namespace {

using namespace coffer::replication;
using std::chrono::steady_clock;
constexpr std::chrono::seconds patience{10};

std::vector<std::string> split(std::string_view text) {
    std::vector<std::string> parts;
    while (true) {
        const auto comma = text.find(',');
        parts.emplace_back(text.substr(0, comma));
        if (comma == std::string_view::npos)
            return parts;
        text.remove_prefix(comma + 1);
    }
}

std::uint64_t number(std::string_view text) {
    std::uint64_t found = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), found).ec != std::errc{})
        throw std::invalid_argument{"not a number"};
    return found;
}

double cpu_us() {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    const auto us = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
    };
    return us(used.ru_utime) + us(used.ru_stime);
}

transaction_result require(answer<transaction_result> found) {
    if (!found)
        throw std::runtime_error{found.reason};
    if (!found.value.succeeded)
        throw std::runtime_error{"a comparison has failed: the keys are there already"};
    return std::move(found.value);
}

void measure(const char* urls, const char* prefix, std::size_t bytes, std::uint64_t appends) {
    etcd_client client{{split(urls)}};
    const log_keys keys{prefix};
    const auto begun = require(client.transact(
        {{}, {operation::put(keys.leader(), "me"), operation::put(keys.entry(0), "")}, {}},
        patience));
    const std::string value(bytes, 'v');
    std::vector<double> times_us;
    times_us.reserve(appends);
    const double before_us = cpu_us();
    for (std::uint64_t each = 1; each <= appends; ++each) {
        const auto begin = steady_clock::now();
        const auto term = static_cast<std::uint64_t>(begun.revision);
        require(client.transact(fenced_append(keys, term, each, value), patience));
        const std::chrono::duration<double, std::micro> took = steady_clock::now() - begin;
        times_us.push_back(took.count());
    }
    const double used_us = cpu_us() - before_us;
    for (const double time_us : times_us)
        std::printf("%.0f\n", time_us);
    std::printf("cpu %.1f\n", used_us / static_cast<double>(appends));
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 5) {
        std::fputs("usage: bench_store_probe URL[,URL...] PREFIX BYTES APPENDS\n", stderr);
        return 2;
    }
    try {
        measure(arguments[1], arguments[2], number(arguments[3]), number(arguments[4]));
    } catch (const std::exception& failure) {
        std::fprintf(stderr, "bench_store_probe: %s\n", failure.what());
        return 1;
    }
    return 0;
}
