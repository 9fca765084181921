// A teller: one worker's access to the ledger. It makes postings, appends their records to its
// lane, and knows when they are durable.
//
//     const coffer::teller::turn turn{teller};            // for a whole buffer of requests
//     const coffer::posting_result result = teller.deposit(account, amount, key);
//     ... the reply is made ...
//     turn.end();
//     ... perhaps more turns ...
//     teller.announce();
//     ... when teller.is_durable(teller.due()): the reply is sent ...
//
// Guarantees     Read due() after the call; once that ticket is durable, the result may be sent:
//                then no crash takes back a posting that it made, nor a posting that a balance or a
//                refusal shows. A request with a key is done once.
// Invariants     1. A posting is made only after the lane had room for its record: it cannot be
//                   taken back.
//                2. due() covers all that the results of this turn show.
//                3. kept_keys_ (keys whose outcome is not known to be durable) is in the order of
//                   tickets.
// Thread safety  For one thread, but for on_durable's callback, which the journal's thread calls.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <coffer/ledger.hpp>

#include "engine/key_store.hpp"
#include "engine/posting_tally.hpp"
#include "engine/results.hpp"
#include "engine/sequence_condition.hpp"
#include "journal/lane.hpp"
#include "journal/record.hpp"

namespace coffer {

namespace snapshot {
class snapshot_order;
}

class engine;
class history_job;

class teller {
public:
    /// A position in the order of a teller's records.
    using ticket = journal::lane_ticket;

    explicit teller(coffer::engine& engine) noexcept : engine_{engine} {}
    teller(const teller&) = delete;
    teller& operator=(const teller&) = delete;

    /// A teller works in short turns: at a turn's end its records are published to the journal.
    class turn {
    public:
        explicit turn(teller& one) noexcept : teller_{&one} { one.begin(); }
        turn(const turn&) = delete;
        turn& operator=(const turn&) = delete;
        ~turn() { end(); }
        void end() noexcept {
            if (teller* const one = std::exchange(teller_, nullptr))
                one->end();
        }

    private:
        teller* teller_;
    };

    /// The most requests in one turn.
    static constexpr std::size_t most_a_turn = 256;

    /// Whether the last request of this turn was refused as lane_full. If it is repeated once
    /// latest() is durable, there will be room.
    [[nodiscard]] bool was_full() const noexcept { return was_full_; }

    // In a turn. The outcomes have the errors of the ledger's operations of the same names.

    [[nodiscard]] posting_result balance(account_number account) noexcept;

    /// Who the requests from now on come from, until it is called again: the name goes on record
    /// with what they post, and their keys are that name's. Empty: nobody in particular. The text
    /// must stay as it is until then.
    void act_for(std::string_view name) noexcept { actor_ = name; }
    [[nodiscard]] std::string_view actor() const noexcept { return actor_; }

    /// `key` passes journal::is_request_key, or is empty: no key. With a key this is done once: a
    /// second call returns the first one's outcome, with the same balance. A condition comes after
    /// that, and what it refuses is not kept with the key. It is of the first account of a call.
    [[nodiscard]] posting_result deposit(account_number account, money amount, std::string_view key,
                                         const sequence_condition& condition = {}) noexcept;
    [[nodiscard]] posting_result withdraw(account_number account, money amount,
                                          std::string_view key,
                                          const sequence_condition& condition = {}) noexcept;

    /// Opens an account; without a number, the one after the highest. After already_open,
    /// decided_by is the account that is there: the last number there can be, if none was given.
    /// With `only`, and no number, that one is opened; if it is taken, or 0, the request is refused
    /// as no_such_account, which is not kept with the key.
    [[nodiscard]] account_result open_account(
        std::optional<account_number> number, money opening_balance, std::string_view key,
        std::optional<account_number> only = std::nullopt) noexcept;
    [[nodiscard]] account_result account(account_number number) noexcept;
    [[nodiscard]] account_result close_account(account_number number, std::string_view key,
                                               const sequence_condition& condition = {}) noexcept;
    [[nodiscard]] account_result reopen_account(account_number number, std::string_view key,
                                                const sequence_condition& condition = {}) noexcept;
    [[nodiscard]] transfer_result transfer(account_number from, account_number to, money amount,
                                           std::string_view key,
                                           const sequence_condition& condition = {}) noexcept;
    [[nodiscard]] transaction_result transact(std::span<const leg> legs,
                                              std::string_view key) noexcept;

    /// The hold expires `expires_in` from now in record time, which is above zero; nothing: never.
    [[nodiscard]] hold_result place_hold(account_number account, money amount,
                                         std::optional<std::chrono::nanoseconds> expires_in,
                                         std::string_view key,
                                         const sequence_condition& condition = {}) noexcept;
    /// Shows a hold as it is: one whose time has come is open until its expiry is made.
    [[nodiscard]] hold_result find_hold(account_number account, hold_id id) noexcept;
    /// These first make the expiry of a hold whose time has come, and then are refused.
    [[nodiscard]] hold_result capture_hold(account_number account, hold_id id,
                                           const capture_request& asked, std::string_view key,
                                           const sequence_condition& condition = {}) noexcept;
    [[nodiscard]] hold_result release_hold(account_number account, hold_id id, std::string_view key,
                                           const sequence_condition& condition = {}) noexcept;

    /// What is remembered of a request's key, of actor() or else of nobody. Changes nothing, and
    /// shows no posting that is not durable.
    [[nodiscard]] key_store::remembered find_key(std::string_view key) noexcept;

    /// Makes the expiry of a hold if its time has come. After service::done the hold is not due any
    /// more, unless its account can take no more postings (errc::sequence_exhausted): then it stays
    /// open, and is not to be asked for again.
    [[nodiscard]] service expire_hold(account_number account, hold_id id) noexcept;

    /// Whether there is such an account. The outcome has its number alone, so it shows no posting.
    [[nodiscard]] posting_result find(account_number account) const noexcept;

    /// Whether so many postings can be shown in this turn: done, or why not. After lane_full, ask
    /// again once latest() is durable. Does not change was_full().
    [[nodiscard]] service reserve_shown(std::size_t postings) noexcept;

    /// Has due() cover a write to the log that begins after this call, if the engine has a read
    /// barrier: what is answered then was right at that time, whatever clocks show. Returns done,
    /// or why it cannot: as reserve_shown.
    [[nodiscard]] service confirm() noexcept;

    /// Has due() cover a posting that the ledger showed, so that it is sent once it is durable. One
    /// of those reserved.
    void show(const posting& shown) noexcept;

    /// Begins a cut that is visited step by step. Nothing if another is under way, or before the
    /// ledger is open. What the cut shows is shown by show.
    [[nodiscard]] std::optional<resumable_cut> begin_cut() noexcept;

    /// Asks the history: see history_reader.hpp. Once the job has ended, the on_durable callback is
    /// called. Returns done, or unavailable, or not_open, or no_history in a ledger in memory only.
    [[nodiscard]] service ask(const std::shared_ptr<history_job>& job);

    /// Has a snapshot taken, that somebody waits for. Once it has ended, the on_durable callback is
    /// called. Returns done; request_in_progress while one is being taken or stopping has begun;
    /// no_history in a ledger in memory only; not_open. Throws std::bad_alloc.
    [[nodiscard]] service ask_for_snapshot(std::shared_ptr<snapshot::snapshot_order>& order);

    /// A number that rises when any posting becomes durable, of any teller, and when a job of the
    /// history has ended.
    [[nodiscard]] std::uint64_t news() const noexcept;

    /// Wakes the journal thread if there are records since it was last called.
    void announce() noexcept;

    /// Begins the lives of the keys whose outcomes are durable. To be called after on_durable.
    void note_durable_keys() noexcept;

    /// The ticket that must be durable before the results so far are sent.
    [[nodiscard]] ticket due() const noexcept { return due_; }
    [[nodiscard]] bool is_durable(ticket one) const noexcept {
        return one == 0 || lane_->is_durable(one);
    }
    /// How many postings it has made, with a journal or without.
    [[nodiscard]] std::uint64_t postings() const noexcept { return postings_; }
    /// The ticket of its last record: once it is durable, so are all before.
    [[nodiscard]] ticket latest() const noexcept { return latest_; }

    /// Sets what the journal's thread calls when more of this teller's records are durable, and
    /// others when a job or a snapshot has ended; empty: nothing. Must not throw. For any thread:
    /// what was set before is not called any more once this has returned.
    void on_durable(std::function<void()> callback);
    /// Calls it. For any thread.
    void call_on_durable() noexcept;

    /// Finds out whether the disk hangs. To be called regularly.
    void check_disk() noexcept;
    /// How long a posting may wait until the disk counts as hanging.
    [[nodiscard]] std::chrono::milliseconds disk_timeout() const noexcept;

    [[nodiscard]] const coffer::engine& engine() const noexcept { return engine_; }
    /// What its requests came to. For any thread.
    [[nodiscard]] const posting_tally& results() const noexcept { return results_; }

private:
    friend class engine;

    void begin() noexcept;
    void end() noexcept;
    /// A request for an operation that is done once for each key.
    struct request;
    /// `operation` returns the record of its outcome, without the key.
    template <class Result, class Operation>
    [[nodiscard]] Result perform(const request& asked, const Operation& operation) noexcept;
    template <class Result, class Operation>
    [[nodiscard]] Result perform_once(const request& asked, const Operation& operation) noexcept;
    template <class Post, class Record>
    [[nodiscard]] posting_result change(const request& asked, const sequence_condition& condition,
                                        const Post& post, const Record& record_of) noexcept;
    template <class Change>
    [[nodiscard]] account_result change_status(const request& asked,
                                               const sequence_condition& condition,
                                               const Change& change) noexcept;
    [[nodiscard]] journal::record open_next(money opening_balance) noexcept;
    [[nodiscard]] journal::record capture(account_number account, hold_id id, capture_request asked,
                                          const sequence_condition& condition) noexcept;
    [[nodiscard]] std::optional<key_owners::number> key_owner() noexcept;
    [[nodiscard]] std::int64_t record_time_ns() noexcept;
    void expire_if_due(account_number account, hold_id id) noexcept;
    void note_ended(const hold_outcome& made) noexcept;
    void put_on_record(const journal::record& made) noexcept;
    [[nodiscard]] service show_now(const posting& shown) noexcept;
    void wait_for(coffer::ledger& ledger, const posting& shown) noexcept;
    [[nodiscard]] service reserve(std::size_t records) noexcept;
    [[nodiscard]] service reserve_marker() noexcept;
    void note(ticket one) noexcept { due_ = latest_ = one; }

    coffer::engine& engine_;
    std::function<void()> on_durable_;
    std::mutex on_durable_guard_;    // of it
    journal::lane* lane_ = nullptr;  // null without a journal
    ticket due_ = 0;                 // in this turn
    ticket latest_ = 0;
    std::uint64_t postings_ = 0;
    std::string_view actor_;
    // The last name that keys were asked for by, so that its number is not looked up each time.
    std::string owner_name_;
    key_owners::number owner_ = key_owners::nobody;
    bool in_turn_ = false;  // and so is the lane
    bool was_full_ = false;
    ticket announced_ = 0;
    struct kept_key {
        key_store::id key;
        ticket until;
    };
    std::deque<kept_key> kept_keys_;  // `until` grows
    posting_tally results_;
};

}  // namespace coffer
