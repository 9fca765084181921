// What an audit finds to be wrong.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <coffer/account_number.hpp>

namespace coffer::audit {

struct fault {
    std::string file;
    std::optional<std::uint64_t>
        offset;                  ///< in the file, in bytes; nothing if it is about all of it
    account_number account = 0;  ///< 0: it is about no single account
    std::string what;

    friend bool operator==(const fault&, const fault&) = default;
};

/// "FILE, offset 4096: account 7: what is wrong"
[[nodiscard]] std::string to_string(const fault& found);

/// What an error says of this file, "FILE, offset 4096: what is wrong" or without an offset.
[[nodiscard]] fault fault_of(const std::exception& error, const std::string& file);

/// Counts all faults and keeps the first of them: what is wholly wrong has no end of faults.
/// Thread safety: none.
class fault_list {
public:
    static constexpr std::size_t most_kept = 100;

    void add(fault found);

    [[nodiscard]] const std::vector<fault>& kept() const noexcept { return kept_; }
    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
    [[nodiscard]] bool empty() const noexcept { return count_ == 0; }

private:
    std::vector<fault> kept_;
    std::uint64_t count_ = 0;
};

}  // namespace coffer::audit
