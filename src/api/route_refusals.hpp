// What the routes can refuse, as sets from which the route table makes those of its rows.
//
// The table's sets are compared with the API's description (openapi/), and the replies of the
// end-to-end tests with that: a refusal that a row does not have fails a test.
#pragma once

#include "api/problem_set.hpp"
#include "api/route.hpp"

namespace coffer::api::refusals {

/// Of every request, whatever its route: each row has these without naming them.
inline constexpr problem_set any{problem::request_malformed, problem::request_timeout,
                                 problem::body_too_large,    problem::target_too_long,
                                 problem::head_too_large,    problem::expectation_failed,
                                 problem::coding_unknown,    problem::version_unsupported,
                                 problem::unavailable,       problem::internal_error};

/// Of who sends a request: which route it is for decides what is asked for.
constexpr problem_set access(method how, const route_rules& rules) {
    problem_set refused{problem::host_unknown, problem::rate_exceeded};
    if (rules.scope != scope::anyone)
        refused = refused | problem_set{problem::token_missing, problem::token_unknown,
                                        problem::scope_missing, problem::account_out_of_range};
    if (how == method::post)
        refused = refused | problem_set{problem::origin_foreign};
    if (rules.needs_local_listener || rules.scope == scope::admin)
        refused = refused | problem_set{problem::needs_local_listener};
    return refused;
}

/// Of a path with `{account}`.
inline constexpr problem_set account{problem::account_number_invalid, problem::account_unknown};

/// Of a query.
inline constexpr problem_set query{problem::parameter_invalid};

/// Of If-Match.
inline constexpr problem_set condition{problem::parameter_invalid, problem::sequence_mismatch};

/// Of a body that is JSON, of the key, and of a condition where there can be none.
inline constexpr problem_set post{problem::content_coding_unsupported,
                                  problem::media_type_unsupported,
                                  problem::body_malformed,
                                  problem::body_not_an_object,
                                  problem::amount_out_of_reach,
                                  problem::parameter_invalid,
                                  problem::idempotency_key_invalid,
                                  problem::request_in_progress,
                                  problem::idempotency_key_reused,
                                  problem::idempotency_keys_full,
                                  problem::outcome_unknown};

/// Of a posting to accounts.
inline constexpr problem_set posting =
    post | problem_set{problem::account_closed, problem::sequence_exhausted};
inline constexpr problem_set funds{problem::funds_insufficient};
inline constexpr problem_set payee{problem::account_number_missing, problem::accounts_equal};

inline constexpr problem_set account_posting = account | posting;
inline constexpr problem_set withdrawal = account_posting | funds;
inline constexpr problem_set transfer = withdrawal | payee;
inline constexpr problem_set transaction =
    posting | funds | payee |
    problem_set{problem::account_unknown, problem::amounts_unbalanced, problem::postings_too_few,
                problem::postings_too_many};

inline constexpr problem_set opening =
    post | problem_set{problem::account_number_invalid, problem::account_present,
                       problem::amount_negative};
inline constexpr problem_set closing = account_posting | problem_set{problem::account_not_empty};
inline constexpr problem_set reopening =
    account | post | problem_set{problem::account_not_closed, problem::sequence_exhausted};

inline constexpr problem_set hold = account | problem_set{problem::hold_unknown};
inline constexpr problem_set placing = withdrawal | problem_set{problem::duration_invalid};
inline constexpr problem_set release =
    hold | post | problem_set{problem::hold_ended, problem::sequence_exhausted};
inline constexpr problem_set capture =
    hold | posting | payee | problem_set{problem::hold_ended, problem::hold_exceeded};

/// Of a batch as a whole; what its lines are refused with stands in their results.
inline constexpr problem_set batch{
    problem::content_coding_unsupported, problem::lines_type_unsupported,
    problem::idempotency_key_invalid, problem::parameter_invalid, problem::outcome_unknown};

/// Of what is read from the history.
inline constexpr problem_set history{problem::no_history, problem::history_trimmed};
inline constexpr problem_set statement = account | query | history;
inline constexpr problem_set past_balance = statement | problem_set{problem::sequence_unknown};
inline constexpr problem_set event_list = query | history | problem_set{problem::account_unknown};

inline constexpr problem_set key{problem::idempotency_key_invalid, problem::idempotency_key_unknown,
                                 problem::request_in_progress, problem::history_trimmed};

inline constexpr problem_set console{problem::console_missing};
inline constexpr problem_set front_door = console | problem_set{problem::route_unknown};

/// Of what is found out about snapshots.
inline constexpr problem_set snapshot_list{problem::no_history};
inline constexpr problem_set difference =
    query | snapshot_list |
    problem_set{problem::snapshot_unknown, problem::snapshots_too_different};

inline constexpr problem_set account_list = query | problem_set{problem::cut_overtaken};

/// Of what only the node that leads the ledger answers.
inline constexpr problem_set of_ledger{problem::leader_elsewhere, problem::no_leader};

/// All that a route can refuse.
constexpr problem_set of(const route& one) {
    const problem_set refused = any | access(one.method, one.rules) | one.rules.refused;
    return one.rules.is_of_ledger ? refused | of_ledger : refused;
}
/// Of what operators ask.
inline constexpr problem_set readiness{problem::stopping,   problem::disk_full,
                                       problem::disk_hangs, problem::check_failed,
                                       problem::standby,    problem::no_leader};
inline constexpr problem_set step_down{problem::not_leading, problem::parameter_invalid};
inline constexpr problem_set snapshot_copy = snapshot_list | problem_set{problem::snapshot_unknown};
inline constexpr problem_set journal = query | history;
inline constexpr problem_set health{problem::check_failed};
inline constexpr problem_set snapshot{problem::snapshot_under_way,  problem::snapshot_failed,
                                      problem::snapshot_unfinished, problem::no_snapshots,
                                      problem::parameter_invalid,   problem::needs_local_listener};

}  // namespace coffer::api::refusals
