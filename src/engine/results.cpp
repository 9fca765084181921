#include "engine/results.hpp"

namespace coffer {
namespace {

using journal::record;
using journal::record_kind;

bool is_refusal(const record& one) noexcept {
    return one.kind == record_kind::refusal;
}

/// What all results have; of a record that is no refusal, nothing is wrong.
request_result decided_as(const record& one) noexcept {
    if (!is_refusal(one))
        return {};
    return {.error = one.error, .decided_by = one.state, .ended_as = one.hold.status};
}

}  // namespace

template <>
posting_result result_of<posting_result>(const record& one) noexcept {
    return {service::done, {is_refusal(one) ? one.error : errc::ok, one.state}};
}

template <>
account_result result_of<account_result>(const record& one) noexcept {
    account_result made{decided_as(one)};
    if (!is_refusal(one))
        made.account = {one.state,
                        one.kind == record_kind::status ? one.status : account_status::open};
    return made;
}

template <>
transfer_result result_of<transfer_result>(const record& one) noexcept {
    transfer_result made{decided_as(one)};
    if (is_refusal(one))
        return made;
    made.amount = one.amount;
    made.from = one.state;
    made.to = one.payee;
    return made;
}

template <>
transaction_result result_of<transaction_result>(const record& one) noexcept {
    transaction_result made{decided_as(one)};
    if (is_refusal(one))
        return made;
    made.count = one.legs.size();
    for (std::size_t i = 0; i != made.count; ++i)
        made.postings[i] = one.legs[i].state;
    return made;
}

template <>
hold_result result_of<hold_result>(const record& one) noexcept {
    hold_result made{decided_as(one)};
    if (is_refusal(one))
        return made;
    made.hold = one.hold;
    made.hold.account = one.state.account;
    made.account = one.state;
    return made;
}

}  // namespace coffer
