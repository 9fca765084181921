// The text of a snapshot: JSON, one account a line, of the format that accounts_parser.hpp reads.
//
//     {"format":1,"number":12,"taken_at":"2026-11-23T15:00:00Z","accounts":[
//     {"account_number":"10001","balance":1000.0,"sequence":3},
//     {"account_number":"10002","balance":2000.0,"sequence":1}
//     ],"count":2,"total":3000.0}
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include <coffer/posting.hpp>

namespace coffer::snapshot {

inline constexpr int snapshot_format = 1;

/// Appends to a string that its user may empty at any time. Thread safety: none.
class snapshot_text {
public:
    /// The most that one call appends.
    static constexpr std::size_t max_bytes_a_call = 256;

    explicit snapshot_text(std::string& out) noexcept : out_{out} {}

    void begin(std::uint64_t number, std::chrono::system_clock::time_point taken_at);
    /// `last` is an account's last posting, its balance zero or more.
    void add(const posting& last);
    void end();

    /// How many accounts were added.
    [[nodiscard]] std::size_t count() const noexcept { return count_; }

private:
    // 2^64 accounts of 2^63 cents each do not fill it.
    __extension__ using wide = unsigned __int128;

    void append(std::uint64_t value);
    void append_total();

    std::string& out_;
    std::size_t count_ = 0;
    wide total_minor_ = 0;
};

}  // namespace coffer::snapshot
