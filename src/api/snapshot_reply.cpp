#include "api/snapshot_reply.hpp"

#include <fmt/format.h>

namespace coffer::api {

// The whole reply is one piece: a kibibyte is always enough.
body_stream::state snapshot_reply::pull(coffer::teller&, std::size_t, std::string& out) {
    using order_state = ordered_snapshot::state;
    switch (order_->now()) {
        case order_state::pending:
            return std::chrono::steady_clock::now() < until_ ? state::waiting
                                                             : fail(problem::snapshot_unfinished);
        case order_state::failed:
            return fail(problem::snapshot_failed);
        case order_state::taken:
            break;
    }
    out += fmt::format(
        R"({{"success":true,"data":{{"snapshot":"{}","record":{},"accounts":{},"seconds":{:.3f}}},)"
        R"("code":200}})",
        order_->name, order_->after_record, order_->accounts,
        std::chrono::duration<double>{order_->took}.count());
    return state::done;
}

void snapshot_reply::end_early(problem, std::string&) {}  // nothing was sent before

}  // namespace coffer::api
