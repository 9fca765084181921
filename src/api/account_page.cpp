#include "api/account_page.hpp"

#include <algorithm>
#include <utility>

#include "api/account_text.hpp"
#include "engine/engine.hpp"
#include "ops/text.hpp"

namespace coffer::api {
namespace {

/// Looked at in one step, some 0.2 ms.
constexpr std::size_t slots_a_step = 32'768;

/// Read in one step. Small, so that a busy lane has room for their markers.
constexpr std::size_t accounts_a_step = 32;

}  // namespace

std::unique_ptr<account_page> account_page::make(std::size_t limit, account_number after,
                                                 account_ranges seen) {
    counted_scan scan = begin_scan();
    if (!scan)
        return nullptr;
    return std::unique_ptr<account_page>{
        new account_page{limit, after, std::move(seen), std::move(scan)}};
}

account_page::account_page(std::size_t limit, account_number after, account_ranges seen,
                           counted_scan scan)
    : scanned_page{std::move(scan)}, after_{after}, seen_{std::move(seen)}, numbers_{limit} {}

bool account_page::scan(coffer::teller& teller) {
    const ledger& accounts = teller.engine().ledger();
    const bool is_whole = accounts.scan(place_, slots_a_step, [this](account_number one) {
        if (one > after_ && seen_.has(one))
            numbers_.offer(one);
    });
    if (is_whole)
        numbers_.finish();
    return is_whole;
}

body_stream::state account_page::read(coffer::teller& teller, std::string& text) {
    const std::size_t end = std::min(numbers_.size(), read_ + accounts_a_step);
    const service ready = teller.reserve_shown(end - read_);
    if (ready == service::lane_full)
        return state::waiting;
    if (ready != service::done)
        return fail(problem_of(ready));
    if (text.empty())
        text = R"({"success":true,"data":{"accounts":[)";
    for (; read_ != end; ++read_) {
        const outcome found = teller.engine().ledger().balance(numbers_[read_]);
        if (!found)
            continue;  // it was about to be opened when it was found
        teller.show(found.posting);
        if (shown_++ != 0)
            text += ',';
        append_account(text, found.posting);
    }
    if (read_ != numbers_.size())
        return state::more;
    numbers_.append_next(text, append_number<account_number>);
    numbers_.free_memory();
    return state::done;
}

}  // namespace coffer::api
