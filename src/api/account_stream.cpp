#include "api/account_stream.hpp"

#include <algorithm>

#include "api/account_text.hpp"
#include "api/problem.hpp"
#include "engine/engine.hpp"
#include "ops/text.hpp"
#include "ops/utc_time.hpp"

namespace coffer::api {
namespace {

/// Visited in one step. Small, so that a busy lane has room for their markers.
constexpr std::size_t accounts_a_step = 32;

/// The longest line, but for one that names a failure.
constexpr std::size_t max_line_bytes = 100;

/// In one pull, some 0.5 ms.
constexpr std::size_t steps_a_pull = 64;

/// How long a pull rests, by the time that it took. What it made is to be sent and to be read too,
/// which takes several times as long, perhaps on the same processors.
constexpr int rest_factor = 30;

/// Moved in one pull where an earlier cut is finished first.
constexpr std::size_t leftovers_a_pull = 2048;

}  // namespace

body_stream::state account_stream::pull(coffer::teller& teller, std::size_t room_bytes,
                                        std::string& out) {
    if (!has_begun_)
        return begin(teller, out);
    if (rests(teller))
        return state::more;
    const auto begin = std::chrono::steady_clock::now();
    const std::size_t full = out.size() + room_bytes;
    state now = state::more;
    for (std::size_t i = 0; i != steps_a_pull && now == state::more; ++i) {
        if (full - out.size() < max_line_bytes)
            break;
        now = step(teller, full - out.size(), out);
    }
    const auto end = std::chrono::steady_clock::now();
    if (now == state::more)
        rest_until_ = end + rest_factor * (end - begin);
    return now;
}

/// Whether there are postings to make way for.
bool account_stream::rests(const coffer::teller& teller) {
    const auto now = std::chrono::steady_clock::now();
    return watch_.is_busy(teller, now) && now < rest_until_;
}

body_stream::state account_stream::begin(coffer::teller& teller, std::string& out) {
    if (cut_.next(leftovers_a_pull, [](const posting&) noexcept {}) ==
        resumable_cut::state::overtaken)
        return fail(problem::cut_overtaken);
    has_begun_ = cut_.has_begun();
    if (has_begun_) {
        out += R"({"cut":)";
        append_number(out, cut_.summary().epoch);
        out += R"(,"time":")";
        out += to_utc_text(teller.engine().clock().stamp().time_ns);
        out += "\"}\n";
    }
    return state::more;
}

body_stream::state account_stream::step(coffer::teller& teller, std::size_t room_bytes,
                                        std::string& out) {
    if (is_complete_) {
        finish(out);
        return state::done;
    }
    const std::size_t accounts = std::min(accounts_a_step, room_bytes / max_line_bytes);
    const service ready = teller.reserve_shown(accounts);
    if (ready == service::lane_full)
        return state::waiting;
    if (ready != service::done)
        return fail(problem_of(ready));
    const auto now = cut_.next(accounts, [&](const posting& taken) {
        if (!seen_.has(taken.account))
            return;
        ++shown_;
        shown_minor_ += taken.balance.minor();
        teller.show(taken);
        append_account(out, taken);
        out += '\n';
    });
    if (now == resumable_cut::state::overtaken)
        return fail(problem::cut_overtaken);
    is_complete_ = now == resumable_cut::state::done;
    return state::more;
}

void account_stream::finish(std::string& out) const {
    out += R"({"complete":true,"accounts":)";
    append_number(out, shown_);
    out += R"(,"total":)";
    out += to_money_text(shown_minor_);
    out += "}\n";
}

void account_stream::end_early(problem why, std::string& out) {
    const problem_info& info = describe(why);
    out += R"({"complete":false,"accounts":)";
    append_number(out, shown_);
    out += R"(,"error":{"type":")";
    out += info.type;
    out += R"(","message":")";
    out += info.message;
    out += "\"}}\n";
}

}  // namespace coffer::api
