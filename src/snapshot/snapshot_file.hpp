// The file format of a snapshot: writes its text, and checks a file.
//
//     {"format":2,"number":12,"taken_at":"2026-11-23T15:00:00Z",
//      "ledger":"00112233445566778899aabbccddeeff","after_record":12345,"keys_from":12001,
//      "accounts":[
//     {"account_number":"10001","balance":1000.0,"sequence":3},
//     {"account_number":"10002","balance":2000.0,"sequence":1}
//     ],"count":2,"total":3000.0,"until_record":12399,"checksum":"0123456789abcdef"}
//
// The first line reaches to "accounts":[ and has no spaces; each account has a line. The checksum
// is the XXH3-64 of all bytes before the comma in front of it, as 16 hexadecimal digits.
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
#include <string>

#include <coffer/posting.hpp>

#include "ops/ledger_id.hpp"
#include "ops/text.hpp"
#include "snapshot/snapshot_directory.hpp"

namespace coffer::snapshot {

inline constexpr int snapshot_format = 2;

/// Writes the text of a snapshot: appends it to a string, which may be emptied at any time. Thread
/// safety: none.
class snapshot_text {
public:
    /// The most that one call appends.
    static constexpr std::size_t max_bytes_a_call = 256;

    explicit snapshot_text(std::string& out) noexcept : out_{out} {}

    struct beginning {
        std::uint64_t number;
        std::chrono::system_clock::time_point taken_at;
        ledger_id ledger;
        std::uint64_t after_record;
        std::uint64_t keys_from;
    };
    void begin(const beginning& what);
    /// `last` is the account's last posting, with a balance of zero or more.
    void add(const posting& last);
    /// Ends the part that the checksum covers.
    void end(std::uint64_t until_record);
    /// Ends the document with the checksum of all that was appended before.
    void close(std::uint64_t checksum);

    /// How many accounts were added.
    [[nodiscard]] std::size_t count() const noexcept { return count_; }

private:
    std::string& out_;
    std::size_t count_ = 0;
    wide_minor total_minor_ = 0;
};

/// What a snapshot states about itself.
struct snapshot_info {
    std::uint64_t number = 0;
    ledger_id ledger{};
    std::uint64_t after_record = 0;
    std::uint64_t keys_from = 0;
    std::uint64_t until_record = 0;
    std::uint64_t accounts = 0;
    wide_minor total_minor = 0;
};

/// Reads the whole file once, in bounded memory, and checks its first line, its last line and its
/// checksum. Does not compare the number of accounts and their total with the accounts in it.
/// Throws snapshot_error, which names the file and the error. Thread safety: a pure function.
[[nodiscard]] snapshot_info check_snapshot(const std::filesystem::path& file);

/// Returns what the first and the last line of the file state, without checking the checksum.
/// Throws as check_snapshot does. Thread safety: a pure function.
[[nodiscard]] snapshot_info peek_at_snapshot(const std::filesystem::path& file);

}  // namespace coffer::snapshot
