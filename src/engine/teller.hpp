// A teller: one thread's way to the ledger. What it is asked, it does and puts on record.
//
//     const coffer::teller::turn turn{teller};            // for a whole buffer of requests
//     const coffer::posting_result result = teller.deposit(account, amount, key);
//     ... the reply is made ...
//     turn.end();
//     ... perhaps more turns ...
//     teller.announce();
//     ... when teller.is_durable(teller.due()): the reply is sent ...
//
// Guarantees     what is told may be said to a client once due(), as it was after it, is durable:
//                then no crash takes back a posting it made, nor a posting that a balance or a
//                refusal shows.
// Thread safety  for one thread, but for on_durable's callback, which the journal's thread calls.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>

#include <coffer/ledger.hpp>

#include "engine/key_store.hpp"
#include "journal/lane.hpp"
#include "journal/record.hpp"

namespace coffer {

class engine;

/// How a request was served, before anything is said of its outcome.
enum class service : std::uint8_t {
    done,                 ///< it has an outcome
    not_open,             ///< the ledger is being recovered: nothing was done
    unavailable,          ///< it cannot be put on record now: likewise
    lane_full,            ///< too much is on its way to the journal: likewise
    disk_full,            ///< the journal has no room: likewise
    disk_hangs,           ///< nothing becomes durable: likewise
    keys_full,            ///< there is no place for another key: likewise
    request_in_progress,  ///< one of the same key is on its way: likewise
    key_reused,           ///< the key is another request's: likewise
};

struct posting_result {
    coffer::service service = service::done;
    coffer::outcome outcome{};  ///< of service::done
    bool replayed = false;      ///< it was done before, when its key came first
};

class teller {
public:
    /// A place in the order of what a teller does.
    using ticket = journal::lane_ticket;

    explicit teller(coffer::engine& engine) noexcept : engine_{engine} {}
    teller(const teller&) = delete;
    teller& operator=(const teller&) = delete;

    /// What a teller does is done in turns, short ones: after them the journal can see it.
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

    /// Whether a request of this turn was refused as lane_full. Asked again once latest() is
    /// durable, it will not be.
    [[nodiscard]] bool was_full() const noexcept { return was_full_; }

    // In a turn. Of the errors of the ledger, those that the operation of this name has there.

    [[nodiscard]] posting_result balance(account_number account) noexcept;

    /// `key` is one by journal::is_request_key, or empty: no key. With one, this is done once: a
    /// second time it is told again what was told the first time, the same balance with it.
    [[nodiscard]] posting_result deposit(account_number account, money amount,
                                         std::string_view key) noexcept;
    [[nodiscard]] posting_result withdraw(account_number account, money amount,
                                          std::string_view key) noexcept;

    /// Whether there is such an account; `done` without an outcome that could be shown.
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

    /// Has the journal make durable what was done since it was last called.
    void announce() noexcept;

    /// Begins the lives of the keys whose outcomes are durable. To be called after on_durable.
    void note_durable_keys() noexcept;

    /// What is to be durable before anything is said of what was told so far.
    [[nodiscard]] ticket due() const noexcept { return due_; }
    [[nodiscard]] bool is_durable(ticket one) const noexcept {
        return one == 0 || lane_->is_durable(one);
    }
    /// How many postings it has made.
    [[nodiscard]] std::uint64_t postings() const noexcept { return postings_; }
    /// What is durable if all that it did before is.
    [[nodiscard]] ticket latest() const noexcept { return latest_; }

    /// Has `callback` called, from the journal's thread, when more of what this teller did is
    /// durable.
    /// Set before the ledger is open. It must not throw.
    void on_durable(std::function<void()> callback) { on_durable_ = std::move(callback); }

    /// Finds out whether the disk hangs. To be called now and then.
    void check_disk() noexcept;
    /// How long to wait for it. Of a teller whose journal is open.
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
    journal::lane* lane_ = nullptr;  // none if nothing is kept
    ticket due_ = 0;                 // in this turn
    ticket latest_ = 0;
    std::uint64_t postings_ = 0;
    bool in_turn_ = false;  // and the lane knows
    bool was_full_ = false;
    ticket announced_ = 0;
    struct kept_key {
        key_store::id key;
        ticket until;
    };
    std::deque<kept_key> kept_keys_;  // not known to be durable; `until` grows
};

}  // namespace coffer
