// Whatever bytes the body of a transaction has, it is refused for exactly what is wrong with it, by
// a reader that knows none of the server's code; or its postings are made exactly, or none of them.
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "api/router.hpp"
#include "api/routes.hpp"
#include "engine/engine.hpp"
#include "fuzz/exact_amount.hpp"
#include "fuzz/exact_target.hpp"
#include "fuzz/few_accounts.hpp"
#include "fuzz/require.hpp"
#include "fuzz/strict_json.hpp"

namespace {

using coffer::api::problem;
using coffer::fuzz::exact_amount;
using coffer::fuzz::few_accounts;
using coffer::fuzz::json_node;
using coffer::fuzz::require;

constexpr int most_deep = 512;  // as deep as the reader says that it goes

struct due_leg {
    coffer::account_number account;
    std::int64_t amount_minor;
};

/// What is due to a body, and its legs if nothing is wrong with its form.
struct due_transaction {
    problem why = problem::none;
    std::vector<due_leg> legs{};
};

problem problem_of(const exact_amount& read) {
    switch (read.what) {
        case exact_amount::kind::not_a_number:
            return problem::amount_not_a_number;
        case exact_amount::kind::too_many_decimals:
            return problem::amount_too_many_decimals;
        case exact_amount::kind::out_of_range:
            return problem::amount_out_of_range;
        default:
            return read.minor == "0" ? problem::amount_zero : problem::none;
    }
}

/// Adds the leg of one posting; returns what is wrong with it.
problem read_posting(const json_node& posting, std::vector<due_leg>& legs) {
    const auto accounts = posting.values_of("account_number");
    if (accounts.size() > 1)
        return problem::parameter_twice;
    if (accounts.empty())
        return problem::account_number_missing;
    if (accounts[0]->what != json_node::kind::string ||
        !coffer::fuzz::is_account_number(accounts[0]->text))
        return problem::account_number_invalid;
    const auto amounts = posting.values_of("amount");
    if (amounts.size() > 1)
        return problem::amount_twice;
    if (amounts.empty())
        return problem::amount_missing;
    const exact_amount amount = coffer::fuzz::signed_amount_of(*amounts[0]);
    const problem why = problem_of(amount);
    if (why == problem::none)
        legs.push_back({std::stoull(accounts[0]->text), std::stoll(amount.minor)});
    return why;
}

problem check_together(const std::vector<due_leg>& legs) {
    std::map<coffer::account_number, int> times;
    __extension__ __int128 sum = 0;
    for (const due_leg& one : legs) {
        if (++times[one.account] > 1)
            return problem::accounts_equal;
        sum += one.amount_minor;
    }
    return sum == 0 ? problem::none : problem::amounts_unbalanced;
}

due_transaction read_transaction(const json_node& root) {
    if (root.what != json_node::kind::object)
        return {problem::body_not_an_object};
    const auto arrays = root.values_of("postings");
    if (arrays.size() > 1)
        return {problem::parameter_twice};
    const bool is_absent =
        arrays.empty() || (arrays[0]->what == json_node::kind::other && arrays[0]->text == "null");
    if (is_absent)
        return {problem::postings_too_few};
    if (arrays[0]->what != json_node::kind::array)
        return {problem::parameter_invalid};
    const auto& postings = arrays[0]->values;
    for (const json_node& one : postings)
        if (one.what != json_node::kind::object)
            return {problem::parameter_invalid};
    if (postings.size() < 2 || postings.size() > 8)
        return {postings.size() < 2 ? problem::postings_too_few : problem::postings_too_many};
    due_transaction due;
    for (const json_node& one : postings)
        if (due.why = read_posting(one, due.legs); due.why != problem::none)
            return due;
    due.why = check_together(due.legs);
    return due;
}

/// What is due by the accounts that there are; what is posted is posted to `balances`.
problem post(const std::vector<due_leg>& legs,
             std::map<coffer::account_number, std::int64_t>& balances) {
    auto after = balances;
    for (const due_leg& one : legs)
        if (after.count(one.account) == 0)
            return problem::account_unknown;
    problem why = problem::none;
    for (const due_leg& one : legs) {
        const bool wraps =
            __builtin_add_overflow(after[one.account], one.amount_minor, &after[one.account]);
        if (wraps && one.amount_minor > 0)
            why = problem::balance_out_of_range;
        else if (after[one.account] < 0 || wraps)
            return problem::funds_insufficient;
    }
    if (why == problem::none)
        balances = after;
    return why;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string body{reinterpret_cast<const char*>(data), size};
    coffer::engine engine{coffer::fuzz::open_few_accounts()};
    coffer::api::reply reply;
    const char* const memory = reply.body().data();
    coffer::api::handle(coffer::api::product_table, engine.teller_at(0),
                        {coffer::api::method::post, "/transactions", "application/json", body},
                        reply);
    require(reply.body().data() == memory, "a reply that is longer than its memory");

    coffer::fuzz::strict_json document{body, most_deep};
    const bool well_formed = document.read();
    const bool is_missing = body.empty();
    due_transaction due{is_missing               ? problem::body_missing
                        : document.is_too_deep() ? problem::amount_out_of_reach
                        : !well_formed           ? problem::body_malformed
                                                 : problem::none};
    if (due.why == problem::none)
        due = read_transaction(document.root());
    std::map<coffer::account_number, std::int64_t> balances;
    for (const coffer::posting& one : few_accounts)
        balances[one.account] = one.balance.minor();
    // An account that lacks funds and one that would overflow may be named in either order.
    problem other = due.why;
    if (due.why == problem::none) {
        due.why = other = post(due.legs, balances);
        if (due.why == problem::funds_insufficient)
            other = problem::balance_out_of_range;
    }
    const auto is = [&reply](problem why) {
        return reply.status() == describe(why).status &&
               reply.body().find(describe(why).message) != std::string_view::npos;
    };
    const bool is_out_of_reach =
        is(problem::amount_out_of_reach) && coffer::fuzz::has_huge_exponent(body);
    if (!is_out_of_reach)
        require(is(due.why) || (other != due.why && is(other)), "another reply than is due");
    for (const auto& [account, balance_minor] : balances)
        require(is_out_of_reach ||
                    engine.ledger().balance(account).posting.balance.minor() == balance_minor,
                "another balance than is due");
    return 0;
}
