#include "api/hold_page.hpp"

#include <algorithm>
#include <utility>

#include "api/hold_text.hpp"
#include "engine/engine.hpp"
#include "ops/hold_id_text.hpp"

namespace coffer::api {
namespace {

/// Looked at in one step, some 0.2 ms.
constexpr std::size_t slots_a_step = 16'384;

/// Read in one step.
constexpr std::size_t holds_a_step = 64;

}  // namespace

std::unique_ptr<hold_page> hold_page::make(account_number account, std::size_t limit,
                                           const hold_id& after) {
    counted_scan scan = begin_scan();
    if (!scan)
        return nullptr;
    return std::unique_ptr<hold_page>{new hold_page{account, limit, after, std::move(scan)}};
}

hold_page::hold_page(account_number account, std::size_t limit, const hold_id& after,
                     counted_scan scan)
    : scanned_page{std::move(scan)}, account_{account}, after_{after}, ids_{limit} {}

bool hold_page::scan(coffer::teller& teller) {
    const ledger& holds = teller.engine().ledger();
    const bool is_whole = holds.scan_holds(place_, slots_a_step, [this](const hold& one) {
        if (one.account == account_ && one.status == hold_status::held &&
            one.id.sequence > after_.sequence)
            ids_.offer(one.id);
    });
    if (is_whole)
        ids_.finish();
    return is_whole;
}

body_stream::state hold_page::read(coffer::teller& teller, std::string& text) {
    const ledger& ledger = teller.engine().ledger();
    const service ready = teller.reserve_shown(1);
    if (ready == service::lane_full)
        return state::waiting;
    if (ready != service::done)
        return fail(problem_of(ready));
    if (text.empty())
        text = R"({"success":true,"data":{"holds":[)";
    for (const std::size_t end = std::min(ids_.size(), read_ + holds_a_step); read_ != end;
         ++read_) {
        const hold_outcome found = ledger.find_hold(account_, ids_[read_]);
        if (!found || found.hold.status != hold_status::held)
            continue;
        if (shown_++ != 0)
            text += ',';
        append_hold(text, found.hold, found.posting);
    }
    // The account's last posting: once that is durable, so are all of its postings before.
    teller.show(ledger.balance(account_).posting);
    if (read_ != ids_.size())
        return state::more;
    ids_.append_next(text, append_hold_id);
    ids_.free_memory();
    return state::done;
}

}  // namespace coffer::api
