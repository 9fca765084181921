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

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include <coffer/ledger.hpp>

#include "engine/key_store.hpp"
#include "journal/lane.hpp"
#include "journal/record.hpp"

namespace coffer {

class engine;

/// Whether a request has an outcome, or why nothing was done.
enum class service : std::uint8_t {
    done,                 ///< it has an outcome
    not_open,             ///< the ledger is being recovered
    unavailable,          ///< the turn began before the ledger was open
    lane_full,            ///< the lane has no room for another record
    disk_full,            ///< the journal has no room
    disk_hangs,           ///< nothing becomes durable
    keys_full,            ///< there is no room for another key
    request_in_progress,  ///< a request with the same key is not durable yet
    key_reused,           ///< another request has this key
};

struct posting_result {
    coffer::service service = service::done;
    coffer::outcome outcome{};  ///< for service::done
    bool replayed = false;      ///< it was done by an earlier request with the same key
};

/// What all results of the teller have. `outcome` parts are valid for service::done.
struct request_result {
    coffer::service service = service::done;
    errc error = errc::ok;
    bool replayed = false;  ///< it was done by an earlier request with the same key
    /// Of a refusal: the account that it is about, and what it was decided by.
    posting decided_by{};
    hold_status ended_as = hold_status::held;  ///< of errc::hold_ended

    [[nodiscard]] bool is_done() const noexcept {
        return service == service::done && error == errc::ok;
    }
};

struct account_result : request_result {
    account_view account{};
};

struct transfer_result : request_result {
    money amount{};
    posting from{};
    posting to{};
};

struct transaction_result : request_result {
    std::size_t count = 0;
    std::array<posting, max_transaction_legs> postings{};  ///< in the order of the request's legs
};

struct hold_result : request_result {
    coffer::hold hold{};
    posting account{};  ///< with the hold: its balance, what is held, what is available
};

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

    /// `key` passes journal::is_request_key, or is empty: no key. With a key this is done once: a
    /// second call returns the first one's outcome, with the same balance.
    [[nodiscard]] posting_result deposit(account_number account, money amount,
                                         std::string_view key) noexcept;
    [[nodiscard]] posting_result withdraw(account_number account, money amount,
                                          std::string_view key) noexcept;

    // SKELETON: declared for others to build on; to be implemented.

    /// Opens an account; without a number the one after the highest.
    [[nodiscard]] account_result open_account(std::optional<account_number>, money,
                                              std::string_view) noexcept {
        return {{service::unavailable}};
    }
    [[nodiscard]] account_result account(account_number) noexcept {
        return {{service::unavailable}};
    }
    [[nodiscard]] account_result close_account(account_number, std::string_view) noexcept {
        return {{service::unavailable}};
    }
    [[nodiscard]] account_result reopen_account(account_number, std::string_view) noexcept {
        return {{service::unavailable}};
    }
    [[nodiscard]] transfer_result transfer(account_number, account_number, money,
                                           std::string_view) noexcept {
        return {{service::unavailable}};
    }
    [[nodiscard]] transaction_result transact(std::span<const leg>, std::string_view) noexcept {
        return {{service::unavailable}};
    }
    /// `expires_in`: above zero; nothing: never.
    [[nodiscard]] hold_result place_hold(account_number, money,
                                         std::optional<std::chrono::nanoseconds>,
                                         std::string_view) noexcept {
        return {{service::unavailable}};
    }
    [[nodiscard]] hold_result find_hold(account_number, hold_id) noexcept {
        return {{service::unavailable}};
    }
    [[nodiscard]] hold_result capture_hold(account_number, hold_id, const capture_request&,
                                           std::string_view) noexcept {
        return {{service::unavailable}};
    }
    [[nodiscard]] hold_result release_hold(account_number, hold_id, std::string_view) noexcept {
        return {{service::unavailable}};
    }

    /// Whether there is such an account. The outcome has its number alone, so it shows no posting.
    [[nodiscard]] posting_result find(account_number account) const noexcept;

    /// Whether so many postings can be shown in this turn: done, or why not. After lane_full, ask
    /// again once latest() is durable. Does not change was_full().
    [[nodiscard]] service reserve_shown(std::size_t postings) noexcept;

    /// Has due() cover a posting that the ledger showed, so that it is sent once it is durable. One
    /// of those reserved.
    void show(const posting& shown) noexcept;

    /// Begins a cut that is visited step by step. Nothing if another is under way, or before the
    /// ledger is open. What the cut shows is shown by show.
    [[nodiscard]] std::optional<resumable_cut> begin_cut() noexcept;

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

    /// Sets what the journal's thread calls when more of this teller's records are durable. To be
    /// set before the ledger is open. Must not throw.
    void on_durable(std::function<void()> callback) { on_durable_ = std::move(callback); }

    /// Finds out whether the disk hangs. To be called regularly.
    void check_disk() noexcept;
    /// How long a posting may wait until the disk counts as hanging. For a teller with a journal.
    [[nodiscard]] std::chrono::milliseconds disk_timeout() const noexcept;

    [[nodiscard]] const coffer::engine& engine() const noexcept { return engine_; }

private:
    friend class engine;

    void begin() noexcept;
    void end() noexcept;
    [[nodiscard]] posting_result change(journal::posting_operation what, account_number account,
                                        money amount, std::string_view key) noexcept;
    [[nodiscard]] posting_result change_once(coffer::ledger& ledger,
                                             journal::posting_operation what,
                                             account_number account, money amount,
                                             std::string_view key) noexcept;
    [[nodiscard]] outcome post(coffer::ledger& ledger, journal::posting_operation what,
                               account_number account, money amount,
                               const journal::request_key& key) noexcept;
    void put_on_record(coffer::ledger& ledger, journal::posting_operation what, const outcome& done,
                       money amount, const journal::request_key& key) noexcept;
    void wait_for(coffer::ledger& ledger, const posting& shown) noexcept;
    [[nodiscard]] service reserve() noexcept;
    [[nodiscard]] service reserve_marker() noexcept;
    void note(ticket one) noexcept { due_ = latest_ = one; }

    coffer::engine& engine_;
    std::function<void()> on_durable_;
    journal::lane* lane_ = nullptr;  // null without a journal
    ticket due_ = 0;                 // in this turn
    ticket latest_ = 0;
    std::uint64_t postings_ = 0;
    bool in_turn_ = false;  // and so is the lane
    bool was_full_ = false;
    ticket announced_ = 0;
    struct kept_key {
        key_store::id key;
        ticket until;
    };
    std::deque<kept_key> kept_keys_;  // `until` grows
};

}  // namespace coffer
