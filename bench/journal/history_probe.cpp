// Measures the index of the journal, on the disk that a directory is on.
//
//     bench_history_probe DIR [RECORDS [ACCOUNTS [BATCH]]]
//
// Makes a journal of RECORDS (20 M) deposits to ACCOUNTS (1 M), every twentieth to account 1, in
// batches of BATCH (256) records, without syncing it. Prints what the index files take, how long
// they take to make, and how long questions about account 1 take: at first after a restart with
// nothing in the page cache, and then. It creates DIR/probe and removes it again.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "journal/file_log.hpp"
#include "journal/indexed_history.hpp"
#include "journal/posix_storage.hpp"

namespace {

namespace fs = std::filesystem;
using namespace coffer::journal;
using coffer::account_number;
using coffer::money;
using clock_type = std::chrono::steady_clock;

constexpr account_number hot = 1;

double ms_since(clock_type::time_point begin) {
    return std::chrono::duration<double, std::milli>(clock_type::now() - begin).count();
}

/// Does not sync: what is measured is not the writing.
class unsynced_storage : public posix_storage {
public:
    using posix_storage::posix_storage;
    [[nodiscard]] open_result open(const std::string& name, access wanted) const override {
        open_result opened = posix_storage::open(name, wanted);
        if (opened.file != nullptr && wanted != access::read)
            opened.file = std::make_unique<unsynced_file>(std::move(opened.file));
        return opened;
    }
    [[nodiscard]] std::error_code sync() override { return {}; }

private:
    class unsynced_file : public storage_file {
    public:
        explicit unsynced_file(std::unique_ptr<storage_file> of) : of_{std::move(of)} {}
        read_result read(std::uint64_t offset, std::span<std::byte> into) override {
            return of_->read(offset, into);
        }
        std::error_code write(std::uint64_t offset, std::span<const std::byte> bytes) override {
            return of_->write(offset, bytes);
        }
        std::error_code allocate(std::uint64_t bytes) override { return of_->allocate(bytes); }
        std::error_code sync() override { return {}; }
        size_result size() const override { return of_->size(); }
        identify_result identify() const override { return of_->identify(); }

    private:
        std::unique_ptr<storage_file> of_;
    };
};

struct amounts {
    std::uint64_t records = 20'000'000;
    std::uint64_t accounts = 1'000'000;
    std::uint32_t batch = 256;
};

/// Returns how many bytes its batches take.
std::uint64_t write_journal(storage& where, const amounts& chosen) {
    const auto log = file_log::create(where, {});
    std::vector<std::uint64_t> sequences(chosen.accounts + 1);
    std::mt19937_64 random{1};
    batch_builder batch;
    std::vector<std::byte> bytes(format::record::max_bytes);
    std::uint64_t written = 0;
    for (std::uint64_t made = 0, time_ns = 1; made < chosen.records; time_ns += 1'000'000) {
        batch.clear();
        for (std::uint32_t i = 0; i != chosen.batch; ++i, ++made) {
            const account_number account = made % 20 == 0 ? hot : 1 + random() % chosen.accounts;
            const std::uint64_t sequence = ++sequences[account];
            const money balance = money::from_minor(static_cast<std::int64_t>(sequence));
            const coffer::posting after{account, sequence, balance};
            const record one = sequence == 1 ? record::of_opening(after)
                                             : record::of_deposit(after, money::from_minor(1));
            const std::size_t size = encode(one, bytes);
            batch.add(std::span{bytes}.first(size));
        }
        const batch_view sealed = batch.seal(log->tail(), {time_ns, time_ns});
        if (!log->make_room() || !log->append(sealed) || !log->wait_durable())
            throw std::runtime_error{"the journal cannot be written"};
        written += sealed.bytes.size();
    }
    return written;
}

std::uint64_t index_bytes(const fs::path& in) {
    std::uint64_t found = 0;
    for (const auto& one : fs::directory_iterator{in})
        if (one.path().extension() == ".index")
            found += one.file_size();
    return found;
}

void forget_pages(const fs::path& in) {
    for (const auto& one : fs::directory_iterator{in}) {
        const int file = ::open(one.path().c_str(), O_RDONLY);
        ::fsync(file);
        ::posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
        ::close(file);
    }
}

/// As a page of a statement: so many postings up to this sequence.
void read_page(const history& from, std::uint64_t sequence, std::uint64_t postings) {
    std::uint64_t found = 0;
    while (found < postings && sequence != 0) {
        const auto one = from.latest(hot, sequence);
        if (!one)
            return;
        from.read(one->where, [&](const batch_view& each) {
            visit_records(each, [&](const record& its) {
                if (its.state.account == hot && its.state.sequence <= sequence)
                    ++found;
            });
        });
        sequence = one->first_sequence - 1;
    }
}

void print_times(const char* what, std::vector<double> times_ms) {
    std::ranges::sort(times_ms);
    std::printf("  %-28s median %7.3f ms, worst %7.3f ms of %zu\n", what,
                times_ms[times_ms.size() / 2], times_ms.back(), times_ms.size());
}

template <class Ask>
void time_questions(const char* what, int count, const Ask& ask) {
    std::mt19937_64 random{2};
    std::vector<double> times_ms;
    for (int i = 0; i != count; ++i) {
        const std::uint64_t number = random();
        const auto begin = clock_type::now();
        ask(number);
        times_ms.push_back(ms_since(begin));
    }
    print_times(what, std::move(times_ms));
}

void ask_all(const history& from, const amounts& chosen, int count) {
    const std::uint64_t postings = chosen.records / 20;
    const std::uint64_t end_ns = chosen.records / chosen.batch * 1'000'000;
    time_questions("page of 50", count,
                   [&](std::uint64_t number) { read_page(from, 1 + number % postings, 50); });
    time_questions("page of 1000", count,
                   [&](std::uint64_t number) { read_page(from, 1 + number % postings, 1'000); });
    time_questions("balance as of a time", count, [&](std::uint64_t number) {
        if (const auto one = from.latest_as_of(hot, number % end_ns))
            from.read(one->where, [](const batch_view&) {});
    });
    time_questions("page of 50, another account", count, [&](std::uint64_t number) {
        if (const auto one = from.latest(2 + number % (chosen.accounts - 1)))
            from.read(one->where, [](const batch_view&) {});
    });
}

void measure(const fs::path& in, const amounts& chosen) {
    unsynced_storage disk{in};
    if (const std::error_code error = disk.create_directory())
        throw std::system_error{error, in.string()};
    const std::uint64_t journal_bytes = write_journal(disk, chosen);
    log_progress progress;
    progress.note_durable(chosen.records / chosen.batch * chosen.batch + 1);
    const std::size_t full = list_segments(disk).size() - 1;
    auto begin = clock_type::now();
    const std::clock_t cpu_begin = std::clock();
    {
        indexed_history made{disk, progress};
        made.wait_until_indexed();
        for (std::size_t files = 0; files < full;) {
            std::this_thread::sleep_for(std::chrono::milliseconds{5});
            files = 0;
            for (const std::string& name : disk.list().names)
                files += parse_index_name(name) ? 1 : 0;
        }
    }
    const double all_ms = ms_since(begin);
    const double cpu_ns = 1e9 * static_cast<double>(std::clock() - cpu_begin) / CLOCKS_PER_SEC;
    std::printf("%llu records, %llu accounts, batches of %u: %.1f bytes a record\n",
                static_cast<unsigned long long>(chosen.records),
                static_cast<unsigned long long>(chosen.accounts), chosen.batch,
                static_cast<double>(journal_bytes) / static_cast<double>(chosen.records));
    std::printf("  index files: %.2f %% of %zu full segments\n",
                100.0 * static_cast<double>(index_bytes(in)) /
                    (static_cast<double>(full) * static_cast<double>(std::uint64_t{64} << 20)),
                full);
    std::printf("  all made in %.0f ms; of the processor's time %.0f ns a record\n", all_ms,
                cpu_ns / static_cast<double>(chosen.records));
    forget_pages(in);
    begin = clock_type::now();
    indexed_history found{disk, progress};
    found.wait_until_indexed();
    std::printf("  restart, nothing cached: ready after %.1f ms\n", ms_since(begin));
    begin = clock_type::now();
    read_page(found, history::any_sequence, 50);
    std::printf("  first page of 50: %.1f ms\n", ms_since(begin));
    begin = clock_type::now();
    read_page(found, 500, 50);
    std::printf("  first old page of 50: %.1f ms\n", ms_since(begin));
    std::printf(" partly cached:\n");
    ask_all(found, chosen, 100);
    std::printf(" cached:\n");
    ask_all(found, chosen, 300);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2 || argc > 5) {
        std::fprintf(stderr, "usage: bench_history_probe DIR [RECORDS [ACCOUNTS [BATCH]]]\n");
        return 2;
    }
    amounts chosen;
    if (argc > 2)
        chosen.records = std::strtoull(argv[2], nullptr, 10);
    if (argc > 3)
        chosen.accounts = std::strtoull(argv[3], nullptr, 10);
    if (argc > 4)
        chosen.batch = static_cast<std::uint32_t>(std::strtoul(argv[4], nullptr, 10));
    const fs::path in = fs::path{argv[1]} / "probe";
    int status = 0;
    try {
        fs::remove_all(in);
        measure(in, chosen);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        status = 1;
    }
    std::error_code ignored;
    fs::remove_all(in, ignored);
    return status;
}
