#include "engine/teller.hpp"

#include <new>

#include "engine/engine.hpp"
#include "engine/key_store.hpp"
#include "engine/request_key.hpp"

namespace coffer {
namespace {

using journal::posting_operation;
using journal::record;

/// Whether the ledger decided this by an account's balance. Such an outcome is kept with the
/// request's key. Others are not kept: a wrong amount is refused again anyway, and an account that
/// does not exist may exist later.
bool is_decided(errc error) noexcept {
    return error == errc::ok || error == errc::insufficient_funds ||
           error == errc::balance_overflow;
}

/// Whether no crash takes back this posting.
bool is_posting_durable(const coffer::ledger& ledger, const posting& shown) noexcept {
    return shown.sequence <= ledger.durable_sequence(shown.account);
}

constexpr service service_of(key_store::verdict found) noexcept {
    switch (found) {
        case key_store::verdict::fresh:
        case key_store::verdict::done:
            return service::done;
        case key_store::verdict::in_progress:
            return service::request_in_progress;
        case key_store::verdict::reused:
            return service::key_reused;
        case key_store::verdict::full:
            break;
    }
    return service::keys_full;
}

}  // namespace

// If the ledger is not open yet, the lane is not begun, and this turn's postings are refused as
// unavailable.
void teller::begin() noexcept {
    due_ = 0;
    was_full_ = false;
    if (engine_.is_open() && lane_ != nullptr) {
        lane_->begin();
        in_turn_ = true;
    }
}

void teller::end() noexcept {
    if (std::exchange(in_turn_, false))
        lane_->end_quietly();
}

void teller::announce() noexcept {
    if (latest_ == announced_)
        return;
    announced_ = latest_;
    engine_.journal()->wake();
}

void teller::check_disk() noexcept {
    if (engine_.is_open() && lane_ != nullptr)
        engine_.journal()->check_progress();
}

std::chrono::milliseconds teller::disk_timeout() const noexcept {
    return engine_.journal()->disk_timeout();
}

posting_result teller::balance(account_number account) noexcept {
    if (!engine_.is_open())
        return {service::not_open};
    coffer::ledger& ledger = engine_.ledger();
    const outcome found = ledger.balance(account);
    if (!found || lane_ == nullptr || is_posting_durable(ledger, found.posting))
        return {service::done, found};
    if (const service refused = reserve_marker(); refused != service::done)
        return {refused};
    wait_for(ledger, found.posting);
    return {service::done, found};
}

posting_result teller::find(account_number account) const noexcept {
    if (!engine_.is_open())
        return {service::not_open};
    const outcome found = engine_.ledger().balance(account);
    return {service::done, {found.error, {account, 0, {}}}};
}

service teller::reserve_shown(std::size_t postings) noexcept {
    if (lane_ == nullptr)
        return engine_.is_open() ? service::done : service::not_open;
    if (!in_turn_)
        return service::unavailable;
    if (engine_.journal()->hangs())
        return service::disk_hangs;
    return lane_->has_room_for(postings) ? service::done : service::lane_full;
}

void teller::show(const posting& shown) noexcept {
    if (lane_ != nullptr)
        wait_for(engine_.ledger(), shown);
}

std::optional<resumable_cut> teller::begin_cut() noexcept {
    return engine_.is_open() ? engine_.ledger().begin_cut() : std::nullopt;
}

posting_result teller::deposit(account_number account, money amount,
                               std::string_view key) noexcept {
    return change(posting_operation::deposit, account, amount, key);
}

posting_result teller::withdraw(account_number account, money amount,
                                std::string_view key) noexcept {
    return change(posting_operation::withdrawal, account, amount, key);
}

posting_result teller::change(posting_operation what, account_number account, money amount,
                              std::string_view key) noexcept {
    if (!engine_.is_open())
        return {service::not_open};
    coffer::ledger& ledger = engine_.ledger();
    if (!key.empty())
        return change_once(ledger, what, account, amount, key);
    if (const service refused = reserve(); refused != service::done)
        return {refused};
    return {service::done, post(ledger, what, account, amount, {})};
}

/// Reserves room for a posting's record. Returns done, or why there is none.
service teller::reserve() noexcept {
    if (lane_ == nullptr)
        return service::done;
    if (!in_turn_)
        return service::unavailable;
    const std::size_t budget = engine_.journal()->lane_budget();
    if (budget == 0)
        return engine_.why_no_postings() == service::disk_hangs ? service::disk_hangs
                                                                : service::disk_full;
    was_full_ = !lane_->has_room_for(1, budget);
    return was_full_ ? service::lane_full : service::done;
}

/// The same for a marker, which takes no room in the log.
service teller::reserve_marker() noexcept {
    if (!in_turn_)
        return service::unavailable;
    if (engine_.journal()->hangs())
        return service::disk_hangs;
    was_full_ = !lane_->has_room_for();
    return was_full_ ? service::lane_full : service::done;
}

posting_result teller::change_once(coffer::ledger& ledger, posting_operation what,
                                   account_number account, money amount,
                                   std::string_view key) noexcept {
    // No key is kept for an account that does not exist: such requests could fill the store.
    if (const outcome found = ledger.balance(account); !found)
        return {service::done, found};
    const journal::request_key request{key, fingerprint_of(what, account, amount)};
    key_store::reservation reserved = engine_.keys().reserve(request);
    if (reserved.verdict() == key_store::verdict::done)
        return {service::done,
                {reserved.outcome().error, {account, 0, reserved.outcome().balance}},
                true};
    if (reserved.verdict() != key_store::verdict::fresh)
        return {service_of(reserved.verdict())};
    if (const service refused = reserve(); refused != service::done)
        return {refused};
    // Before the posting: a key that is never noted as durable would never expire.
    try {
        kept_keys_.push_back({reserved.key(), 0});
    } catch (const std::bad_alloc&) {
        return {service::keys_full};
    }
    const outcome made = post(ledger, what, account, amount, request);
    kept_keys_.back().until = due_;
    if (is_decided(made.error))
        reserved.keep({made.error, made.posting.balance}, lane_, due_);
    if (!is_decided(made.error) || lane_ == nullptr)
        kept_keys_.pop_back();
    return {service::done, made};
}

void teller::note_durable_keys() noexcept {
    while (!kept_keys_.empty() && is_durable(kept_keys_.front().until)) {
        engine_.keys().note_durable(kept_keys_.front().key);
        kept_keys_.pop_front();
    }
}

outcome teller::post(coffer::ledger& ledger, posting_operation what, account_number account,
                     money amount, const journal::request_key& key) noexcept {
    const outcome done = what == posting_operation::deposit ? ledger.deposit(account, amount)
                                                            : ledger.withdraw(account, amount);
    if (done)
        ++postings_;
    if (lane_ != nullptr)
        put_on_record(ledger, what, done, amount, key);
    return done;
}

void teller::put_on_record(coffer::ledger& ledger, posting_operation what, const outcome& done,
                           money amount, const journal::request_key& key) noexcept {
    if (done)
        return note(lane_->append(what == posting_operation::deposit
                                      ? record::of_deposit(done.posting, amount, key)
                                      : record::of_withdrawal(done.posting, amount, key)));
    if (!key.text.empty() && is_decided(done.error))
        return note(lane_->append(record::of_refusal(done.error, done.posting, key)));
    // The posting that it was refused by must not be lost either.
    if (done.error == errc::insufficient_funds || done.error == errc::balance_overflow)
        wait_for(ledger, done.posting);
}

/// Has the reply wait for a posting that it shows, whichever teller made it.
void teller::wait_for(coffer::ledger& ledger, const posting& shown) noexcept {
    if (!is_posting_durable(ledger, shown))
        note(lane_->append_marker(shown.account, shown.sequence));
}

}  // namespace coffer
