// Measures the journal alone, on the disk that a directory is on.
//
//     bench_journal_probe DIR [RECORDS]
//
// Prints the time of a pwrite and fdatasync of 4 KiB, then records per second for several numbers
// of waiting clients, and the time to replay RECORDS (10 M). It creates DIR/probe, of up to 1 GiB,
// and removes it again.
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <random>
#include <thread>
#include <vector>

#include <coffer/ledger.hpp>

#include "journal/file_log.hpp"
#include "journal/posix_storage.hpp"
#include "journal/replay.hpp"
#include "journal/writer.hpp"

namespace {

using namespace coffer::journal;
using coffer::account_number;
using coffer::ledger;
using coffer::money;
using clock_type = std::chrono::steady_clock;

constexpr account_number accounts = 1'000'000;
constexpr money cent = money::from_minor(1);

double seconds_since(clock_type::time_point begin) {
    return std::chrono::duration<double>(clock_type::now() - begin).count();
}

/// An empty directory for one measurement.
class place {
public:
    explicit place(const std::filesystem::path& in) : path_{in / "probe"}, disk{path_} {
        std::filesystem::remove_all(path_);
        if (const std::error_code error = disk.create_directory())
            throw std::system_error{error, path_.string()};
    }
    place(const place&) = delete;
    place& operator=(const place&) = delete;
    ~place() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

private:
    std::filesystem::path path_;

public:
    posix_storage disk;
};

void open_accounts(coffer::ledger& ledger) {
    for (account_number account = 1; account <= accounts; ++account)
        if (!ledger.restore({account, 1, {}}))
            throw std::bad_alloc{};
}

void probe_disk(const std::filesystem::path& in) {
    place where{in};
    const auto file = where.disk.open("one", storage::access::create).file;
    constexpr std::size_t block = 4'096;
    constexpr std::size_t count = 4'000;
    const std::vector<std::byte> zeros(block * count);
    if (file->allocate(zeros.size()) || file->write(0, zeros) || file->sync())
        throw std::runtime_error{"the disk cannot be written"};
    std::vector<double> microseconds;
    const std::vector<std::byte> ones(block, std::byte{1});
    for (std::size_t i = 0; i != count; ++i) {
        const auto begin = clock_type::now();
        if (file->write(i * block, ones) || file->sync())
            throw std::runtime_error{"the disk cannot be written"};
        microseconds.push_back(seconds_since(begin) * 1e6);
    }
    std::ranges::sort(microseconds);
    std::printf("pwrite and fdatasync of 4 KiB: p50 %.0f us, p99 %.0f us\n",
                microseconds[count / 2], microseconds[count * 99 / 100]);
}

/// Workers that each post for `waiting` clients, then wait until all of it is durable.
void probe_commits(const std::filesystem::path& in, std::size_t workers, std::uint64_t waiting) {
    place where{in};
    coffer::ledger ledger{{.shards = 0, .expected_accounts = accounts}};
    open_accounts(ledger);
    const auto log = file_log::create(where.disk, {});
    std::vector<std::atomic<std::uint32_t>> woken(workers);
    writer::options chosen;
    for (auto& one : woken)
        chosen.on_durable.push_back([&one] {
            one.fetch_add(1, std::memory_order_release);
            one.notify_one();
        });
    writer journal{ledger, *log, chosen};
    std::atomic<bool> over{false};
    std::vector<std::thread> threads;
    std::vector<std::vector<double>> microseconds(workers);
    for (std::size_t index = 0; index != workers; ++index)
        threads.emplace_back([&, index] {
            std::mt19937_64 random{index};
            lane& mine = journal.lane_at(index);
            while (!over) {
                const auto begin = clock_type::now();
                lane_ticket last = 0;
                mine.begin();
                for (std::uint64_t i = 0;
                     i != waiting && journal.accepting() && mine.has_room_for(); ++i)
                    last = mine.append(record::of_deposit(
                        ledger.deposit(1 + random() % accounts, cent).posting, cent));
                mine.end();
                for (;;) {
                    const std::uint32_t seen = woken[index].load(std::memory_order_acquire);
                    if (mine.is_durable(last))
                        break;
                    woken[index].wait(seen, std::memory_order_acquire);
                }
                microseconds[index].push_back(seconds_since(begin) * 1e6);
            }
        });
    const auto begin = clock_type::now();
    std::this_thread::sleep_for(std::chrono::seconds{3});
    const commit_counts counts = journal.counts();
    const double seconds = seconds_since(begin);
    over = true;
    for (std::thread& one : threads)
        one.join();
    if (!journal.stop())
        throw std::runtime_error{"the journal failed"};
    std::ranges::sort(microseconds[0]);
    const auto& all = microseconds[0];
    std::printf(
        "%zu workers, %4llu wait at each: %9.0f records/s, %6.0f batches/s, p50 %.0f us, "
        "p99 %.0f us\n",
        workers, static_cast<unsigned long long>(waiting),
        static_cast<double>(counts.records) / seconds,
        static_cast<double>(counts.batches) / seconds, all[all.size() / 2],
        all[all.size() * 99 / 100]);
}

void probe_replay(const std::filesystem::path& in, std::uint64_t records) {
    place where{in};
    {
        const auto log = file_log::create(where.disk, {});
        std::vector<std::uint64_t> sequences(accounts + 1, 1);
        std::mt19937_64 random{1};
        batch_builder batch;
        std::array<std::byte, format::record::max_bytes> bytes{};
        for (std::uint64_t i = 0; i != records;) {
            for (std::uint64_t n = 0; n != 5'000 && i != records; ++n, ++i) {
                const account_number account = 1 + random() % accounts;
                const std::uint64_t sequence = ++sequences[account];
                const auto balance = money::from_minor(static_cast<std::int64_t>(sequence) - 1);
                const std::size_t size =
                    encode(record::of_deposit({account, sequence, balance}, cent), bytes);
                batch.add(std::span{bytes}.first(size));
            }
            if (!log->make_room() || !log->append(batch.seal(log->tail(), {i, i})) ||
                !log->wait_durable())
                throw std::runtime_error{"the journal failed"};
            batch.clear();
        }
    }
    coffer::ledger ledger{{.shards = 0, .expected_accounts = accounts}};
    open_accounts(ledger);
    const auto begin = clock_type::now();
    reader from{where.disk};
    replayer replay{ledger};
    replay.apply_all(from);
    const double seconds = seconds_since(begin);
    std::printf("replay of %llu records: %.2f s, %.1f M/s\n",
                static_cast<unsigned long long>(replay.counts().records), seconds,
                static_cast<double>(replay.counts().records) / seconds / 1e6);
}

}  // namespace

int main(int count, char** arguments) {
    if (count < 2) {
        std::fputs("bench_journal_probe DIR [RECORDS]\n", stderr);
        return 2;
    }
    try {
        const std::filesystem::path in = arguments[1];
        probe_disk(in);
        for (const std::uint64_t waiting : {1, 16, 64, 256})
            probe_commits(in, 1, waiting);
        probe_commits(in, 2, 128);
        probe_replay(in, count > 2 ? std::strtoull(arguments[2], nullptr, 10) : 10'000'000);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "bench_journal_probe: %s\n", error.what());
        return 1;
    }
}
