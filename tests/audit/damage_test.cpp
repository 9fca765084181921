// Bytes of a small data directory changed, and its files cut off: told, or provably harmless. That
// every byte of a journal is covered, tests/journal/damage_test.cpp sees to.
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "audit/auditor.hpp"
#include "catch.hpp"
#include "planted_data.hpp"

using coffer::test::planted_data;
using namespace coffer::audit;

namespace {

namespace fs = std::filesystem;

/// Some segments that are well filled, and a snapshot in the middle and at the end.
void fill(planted_data& data) {
    for (coffer::account_number account = 1; account != 6; ++account)
        data.open(account, 1'000, "opening");
    data.commit(1'000);
    for (std::uint64_t time_ns = 2'000; data.segments().size() != 3; time_ns += 1'000) {
        if (time_ns == 5'000)
            static_cast<void>(data.write(data.snapshot(1)));
        for (coffer::account_number account = 1; account != 5; ++account) {
            data.deposit(account, 10);
            data.transfer(account, account + 1, 1);
            data.withdraw(account, 2, "withdrawal");
        }
        data.refuse(5, "refusal");
        data.commit(time_ns);
    }
    data.close();
    static_cast<void>(data.write(data.snapshot(2)));
}

std::vector<fs::path> files_of(const planted_data& data) {
    std::vector<fs::path> files;
    for (const std::uint64_t first : data.segments())
        files.push_back(data.segment(first));
    for (const char* const name : {"1.json", "2.json"})
        files.push_back(data.path() / "snapshots" / name);
    return files;
}

struct tally {
    int told = 0;
    int harmless = 0;
};

/// Audits a directory of which that file is damaged; `whole` is what was found before.
void judge(const planted_data& data, const fs::path& file, std::uint64_t offset,
           const report& whole, tally& counts) {
    const report found = data.examine();
    INFO(file.string() << ", byte " << offset << '\n' << to_text(found));
    if (found.holds()) {
        REQUIRE(is_same_data(found, whole));
        ++counts.harmless;
        return;
    }
    REQUIRE(found.faults.kept().front().file == file.string());
    if (file.extension() != ".json")
        REQUIRE(found.faults.kept().front().offset.value_or(0) <= offset);
    ++counts.told;
}

/// How far it is to the next byte that is changed: every byte of a snapshot, some of a segment, and
/// few of the zeros at its end.
std::uint64_t step_at(const fs::path& file, const std::string& bytes, std::uint64_t offset) {
    if (file.extension() == ".json")
        return 1;
    return bytes.find_first_not_of('\0', offset) == std::string::npos ? 97 : 11;
}

}  // namespace

TEST_CASE("audit: a changed byte is told with its file, or harmless", "[audit][damage]") {
    planted_data data;
    fill(data);
    const report whole = data.examine();
    REQUIRE(whole.holds());
    tally counts;
    for (const fs::path& file : files_of(data)) {
        const std::string bytes = coffer::test::read_file(file);
        for (std::uint64_t at = 0; at < bytes.size(); at += step_at(file, bytes, at)) {
            planted_data::flip(file, at);
            judge(data, file, at, whole, counts);
            planted_data::flip(file, at);
        }
    }
    WARN(counts.told + counts.harmless << " bytes changed, " << counts.told << " told, "
                                       << counts.harmless << " harmless");
    REQUIRE(counts.told > 2'000);
    REQUIRE(data.examine().holds());
}

TEST_CASE("audit: a file that is too short is told", "[audit][damage]") {
    planted_data data;
    fill(data);
    const report whole = data.examine();
    tally counts;
    for (const fs::path& file : files_of(data)) {
        const std::string bytes = coffer::test::read_file(file);
        for (std::size_t size = 0; size < bytes.size(); size += 1 + bytes.size() / 100) {
            fs::resize_file(file, size);
            judge(data, file, size, whole, counts);
            static_cast<void>(coffer::test::write_file(file, bytes));
        }
    }
    REQUIRE(counts.harmless == 0);
    REQUIRE(counts.told > 300);
}
