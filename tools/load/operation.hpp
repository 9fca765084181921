// Requests to the server and its answers.
#pragma once

#include <array>
#include <boost/container/static_vector.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "load/funds.hpp"

namespace coffer::load {

enum class operation : std::uint8_t {
    balance,
    deposit,
    withdraw,
    transfer,
    transaction,
    hold,
    capture,
    release
};

inline constexpr std::size_t operation_count = 8;
/// The names in --mix and in reports.
inline constexpr std::array<std::string_view, operation_count> operation_names{
    "balance", "deposit", "withdraw", "transfer", "transaction", "hold", "capture", "release"};

[[nodiscard]] constexpr std::size_t place(operation one) noexcept {
    return static_cast<std::size_t>(one);
}

/// A hold that is open.
struct placed_hold {
    std::size_t account = 0;  ///< its place among the run's accounts
    std::string id;
    std::int64_t amount_minor = 0;
};

/// What a posting pays to another account.
struct payment {
    std::size_t account;  ///< its place among the run's accounts
    std::int64_t amount_minor;
};

inline constexpr std::size_t most_payments = 2;

/// Times are nanoseconds since the run began.
struct request {
    operation what = operation::balance;
    std::size_t account = 0;        ///< its place among the run's accounts
    std::int64_t amount_minor = 0;  ///< of a capture: how much of the hold
    std::int64_t intended_ns = 0;   ///< when it was due; latency is counted from here
    std::int64_t sent_ns = 0;
    /// Of a transfer one, of a transaction one or two, which add up to the amount.
    boost::container::static_vector<payment, most_payments> payments{};
    placed_hold hold{};  ///< that a capture or a release ends
};

/// A posting's change of one account.
struct effect {
    std::size_t account;
    funds change;
};

using effects = boost::container::static_vector<effect, 1 + most_payments>;

/// Returns what is changed if the request is carried out, in the order of the accounts in its
/// reply.
[[nodiscard]] effects effects_of(const request&);

enum class verdict : std::uint8_t {
    done,                ///< 200 or 201
    insufficient_funds,  ///< status 400: an expected outcome, nothing was posted
    refused,             ///< anything else; nothing was posted
};

struct answer {
    load::verdict verdict = verdict::refused;
    /// Of a done reply, if it is checked: the booked balances in it, in order.
    boost::container::static_vector<std::int64_t, 1 + most_payments> balances_minor;
    std::optional<std::int64_t> held_minor;  ///< likewise, if the reply has it
};

}  // namespace coffer::load
