// Requests to the server and its answers.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace coffer::load {

enum class operation : std::uint8_t { balance, deposit, withdraw };

inline constexpr std::size_t operation_count = 3;
/// The names in a path and in --mix.
inline constexpr std::array<std::string_view, operation_count> operation_names{"balance", "deposit",
                                                                               "withdraw"};

[[nodiscard]] constexpr std::size_t place(operation one) noexcept {
    return static_cast<std::size_t>(one);
}

/// Times are nanoseconds since the run began.
struct request {
    operation what = operation::balance;
    std::size_t account = 0;  ///< its place among the run's accounts
    std::int64_t amount_minor = 0;
    std::int64_t intended_ns = 0;  ///< when it was due; latency is counted from here
    std::int64_t sent_ns = 0;
};

/// Returns the change of the balance if the posting is made.
[[nodiscard]] constexpr std::int64_t change_minor(const request& one) noexcept {
    if (one.what == operation::balance)
        return 0;
    return one.what == operation::deposit ? one.amount_minor : -one.amount_minor;
}

enum class verdict : std::uint8_t {
    done,                ///< 200
    insufficient_funds,  ///< status 400: an expected outcome, nothing was posted
    refused,             ///< anything else; nothing was posted
};

struct answer {
    load::verdict verdict = verdict::refused;
    std::optional<std::int64_t> balance_minor;  ///< of a done reply, if it is checked
};

}  // namespace coffer::load
