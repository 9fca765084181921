// The text of a snapshot: JSON, one account a line, of the format that accounts_parser.hpp reads.
//
//     {"format":2,"number":12,"taken_at":"2026-11-23T15:00:00Z",
//      "ledger":"00112233445566778899aabbccddeeff","after_record":12345,"keys_from":12001,
//      "accounts":[
//     {"account_number":"10001","balance":1000.0,"sequence":3},
//     {"account_number":"10002","balance":2000.0,"sequence":1}
//     ],"count":2,"total":3000.0,"until_record":12399,"checksum":"0123456789abcdef"}
//
// All up to "accounts":[ is in the first line, and there is no space in it. The checksum is the
// XXH3-64 of every byte before the comma that goes before it, in 16 digits.
// journal_marks.hpp says what the numbers of records mean.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <coffer/posting.hpp>

#include "snapshot/journal_marks.hpp"

namespace coffer::snapshot {

inline constexpr int snapshot_format = 2;

/// What a snapshot ends with: the checksum stands between the two.
namespace seal {
inline constexpr std::string_view before = R"(,"checksum":")";
inline constexpr std::size_t digits = 16;
inline constexpr std::string_view after = "\"}\n";
inline constexpr std::size_t bytes = before.size() + digits + after.size();
}  // namespace seal

/// Appends to a string that its user may empty at any time. Thread safety: none.
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
    /// `last` is an account's last posting, its balance zero or more.
    void add(const posting& last);
    /// Ends all that the checksum is over.
    void end(std::uint64_t until_record);
    /// Ends the document, with the checksum of all that was appended till now.
    void close(std::uint64_t checksum);

    /// How many accounts were added.
    [[nodiscard]] std::size_t count() const noexcept { return count_; }

private:
    // 2^64 accounts of 2^63 cents each do not fill it.
    __extension__ using wide = unsigned __int128;

    void append(std::uint64_t value);
    void append_hex(std::uint64_t value, std::size_t digits);
    void append_total();

    std::string& out_;
    std::size_t count_ = 0;
    wide total_minor_ = 0;
};

}  // namespace coffer::snapshot
