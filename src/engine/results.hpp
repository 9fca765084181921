// The results of a teller's operations, made from the records of their outcomes: so a repeated
// request, of which only the record is kept, gets the same result.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <coffer/hold.hpp>
#include <coffer/money.hpp>
#include <coffer/posting.hpp>
#include <coffer/transaction.hpp>

#include "journal/record.hpp"

namespace coffer {

/// Whether a request has an outcome, or why nothing was done.
enum class service : std::uint8_t {
    done,                 ///< it has an outcome
    not_open,             ///< the ledger is being recovered
    unavailable,          ///< the turn began before the ledger was open
    lane_full,            ///< the lane has no room for another record
    disk_full,            ///< the journal has no room
    disk_hangs,           ///< nothing becomes durable
    keys_full,            ///< there is no room for another key
    request_in_progress,  ///< a request with the same key is not durable yet
    key_reused,           ///< another request has this key
    no_history,           ///< the ledger keeps no journal
};

struct posting_result {
    coffer::service service = service::done;
    coffer::outcome outcome{};  ///< for service::done
    bool replayed = false;      ///< it was done by an earlier request with the same key
};

/// What all results of the teller have. `outcome` parts are valid for service::done.
struct request_result {
    coffer::service service = service::done;
    errc error = errc::ok;
    bool replayed = false;  ///< it was done by an earlier request with the same key
    /// Of a refusal: the account that it is about, and what it was decided by.
    posting decided_by{};
    hold_status ended_as = hold_status::held;  ///< of errc::hold_ended

    [[nodiscard]] bool is_done() const noexcept {
        return service == service::done && error == errc::ok;
    }
};

struct account_result : request_result {
    account_view account{};
};

struct transfer_result : request_result {
    money amount{};
    posting from{};
    posting to{};
};

struct transaction_result : request_result {
    std::size_t count = 0;
    std::array<posting, max_transaction_legs> postings{};  ///< in the order of the request's legs
};

struct hold_result : request_result {
    coffer::hold hold{};
    posting account{};  ///< with the hold: its balance, what is held, what is available
};

/// The result of an operation whose outcome this record has. Defined for all results above. Thread
/// safety: a pure function.
template <class Result>
[[nodiscard]] Result result_of(const journal::record& one) noexcept;
template <>
posting_result result_of<posting_result>(const journal::record& one) noexcept;
template <>
account_result result_of<account_result>(const journal::record& one) noexcept;
template <>
transfer_result result_of<transfer_result>(const journal::record& one) noexcept;
template <>
transaction_result result_of<transaction_result>(const journal::record& one) noexcept;
template <>
hold_result result_of<hold_result>(const journal::record& one) noexcept;

}  // namespace coffer
