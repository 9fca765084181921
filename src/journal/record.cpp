#include "journal/record.hpp"

namespace coffer::journal {

record record::of_opening(const coffer::posting& made, request_key key) {
    return {.kind = record_kind::posting,
            .operation = posting_operation::opening,
            .state = made,
            .amount = made.balance,
            .key = key};
}

record record::of_deposit(const coffer::posting& made, money amount, request_key key) {
    return {.kind = record_kind::posting,
            .operation = posting_operation::deposit,
            .state = made,
            .amount = amount,
            .key = key};
}

record record::of_withdrawal(const coffer::posting& made, money amount, request_key key) {
    return {.kind = record_kind::posting,
            .operation = posting_operation::withdrawal,
            .state = made,
            .amount = money::from_minor(-amount.minor()),
            .key = key};
}

record record::of_transfer(const coffer::posting& payer, const coffer::posting& payee, money amount,
                           request_key key) {
    return {.kind = record_kind::transfer,
            .state = payer,
            .payee = payee,
            .amount = amount,
            .key = key};
}

record record::of_refusal(errc why, const coffer::posting& decided_by, request_key key) {
    return {.kind = record_kind::refusal, .error = why, .state = decided_by, .key = key};
}

record record::of_hold_ended(hold_status how, const coffer::posting& decided_by, request_key key) {
    record made = of_refusal(errc::hold_ended, decided_by, key);
    made.hold.status = how;
    return made;
}

record record::of_transaction(std::span<const posted_leg> legs, request_key key) {
    return {.kind = record_kind::transaction,
            .state = legs.empty() ? coffer::posting{} : legs.front().state,
            .legs = leg_list{legs},
            .key = key};
}

record record::of_hold(hold_operation what, const hold_outcome& made, money amount,
                       request_key key) {
    return {.kind = record_kind::hold,
            .holding = what,
            .state = made.posting,
            .payee = made.payee,
            .amount = amount,
            .hold = made.hold,
            .key = key};
}

record record::of_status(const account_view& made, request_key key) {
    return {.kind = record_kind::status, .status = made.status, .state = made, .key = key};
}

std::string describe(const decoded_record& refused) {
    const std::string culprit = std::to_string(refused.culprit);
    const std::string unknown = ", which this version of coffer does not know";
    const std::string kind = std::to_string(static_cast<int>(refused.value.kind));
    switch (refused.error) {
        case record_error::none:
            return "nothing is wrong";
        case record_error::size:
            return "a record has an impossible size";
        case record_error::unknown_kind:
            return "a record is of kind " + culprit + unknown;
        case record_error::newer_version:
            return "a record of kind " + kind + " is of version " + culprit + unknown;
        case record_error::unknown_detail:
            return "a record of kind " + kind + " has the detail " + culprit + unknown;
        case record_error::malformed_key:
            return "a record's key has a character that no key has";
        case record_error::malformed_actor:
            return "a record has the name of a token that no token has";
        case record_error::padding:
            return "a record has something where zeros are due";
        case record_error::contradiction:
            return "a record of account " + std::to_string(refused.value.state.account) +
                   " contradicts itself";
    }
    return {};
}

}  // namespace coffer::journal
