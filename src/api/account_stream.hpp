// All accounts as lines of JSON, from one consistent cut.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include <coffer/ledger.hpp>

#include "api/body_stream.hpp"
#include "api/posting_watch.hpp"
#include "api/principal.hpp"
#include "ops/text.hpp"

namespace coffer::api {

/// The lines:
///     {"cut":7,"time":"2026-11-28T12:00:00.123456789Z"}          the cut's number and record time
///     {"account_number":"10001","balance":1000.0}                one for each account, no order
///     {"complete":true,"accounts":10,"total":55000.0}            or, if it ended before:
///     {"complete":false,"accounts":3,"error":{"type":"...","message":"..."}}
/// A reader that may not see all accounts gets those that it may, and their number and total.
/// It ends before when another cut, a snapshot for example, has waited for cut_pace::patience, when
/// the disk hangs, and when the server stops; before the first line the reply is a refusal instead.
/// Holds no memory for the accounts.
///
/// While the worker makes postings, the stream leaves most of its time to them: after each pull
/// that did work it rests for many times as long. On a worker that makes none it does not rest.
class account_stream final : public body_stream {
public:
    /// Of the accounts among `seen`.
    explicit account_stream(resumable_cut&& cut, account_ranges seen = {}) noexcept
        : cut_{std::move(cut)}, seen_{std::move(seen)} {}

    state pull(teller&, std::size_t room_bytes, std::string& out) override;
    void end_early(problem why, std::string& out) override;

private:
    state begin(teller&, std::string& out);
    state step(teller&, std::size_t room_bytes, std::string& out);
    void finish(std::string& out) const;
    [[nodiscard]] bool rests(const teller&);

    resumable_cut cut_;
    const account_ranges seen_;
    std::uint64_t shown_ = 0;     // how many accounts
    wide_minor shown_minor_ = 0;  // all their balances
    bool has_begun_ = false;
    bool is_complete_ = false;  // but for its last line
    posting_watch watch_;
    std::chrono::steady_clock::time_point rest_until_{};
};

}  // namespace coffer::api
