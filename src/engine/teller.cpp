#include "engine/teller.hpp"

#include "engine/engine.hpp"
#include "engine/history_reader.hpp"
#include "snapshot/snapshotter.hpp"

namespace coffer {
namespace {

/// Whether no crash takes back this posting.
bool is_posting_durable(const coffer::ledger& ledger, const posting& shown) noexcept {
    return shown.sequence <= ledger.durable_sequence(shown.account);
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

void teller::on_durable(std::function<void()> callback) {
    const std::lock_guard lock{on_durable_guard_};
    on_durable_ = std::move(callback);
}

void teller::call_on_durable() noexcept {
    const std::lock_guard lock{on_durable_guard_};
    if (on_durable_)
        on_durable_();
}

void teller::check_disk() noexcept {
    if (engine_.is_open() && lane_ != nullptr)
        engine_.journal()->check_progress();
}

std::chrono::milliseconds teller::disk_timeout() const noexcept {
    return engine_.disk_timeout();
}

posting_result teller::balance(account_number account) noexcept {
    if (!engine_.is_open())
        return {service::not_open};
    const outcome found = engine_.ledger().balance(account);
    if (found)
        if (const service refused = show_now(found.posting); refused != service::done)
            return {refused};
    return {service::done, found};
}

account_result teller::account(account_number number) noexcept {
    if (!engine_.is_open())
        return {{service::not_open}};
    coffer::ledger& ledger = engine_.ledger();
    const auto found = ledger.look(number);
    account_result result{{.error = found.error, .decided_by = {number, 0, {}}}, found.account};
    if (found)
        result.service = show_now(found.account);
    return result;
}

hold_result teller::find_hold(account_number account, hold_id id) noexcept {
    if (!engine_.is_open())
        return {{service::not_open}};
    const hold_outcome found = engine_.ledger().find_hold(account, id);
    hold_result result{
        {.error = found.error, .decided_by = {account, 0, {}}}, found.hold, found.posting};
    if (found)
        result.service = show_now(found.posting);
    return result;
}

/// Has due() cover a posting. Returns done, or why it cannot.
service teller::show_now(const posting& shown) noexcept {
    coffer::ledger& ledger = engine_.ledger();
    if (lane_ == nullptr || is_posting_durable(ledger, shown))
        return service::done;
    if (const service refused = reserve_marker(); refused != service::done)
        return refused;
    wait_for(ledger, shown);
    return service::done;
}

posting_result teller::find(account_number account) const noexcept {
    if (!engine_.is_open())
        return {service::not_open};
    const outcome found = engine_.ledger().balance(account);
    return {service::done, {found.error, {account, 0, {}}}};
}

key_store::remembered teller::find_key(std::string_view key) noexcept {
    return engine_.keys().find(key, key_owner().value_or(key_owners::nobody));
}

/// Whom the keys of the requests belong to; nothing if there is no room for another name.
std::optional<key_owners::number> teller::key_owner() noexcept {
    if (actor_.empty())
        return key_owners::nobody;
    if (actor_ == owner_name_)
        return owner_;
    const auto found = engine_.keys().owners().number_of(actor_);
    if (!found)
        return std::nullopt;
    try {
        owner_name_ = actor_;
        owner_ = *found;
    } catch (const std::bad_alloc&) {  // it is looked up again
    }
    return found;
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

service teller::confirm() noexcept {
    if (lane_ == nullptr || !engine_.has_read_barrier())
        return service::done;
    if (const service refused = reserve_marker(); refused != service::done)
        return refused;
    // It waits for no posting.
    constexpr account_number any = 1;
    note(lane_->append_marker(any, 0));
    return service::done;
}

void teller::show(const posting& shown) noexcept {
    if (lane_ != nullptr)
        wait_for(engine_.ledger(), shown);
}

std::optional<resumable_cut> teller::begin_cut() noexcept {
    return engine_.is_open() ? engine_.ledger().begin_cut() : std::nullopt;
}

service teller::ask(const std::shared_ptr<history_job>& job) {
    if (!engine_.is_open())
        return service::not_open;
    history_reader* const reader = engine_.history();
    if (reader == nullptr)
        return service::no_history;
    return reader->ask(job, [this] { call_on_durable(); });
}

service teller::ask_for_snapshot(std::shared_ptr<snapshot::snapshot_order>& order) {
    if (!engine_.is_open())
        return service::not_open;
    if (engine_.log() == nullptr)
        return service::no_history;
    snapshot::snapshotter* const taker = engine_.snapshots();
    order = std::make_shared<snapshot::snapshot_order>([this] { call_on_durable(); });
    return taker != nullptr && taker->take_now(order) ? service::done
                                                      : service::request_in_progress;
}

std::uint64_t teller::news() const noexcept {
    if (!engine_.is_open() || engine_.log() == nullptr)
        return 0;
    history_reader* const reader = engine_.history();
    return engine_.durable_record() + (reader != nullptr ? reader->ended() : 0);
}

/// Reserves room for so many records. Returns done, or why there is none.
service teller::reserve(std::size_t records) noexcept {
    if (lane_ == nullptr)
        return service::done;
    if (!in_turn_)
        return service::unavailable;
    const std::size_t budget = engine_.journal()->lane_budget();
    if (budget == 0)
        return engine_.why_no_postings() == service::disk_hangs ? service::disk_hangs
                                                                : service::disk_full;
    was_full_ = !lane_->has_room_for(records, budget);
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

void teller::note_durable_keys() noexcept {
    while (!kept_keys_.empty() && is_durable(kept_keys_.front().until)) {
        engine_.keys().note_durable(kept_keys_.front().key, lane_->take_number());
        kept_keys_.pop_front();
    }
}

/// Has the reply wait for a posting that it shows, whichever teller made it.
void teller::wait_for(coffer::ledger& ledger, const posting& shown) noexcept {
    if (!is_posting_durable(ledger, shown))
        note(lane_->append_marker(shown.account, shown.sequence));
}

}  // namespace coffer
