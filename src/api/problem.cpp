#include "api/problem.hpp"

#include <array>
#include <atomic>
#include <cstddef>

#include "api/problem_messages.hpp"

namespace coffer::api {
namespace {

struct row {
    api::problem problem;
    problem_info info;
};

// Messages stand in JSON strings as they are: no quotes, no backslashes.
constexpr std::array rows{
    row{problem::none, {200, "", ""}},
    row{problem::account_number_invalid,
        {400, "invalid_account_number",
         "an account number is a whole number from 1 to 18446744073709551615, in digits alone, and "
         "a string in a body"}},
    row{problem::account_number_missing,
        {400, "invalid_account_number", "the body has no account number where one is due"}},
    row{problem::amount_missing, {400, "invalid_amount", "the body has no amount"}},
    row{problem::amount_twice, {400, "invalid_amount", "the body has more than one amount"}},
    row{problem::amount_not_a_number, {400, "invalid_amount", "the amount is not a number"}},
    row{problem::amount_not_positive, {400, "invalid_amount", "the amount is not above zero"}},
    row{problem::amount_zero, {400, "invalid_amount", "the amount is zero"}},
    row{problem::amount_negative, {400, "invalid_amount", "the amount is below zero"}},
    row{problem::amount_too_many_decimals,
        {400, "invalid_amount", "the amount has more than 2 decimals"}},
    row{problem::amount_out_of_range, {400, "invalid_amount", "the amount is out of range"}},
    row{problem::amount_out_of_reach,
        {400, "invalid_amount", "the body nests too deeply or has a number with a huge exponent"}},
    row{problem::balance_out_of_range,
        {400, "invalid_amount", "the amount would take the balance out of range"}},
    row{problem::funds_insufficient,
        {400, "insufficient_funds", "the amount is more than what is available"}},
    row{problem::account_unknown, {404, "no_such_account", "there is no account of this number"}},
    row{problem::account_present,
        {409, "account_exists", "there is an account of this number already"}},
    row{problem::account_closed, {409, "account_closed", "the account is closed"}},
    row{problem::account_not_empty,
        {409, "account_not_empty", "the account has a balance or a hold"}},
    row{problem::account_not_closed, {409, "account_open", "the account is open"}},
    row{problem::accounts_equal, {400, "same_account", "the same account is named twice"}},
    row{problem::amounts_unbalanced,
        {400, "unbalanced", "the amounts of the postings do not add up to zero"}},
    row{problem::postings_too_few,
        {400, "too_few_postings", "a transaction has 2 postings at least"}},
    row{problem::postings_too_many,
        {400, "too_many_postings", "a transaction has 8 postings at most"}},
    row{problem::duration_invalid,
        {400, "invalid_duration",
         "a duration is a string such as 500ms, 30s, 5m or 1h, above zero and at most 100 years"}},
    row{problem::hold_unknown, {404, "no_such_hold", "the account has no hold of this id"}},
    row{problem::hold_ended, {409, "hold_ended", "the hold has ended"}},
    row{problem::hold_exceeded,
        {400, "hold_exceeded", "the amount is more than what is left of the hold"}},
    row{problem::sequence_exhausted,
        {400, "sequence_exhausted", "the account can take no more postings"}},
    row{problem::sequence_mismatch,
        {412, "sequence_mismatch", "the account has moved on from what If-Match names"}},
    row{problem::sequence_unknown,
        {404, "no_such_sequence", "the account has no posting of this sequence"}},
    row{problem::history_trimmed,
        {410, "history_trimmed", "the journal has been trimmed and begins later by now"}},
    row{problem::operation_invalid, {400, "invalid_operation", "there is no such operation"}},
    row{problem::parameter_invalid, {400, "invalid_parameter", "a parameter has a wrong value"}},
    row{problem::parameter_missing, {400, "invalid_parameter", "a parameter is missing"}},
    row{problem::parameter_twice, {400, "invalid_parameter", "a parameter is given twice"}},
    row{problem::route_unknown, {404, "no_such_route", "there is nothing at this path"}},
    row{problem::method_not_allowed,
        {405, "method_not_allowed", "this path has no such method, see the Allow field"}},
    row{problem::media_type_unsupported,
        {415, "unsupported_media_type", "the Content-Type is not application/json"}},
    row{problem::lines_type_unsupported,
        {415, "unsupported_media_type", "the Content-Type is not application/x-ndjson"}},
    row{problem::content_coding_unsupported,
        {415, "unsupported_media_type", "no Content-Encoding but identity can be undone"}},
    row{problem::body_missing,
        {415, "unsupported_media_type", "the request has no body, a JSON object is due"}},
    row{problem::body_malformed,
        {415, "unsupported_media_type", "the body is not well-formed JSON"}},
    row{problem::body_not_an_object, {400, "invalid_parameter", "the body is not a JSON object"}},
    row{problem::request_malformed, {400, "bad_request", "this is not well-formed HTTP"}},
    row{problem::tls_missing, {400, "bad_request", "this port speaks TLS: use https"}},
    row{problem::request_timeout, {408, "request_timeout", "the request took too long to arrive"}},
    row{problem::body_too_large, {413, "content_too_large", "the body is too large"}},
    row{problem::target_too_long, {414, "uri_too_long", "the request target is too long"}},
    row{problem::head_too_large,
        {431, "request_header_fields_too_large", "the header fields are too large"}},
    row{problem::expectation_failed,
        {417, "expectation_failed", "no expectation but 100-continue can be met"}},
    row{problem::method_unknown, {501, "not_implemented", "this method is not implemented"}},
    row{problem::coding_unknown,
        {501, "not_implemented", "no transfer coding but chunked is implemented"}},
    row{problem::version_unsupported,
        {505, "http_version_not_supported", "this server speaks HTTP/1.1 and HTTP/1.0"}},
    row{problem::host_unknown,
        {421, "misdirected_request", "the Host is no address, and no name of this server"}},
    row{problem::origin_foreign,
        {403, "forbidden", "a page of another origin may not post: see --host-name"}},
    row{problem::token_missing, {401, "unauthorized", "a token is due: Authorization: Bearer"}},
    row{problem::token_unknown, {401, "unauthorized", "there is no such token"}},
    row{problem::rate_exceeded,
        {429, "too_many_requests", "more requests than allowed, try again later"}},
    row{problem::scope_missing, {403, "forbidden", "the token is not for this kind of request"}},
    row{problem::account_out_of_range, {403, "forbidden", "the token is not for this account"}},
    row{problem::needs_local_listener,
        {403, "forbidden",
         "without tokens this is answered on a loopback listener or a Unix socket alone"}},
    row{problem::idempotency_key_invalid,
        {400, "invalid_idempotency_key",
         "an Idempotency-Key is 1 to 255 visible ASCII characters or a structured string of as "
         "many, and stands once"}},
    row{problem::request_in_progress,
        {409, "request_in_progress", "a request with this Idempotency-Key is still under way"}},
    row{problem::idempotency_key_reused,
        {422, "idempotency_key_reused", "this Idempotency-Key came with another request before"}},
    row{problem::idempotency_keys_full,
        {503, "unavailable", "no more Idempotency-Keys can be remembered now, try again"}},
    row{problem::idempotency_key_unknown,
        {404, "no_such_key", "no request with this Idempotency-Key is remembered"}},
    row{problem::leader_elsewhere,
        {307, "not_leader", "another node leads the ledger, see the Location field"}},
    row{problem::no_leader,
        {503, "unavailable", "it is not known now which node leads the ledger, try again"}},
    row{problem::not_leading, {409, "not_leader", "this node does not lead a ledger"}},
    row{problem::standby,
        {503, "unavailable", "this node is a standby, and another one takes the postings"}},
    row{problem::not_open,
        {503, "unavailable", "the server is still reading its journal, try again"}},
    row{problem::stopping, {503, "unavailable", "the server is about to stop"}},
    row{problem::disk_full,
        {503, "unavailable", "the disk has no room for postings: nothing was posted, try again"}},
    row{problem::disk_hangs, {503, "unavailable", "the disk does not answer now, try again"}},
    row{problem::outcome_unknown,
        {503, "outcome_unknown",
         "the disk has not answered in time: whether this was posted is not known yet, ask again "
         "with the same Idempotency-Key"}},
    row{problem::lines_incomplete,
        {503, "outcome_unknown",
         "the request did not arrive whole, and some of its lines were done: send it again, with "
         "the same keys in its lines"}},
    row{problem::check_failed, {503, "unavailable", "a check of the server's readiness fails"}},
    row{problem::snapshot_under_way,
        {409, "snapshot_under_way", "a snapshot is being taken already"}},
    row{problem::snapshot_failed,
        {503, "unavailable", "the snapshot could not be taken: the log has the reason"}},
    row{problem::snapshot_unfinished,
        {503, "unavailable", "the snapshot takes longer, and goes on: /metrics shows its end"}},
    row{problem::no_snapshots,
        {501, "not_implemented", "a ledger in memory only takes no snapshots"}},
    row{problem::cut_under_way,
        {503, "unavailable", "another cut of the accounts is under way, try again"}},
    row{problem::cut_overtaken,
        {503, "cut_overtaken",
         "another cut waited too long for this one to be read to its end, try again"}},
    row{problem::no_history, {501, "not_implemented", "a ledger in memory only keeps no history"}},
    row{problem::console_missing,
        {501, "not_implemented",
         "this server was built without its console, which takes npm: see src/console/README.md"}},
    row{problem::snapshot_unknown, {404, "no_such_snapshot", "there is no snapshot of this name"}},
    row{problem::snapshots_too_different,
        {409, "snapshots_too_different",
         "the snapshots have too many accounts in different orders to be compared here"}},
    row{problem::unavailable, {503, "unavailable", "the server cannot do this now, try again"}},
    row{problem::internal_error,
        {500, "internal_error", "the server is at fault, nothing was posted"}},
};

constexpr bool is_in_order() {
    for (std::size_t i = 0; i != rows.size(); ++i)
        if (static_cast<std::size_t>(rows[i].problem) != i)
            return false;
    return rows.back().problem == problem::internal_error;
}
static_assert(is_in_order(), "describe looks a problem's row up by its place");

/// In the place of others where the log is in etcd too.
constexpr std::array replicated_rows{
    row{problem::disk_full,
        {503, "unavailable",
         "etcd or the disk has no room for postings: nothing was posted, try again"}},
    row{problem::disk_hangs,
        {503, "unavailable", "etcd or the disk does not answer now, try again"}},
    row{problem::outcome_unknown,
        {503, "outcome_unknown",
         "etcd or the disk has not answered in time: whether this was posted is not known yet, ask "
         "again with the same Idempotency-Key"}},
};

std::atomic<bool> names_etcd{false};  // relaxed: set before the threads that read it begin

}  // namespace

void name_etcd_in_messages(bool is_replicated) noexcept {
    names_etcd.store(is_replicated, std::memory_order_relaxed);
}

const problem_info& describe(problem one) noexcept {
    if (names_etcd.load(std::memory_order_relaxed)) [[unlikely]]
        for (const row& other : replicated_rows)
            if (other.problem == one)
                return other.info;
    return rows[static_cast<std::size_t>(one)].info;
}

problem problem_of(service refusal) noexcept {
    switch (refusal) {
        case service::done:
            return problem::none;
        case service::not_open:
            return problem::not_open;
        case service::unavailable:
        case service::lane_full:
            return problem::unavailable;
        case service::disk_full:
            return problem::disk_full;
        case service::disk_hangs:
            return problem::disk_hangs;
        case service::keys_full:
            return problem::idempotency_keys_full;
        case service::request_in_progress:
            return problem::request_in_progress;
        case service::key_reused:
            return problem::idempotency_key_reused;
        case service::no_history:
            return problem::no_history;
    }
    return problem::internal_error;
}

problem problem_of(errc refusal) noexcept {
    switch (refusal) {
        case errc::ok:
            return problem::none;
        case errc::no_such_account:
            return problem::account_unknown;
        case errc::invalid_amount:
            return problem::amount_not_positive;
        case errc::insufficient_funds:
            return problem::funds_insufficient;
        case errc::balance_overflow:
            return problem::balance_out_of_range;
        case errc::ledger_full:
            return problem::unavailable;
        case errc::sequence_exhausted:
            return problem::sequence_exhausted;
        case errc::already_open:
            return problem::account_present;
        case errc::account_closed:
            return problem::account_closed;
        case errc::account_not_empty:
            return problem::account_not_empty;
        case errc::account_not_closed:
            return problem::account_not_closed;
        case errc::same_account:
            return problem::accounts_equal;
        case errc::unbalanced:
            return problem::amounts_unbalanced;
        case errc::too_few_legs:
            return problem::postings_too_few;
        case errc::too_many_legs:
            return problem::postings_too_many;
        case errc::no_such_hold:
            return problem::hold_unknown;
        case errc::hold_ended:
            return problem::hold_ended;
        case errc::hold_exceeded:
            return problem::hold_exceeded;
        case errc::sequence_mismatch:
            return problem::sequence_mismatch;
    }
    return problem::internal_error;
}

problem problem_of(money_error reason) noexcept {
    switch (reason) {
        case money_error::none:
            return problem::none;
        case money_error::not_a_number:
            return problem::amount_not_a_number;
        case money_error::too_many_decimals:
            return problem::amount_too_many_decimals;
        case money_error::out_of_range:
            return problem::amount_out_of_range;
    }
    return problem::internal_error;
}

}  // namespace coffer::api
