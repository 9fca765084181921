// Everything that can be wrong with a request, and the reply to it: the one table that
// knows both our reasons and HTTP's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <coffer/money.hpp>
#include <coffer/posting.hpp>

#include "engine/teller.hpp"

namespace coffer::api {

enum class problem : std::uint8_t {
    none,
    // of the request's meaning
    account_number_invalid,
    account_number_missing,
    amount_missing,
    amount_twice,
    amount_not_a_number,
    amount_not_positive,
    amount_zero,
    amount_negative,
    amount_too_many_decimals,
    amount_out_of_range,
    amount_out_of_reach,
    balance_out_of_range,
    funds_insufficient,
    account_unknown,
    account_present,
    account_closed,
    account_not_empty,
    account_not_closed,
    accounts_equal,
    amounts_unbalanced,
    postings_too_few,
    postings_too_many,
    duration_invalid,
    hold_unknown,
    hold_ended,
    hold_exceeded,
    sequence_exhausted,
    sequence_mismatch,
    sequence_unknown,
    history_trimmed,
    operation_invalid,
    parameter_invalid,
    parameter_missing,
    parameter_twice,
    route_unknown,
    method_not_allowed,
    media_type_unsupported,
    lines_type_unsupported,
    content_coding_unsupported,
    body_missing,
    body_malformed,
    body_not_an_object,
    // of its bytes
    request_malformed,
    tls_missing,
    request_timeout,
    body_too_large,
    target_too_long,
    head_too_large,
    expectation_failed,
    method_unknown,
    coding_unknown,
    version_unsupported,
    // of who sends it
    host_unknown,
    origin_foreign,
    token_missing,
    token_unknown,
    rate_exceeded,
    scope_missing,
    account_out_of_range,
    needs_local_listener,
    // of its key
    idempotency_key_invalid,
    request_in_progress,
    idempotency_key_reused,
    idempotency_keys_full,
    idempotency_key_unknown,
    // of this node among others
    leader_elsewhere,
    no_leader,
    not_leading,
    standby,
    // ours
    not_open,
    stopping,
    disk_full,
    disk_hangs,
    outcome_unknown,
    lines_incomplete,
    check_failed,
    snapshot_under_way,
    snapshot_failed,
    snapshot_unfinished,
    no_snapshots,
    cut_under_way,
    cut_overtaken,
    no_history,
    console_missing,
    snapshot_unknown,
    snapshots_too_different,
    unavailable,
    internal_error,
};

/// How many there are, `none` among them.
inline constexpr std::size_t problems = static_cast<std::size_t>(problem::internal_error) + 1;

/// The reply to a problem: the HTTP status, the error type (stable), the message (for people).
struct problem_info {
    int status;
    std::string_view type;
    std::string_view message;
};

[[nodiscard]] const problem_info& describe(problem) noexcept;

/// The problem that a teller's refusal is; none for service::done.
[[nodiscard]] problem problem_of(service) noexcept;
/// The problem that the ledger's refusal is; none for errc::ok.
[[nodiscard]] problem problem_of(errc) noexcept;
/// The problem that an unreadable amount is; none for money_error::none.
[[nodiscard]] problem problem_of(money_error) noexcept;

}  // namespace coffer::api
