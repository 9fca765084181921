// The file format of a snapshot: writes its text, and checks a file.
//
//     {"format":3,"number":12,"taken_at":"2026-11-23T15:00:00Z",
//      "ledger":"00112233445566778899aabbccddeeff","after_record":12345,"keys_from":12001,
//      "accounts":[
//     {"account_number":"10001","balance":1000.0,"sequence":3},
//     {"account_number":"10002","balance":2000.0,"sequence":5,"held":40.0},
//     {"account_number":"10003","balance":0.0,"sequence":2,"status":"closed"}
//     ],"holds":[
//     {"hold":"4-0","account":"10002","amount":50.0,"captured":10.0,"remaining":40.0,
//      "status":"held","expires_at_ns":1764288000000000000}
//     ],"count":3,"total":3000.0,"hold_count":1,"held":40.0,"until_record":12399,
//      "checksum":"0123456789abcdef"}
//
// The first line reaches to "accounts":[ and has no spaces; each account has a line, and so has
// each hold, in the order of their slots: the open ones, and those that have ended and are not
// forgotten. Balances and their total are what is booked. "held" and "status" are left out where
// nothing is held and the account is open. The checksum is the XXH3-64 of all bytes before the
// comma in front of it, as 16 hexadecimal digits.
//
// Format 2 has no holds and no closed accounts. It is still read.
//
// after_record  every journal record up to this one is in the snapshot: replay begins behind it
// keys_from     no idempotency key that was remembered then has an earlier record; at most
//               after_record + 1
// until_record  no posting in the snapshot has a later record: the journal must reach this far
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include <coffer/hold.hpp>
#include <coffer/posting.hpp>

#include "ops/ledger_id.hpp"
#include "ops/text.hpp"
#include "snapshot/snapshot_directory.hpp"

namespace coffer::snapshot {

inline constexpr int snapshot_format = 3;
inline constexpr int oldest_snapshot_format = 2;

/// Writes the text of a snapshot: appends it to a string, which may be emptied at any time. Thread
/// safety: none.
class snapshot_text {
public:
    /// The most that one call appends.
    static constexpr std::size_t max_bytes_a_call = 384;

    explicit snapshot_text(std::string& out) noexcept : out_{out} {}

    struct beginning {
        std::uint64_t number;
        std::chrono::system_clock::time_point taken_at;
        ledger_id ledger;
        std::uint64_t after_record;
        std::uint64_t keys_from;
    };
    void begin(const beginning& what);
    /// An account with its last posting and a balance of zero or more.
    void add(const account_view& last);
    /// All holds come after all accounts.
    void add_hold(const hold& one);
    /// Ends the part that the checksum covers.
    void end(std::uint64_t until_record);
    /// Ends the document with the checksum of all that was appended before.
    void close(std::uint64_t checksum);

    /// How many accounts were added.
    [[nodiscard]] std::size_t count() const noexcept { return count_; }

private:
    std::string& out_;
    std::size_t count_ = 0;
    std::size_t hold_count_ = 0;
    wide_minor total_minor_ = 0;
    wide_minor held_minor_ = 0;
};

/// What a snapshot states about itself.
struct snapshot_info {
    std::uint64_t number = 0;
    std::string taken_at{};  ///< in UTC
    ledger_id ledger{};
    std::uint64_t after_record = 0;
    std::uint64_t keys_from = 0;
    std::uint64_t until_record = 0;
    std::uint64_t accounts = 0;
    wide_minor total_minor = 0;
    std::uint64_t holds = 0;
    wide_minor held_minor = 0;
};

/// Reads the whole file once, in bounded memory, and checks its first line, its last line and its
/// checksum. Does not compare the numbers and totals that it states with what is in it.
/// Calls `between_blocks`, unless it is empty, between reads of a mebibyte: what it throws ends the
/// check. Throws snapshot_error, which names the file and the error. Thread safety: a pure
/// function.
[[nodiscard]] snapshot_info check_snapshot(const std::filesystem::path& file,
                                           const std::function<void()>& between_blocks = {});

/// Returns what the first and the last line of the file state, without checking the checksum.
/// Throws as check_snapshot does. Thread safety: a pure function.
[[nodiscard]] snapshot_info peek_at_snapshot(const std::filesystem::path& file);

}  // namespace coffer::snapshot
