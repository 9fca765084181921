// Every byte of a small data directory changed, and every length of its files: recovery refuses,
// and names the file, or what it recovers is the truth.
#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "catch.hpp"
#include "engine/recovery.hpp"
#include "small_ledger.hpp"
#include "snapshot/captured_log.hpp"

namespace fs = std::filesystem;

using namespace std::chrono_literals;
using namespace coffer;
using test::captured_log;
using test::read_file;
using test::small_ledger;
using test::to_text;
using test::truth_of;
using test::write_file;

namespace {

// A sanitizer makes this some 20 times as slow, and looks for other things.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::size_t step = 37;
#else
constexpr std::size_t step = 1;
#endif

/// Three segments; a snapshot in the first, one in the second, and postings after it.
std::vector<fs::path> fill(small_ledger& kept) {
    kept.post_much(30);
    kept.take_snapshot([&kept] { kept.post_much(5); });
    while (kept.segments().size() != 2)
        kept.post_much(12, 1s);
    kept.post_much(5);
    kept.take_snapshot([&kept] { kept.post_much(5); });
    while (kept.segments().size() != 3)
        kept.post_much(12, 1s);
    kept.post_much(5);
    kept.commit();
    std::vector<fs::path> files = kept.segments();
    files.push_back(kept.snapshot_file(1));
    files.push_back(kept.snapshot_file(2));
    return files;
}

/// Judges what recovery makes of damage, and counts.
class judge {
public:
    judge(small_ledger& kept, std::chrono::nanoseconds key_ttl)
        : kept_{kept}, truth_{to_text(truth_of(kept.ledger()))}, key_ttl_{key_ttl} {}

    /// Of a directory where this file is damaged.
    void look(const fs::path& file, std::uint64_t offset) {
        const captured_log log;
        try {
            const auto ignore = [](const journal::record&, const journal::batch_stamp&,
                                   std::uint64_t) {};
            const recovered found = kept_.recover(key_ttl_, ignore);
            if (to_text(truth_of(*found.ledger)) != truth_)
                return wrong(file, offset, "recovers something else");
            if (log.text().find("warning") == std::string::npos)
                ++unnoticed;
            else if (log.text().find(file.string()) == std::string::npos)
                return wrong(file, offset, "is not named: " + log.text());
            else
                ++passed_over;
        } catch (const std::runtime_error& refused) {
            if (std::string{refused.what()}.find(file.string()) == std::string::npos)
                return wrong(file, offset, std::string{"is not named: "} + refused.what());
            ++refusals;
        }
    }

    int refusals = 0;
    int passed_over = 0;  ///< said, and recovered without it
    int unnoticed = 0;    ///< not read, or of no account
    std::string failure;

private:
    void wrong(const fs::path& file, std::uint64_t offset, const std::string& what) {
        failure = file.string() + ", byte " + std::to_string(offset) + ": " + what;
    }

    const small_ledger& kept_;
    const std::string truth_;
    const std::chrono::nanoseconds key_ttl_;
};

void put_byte(const fs::path& file, std::uint64_t offset, char byte) {
    const int opened = ::open(file.c_str(), O_WRONLY | O_CLOEXEC);
    REQUIRE(opened >= 0);
    const ssize_t written = ::pwrite(opened, &byte, 1, static_cast<off_t>(offset));
    ::close(opened);
    REQUIRE(written == 1);
}

/// A key_ttl of nothing reads from the newest snapshot on; a long one all there is.
void flip_everything(std::chrono::nanoseconds key_ttl) {
    small_ledger kept;
    const std::vector<fs::path> files = fill(kept);
    judge counts{kept, key_ttl};
    int flips = 0;
    for (const fs::path& file : files) {
        const std::string whole = read_file(file);
        for (std::size_t at = 0; at < whole.size(); at += step, ++flips) {
            // A bit mostly, and at times all of them.
            const unsigned mask = at % 9 == 0 ? 0xffU : 1U << at % 9 % 8;
            put_byte(file, at, static_cast<char>(static_cast<unsigned char>(whole[at]) ^ mask));
            counts.look(file, at);
            put_byte(file, at, whole[at]);
        }
    }
    WARN(flips << " bytes changed: " << counts.refusals << " refused with the file named, "
               << counts.passed_over << " said and passed over, " << counts.unnoticed
               << " harmless");
    REQUIRE(counts.failure.empty());
    REQUIRE(counts.refusals + counts.passed_over + counts.unnoticed == flips);
    REQUIRE(counts.refusals > 10'000 / static_cast<int>(step));
    // Every byte of the newest snapshot, and what is taken for a torn batch.
    REQUIRE(counts.passed_over >= static_cast<int>(fs::file_size(files.back()) / step));
}

}  // namespace

TEST_CASE(
    "recovery: every changed byte of what is read from the newest snapshot on is noticed "
    "or harmless",
    "[engine][damage]") {
    flip_everything(0ns);
}

TEST_CASE("recovery: every changed byte is noticed or harmless where old keys are read too",
          "[engine][damage]") {
    flip_everything(1000h);
}

TEST_CASE("recovery: every file that is too short is noticed or harmless", "[engine][damage]") {
    small_ledger kept;
    const std::vector<fs::path> files = fill(kept);
    judge counts{kept, 1000h};
    int lengths = 0;
    for (const fs::path& file : files) {
        const std::string whole = read_file(file);
        for (std::size_t size = whole.size(); size-- != 0;) {
            if (size % step != 0)
                continue;
            ++lengths;
            fs::resize_file(file, size);
            counts.look(file, size);
        }
        write_file(file, whole);
    }
    WARN(lengths << " lengths: " << counts.refusals << " refused with the file named, "
                 << counts.passed_over << " said and passed over, " << counts.unnoticed
                 << " harmless");
    REQUIRE(counts.failure.empty());
    // The journal's segments all; the newest snapshot; the older one is not looked at.
    const auto lengths_of = [](std::uintmax_t bytes) {
        return static_cast<int>((bytes + step - 1) / step);
    };
    REQUIRE(counts.refusals == 3 * lengths_of(8192));
    REQUIRE(counts.passed_over == lengths_of(fs::file_size(files[4])));
    REQUIRE(counts.unnoticed == lengths_of(fs::file_size(files[3])));
}
