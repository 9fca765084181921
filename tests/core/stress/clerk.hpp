// What a thread of the stress test does to the ledger, and how its answers are recorded.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "core/stress/steps.hpp"

#include <coffer/ledger.hpp>

#include "core/stress/history.hpp"

namespace coffer::stress {

using coffer::errc;
using coffer::ledger;
using coffer::money;
using coffer::outcome;
using coffer::posting;

/// A hold, by the index of its account.
struct hold_handle {
    std::size_t account;
    coffer::hold_id id;
};

/// The holds that all threads know of: some of those placed last, open or not.
class known_holds {
public:
    void add(const hold_handle& one) {
        // Relaxed: only a number, which says what to ask the ledger for.
        places_[next_random() % places_.size()].store(
            one.id.sequence << 32 | static_cast<std::uint64_t>(one.id.slot) << 12 | one.account,
            std::memory_order_relaxed);
    }
    [[nodiscard]] std::optional<hold_handle> any() const {
        const std::uint64_t one =
            places_[next_random() % places_.size()].load(std::memory_order_relaxed);
        if (one == 0)
            return std::nullopt;
        return hold_handle{one & 0xFFF,
                           {one >> 32, static_cast<std::uint32_t>(one >> 12 & 0xF'FFFF)}};
    }

private:
    std::array<std::atomic<std::uint64_t>, 8> places_{};
};

/// What the threads of a round share.
struct books {
    explicit books(std::size_t all, std::size_t all_operations)
        : accounts{all}, operations{all_operations} {}

    std::size_t accounts;
    std::size_t operations;  ///< of all threads together
    std::size_t open_at_first = 0;
    coffer::ledger ledger{{1, 0}};
    known_holds holds{};
    std::atomic<std::size_t> opened{0};  ///< the accounts before this index
};

inline constexpr std::int64_t opening_minor = 1000;

class clerk {
public:
    clerk(books& all, history& mine) : books_{all}, ledger_{all.ledger}, mine_{mine} {}

    void operate() {
        if (is_time_to_open())
            return open_next();
        const std::size_t account = any_account();
        const std::int64_t amount_minor = 1 + next_random() % 300;
        switch (next_random() % 16) {
            case 0:
            case 1:
                return change(account, amount_minor, &ledger::deposit, amount_minor);
            case 2:
            case 3:
                return change(account, amount_minor, &ledger::withdraw, -amount_minor);
            case 4:
                return read(account);
            case 5:
            case 6:
            case 7:
                return transfer(account, amount_minor);
            case 8:
            case 9:
                return transact(account, amount_minor);
            case 10:
            case 11:
                return place(account, amount_minor);
            case 12:
                return end_hold(next_random() % 2 == 0 ? coffer::hold_status::released
                                                       : coffer::hold_status::expired);
            case 13:
                return capture(1 + amount_minor / 4);
            case 14:
                return next_random() % 4 == 0 ? close_and_reopen(account) : find_hold();
            default:
                return forget();
        }
    }

    /// Opens the next account, as others may at the same time; once all are open, the last again.
    void open_next() {
        const std::size_t account = std::min(books_.opened.load(), books_.accounts - 1);
        const moment invoked = now();
        const outcome opened = ledger_.open(number(account), money::from_minor(opening_minor));
        const interval when{invoked, now()};
        if (!opened)
            return note_seen(when, opened.posting);
        note(when, opened.posting, opening_minor, 0, posting_kind::opening);
        books_.opened = account + 1;
    }

    static coffer::account_number number(std::size_t index) { return 10'001 + index; }
    static std::size_t index(coffer::account_number number) { return number - 10'001; }
    static sighting sight(const posting& state) {
        return {index(state.account), state.sequence, state.balance.minor(), state.held.minor()};
    }
    static hold_state sight(const coffer::hold& one, std::uint64_t sequence) {
        return {{index(one.account), one.id.sequence},
                sequence,
                one.remaining.minor(),
                one.captured.minor(),
                static_cast<std::uint8_t>(one.status)};
    }

private:
    using operation = outcome (ledger::*)(coffer::account_number, money,
                                          coffer::if_sequence) noexcept;

    /// Two accounts that are not open yet are among those tried.
    [[nodiscard]] std::size_t any_account() const {
        return next_random() % std::min(books_.opened + 2, books_.accounts);
    }
    [[nodiscard]] std::size_t any_account_but(std::size_t account) const {
        const std::size_t other = any_account();
        return other != account ? other : (account + 1) % books_.accounts;
    }
    /// Evenly over the round, but twice as often as there are accounts to open.
    [[nodiscard]] bool is_time_to_open() const {
        const std::size_t tries = 2 * (books_.accounts - books_.open_at_first);
        return next_random() % books_.operations < tries;
    }

    void note(interval when, const posting& after, std::int64_t gain_minor,
              std::int64_t held_gain_minor = 0, posting_kind kind = posting_kind::change) {
        mine_.postings.push_back({when, sight(after), gain_minor, kind, held_gain_minor});
    }
    void note_seen(interval when, const posting& state,
                   std::optional<bool> is_closed = std::nullopt) {
        mine_.reads.push_back({when, sight(state), is_closed});
    }
    void note_refused(interval when, errc error, const posting& state) {
        note_seen(when, state, error == errc::account_closed ? std::optional{true} : std::nullopt);
    }

    void change(std::size_t account, std::int64_t amount_minor, operation which,
                std::int64_t gain_minor) {
        const moment invoked = now();
        const outcome done = (ledger_.*which)(number(account), money::from_minor(amount_minor), {});
        const interval when{invoked, now()};
        if (done)
            note(when, done.posting, gain_minor);
        else
            note_refused(when, done.error, done.posting);
    }

    void read(std::size_t account) {
        const moment invoked = now();
        const auto found = ledger_.look(number(account));
        note_seen({invoked, now()}, found.account,
                  found ? std::optional{found.account.status == coffer::account_status::closed}
                        : std::nullopt);
    }

    void transfer(std::size_t from, std::int64_t amount_minor) {
        const std::size_t to = any_account_but(from);
        const moment invoked = now();
        const auto done =
            ledger_.transfer(number(from), number(to), money::from_minor(amount_minor));
        const interval when{invoked, now()};
        if (done.error == errc::no_such_account && done.from.sequence == done.to.sequence)
            return mine_.denials.push_back({when, from, to});
        if (!done) {
            note_seen(when, done.from);
            return note_seen(when, done.to);
        }
        note(when, done.from, -amount_minor);
        note(when, done.to, amount_minor);
        mine_.transfers.push_back({{sight(done.from), sight(done.to)}});
    }

    /// Takes the amount from one account and gives it to up to three others, in any order.
    void transact(std::size_t payer, std::int64_t amount_minor) {
        std::vector<coffer::leg> legs{{number(payer), money::from_minor(-amount_minor)}};
        const std::size_t payees = 2 + next_random() % 2;
        for (std::size_t i = 0; i != payees && amount_minor != 0; ++i) {
            const std::int64_t part_minor = i + 1 == payees ? amount_minor : amount_minor / 2;
            const coffer::leg one{number(any_account_but(payer)), money::from_minor(part_minor)};
            const bool is_new = std::none_of(legs.begin(), legs.end(), [&](const auto& other) {
                return other.account == one.account;
            });
            if (is_new && part_minor != 0)
                legs.push_back(one);
            else
                legs[0].amount = money::from_minor(legs[0].amount.minor() + part_minor);
            amount_minor -= part_minor;
        }
        std::swap(legs.front(), legs[next_random() % legs.size()]);
        const moment invoked = now();
        const auto done = ledger_.transact(legs);
        const interval when{invoked, now()};
        if (!done) {
            if (done.culprit < legs.size())
                note_refused(when, done.error, done.postings[done.culprit]);
            return;
        }
        linked together;
        for (std::size_t i = 0; i != legs.size(); ++i) {
            note(when, done.postings[i], legs[i].amount.minor());
            together.legs.push_back(sight(done.postings[i]));
        }
        mine_.transfers.push_back(std::move(together));
    }

    void place(std::size_t account, std::int64_t amount_minor) {
        const moment invoked = now();
        const auto placed = ledger_.place_hold(number(account), money::from_minor(amount_minor));
        const interval when{invoked, now()};
        if (!placed)
            return note_refused(when, placed.error, placed.posting);
        note(when, placed.posting, 0, amount_minor);
        mine_.hold_changes.push_back(sight(placed.hold, placed.posting.sequence));
        books_.holds.add({account, placed.hold.id});
    }

    /// Notes an answer about this hold. Returns whether it was changed.
    bool note_hold(interval when, const hold_handle& asked, const coffer::hold_outcome& answer) {
        const std::uint64_t sequence = answer.posting.sequence;
        hold_state state = sight(answer.hold, sequence);
        state.hold = {asked.account, asked.id.sequence};
        if (answer) {
            mine_.hold_changes.push_back(state);
            return true;
        }
        if (sequence != 0)
            note_seen(when, answer.posting);
        if (answer.error == errc::no_such_hold)
            mine_.hold_denials.push_back(state);
        else if (answer.error == errc::hold_ended || answer.error == errc::hold_exceeded)
            mine_.hold_reads.push_back(state);
        if (answer.error == errc::account_closed)
            note_seen(when, answer.payee, true);
        return false;
    }

    void end_hold(coffer::hold_status as) {
        const auto one = books_.holds.any();
        if (!one)
            return;
        const moment invoked = now();
        const auto done = ledger_.release(number(one->account), one->id, as);
        const interval when{invoked, now()};
        if (note_hold(when, *one, done))
            note(when, done.posting, 0, done.hold.captured.minor() - done.hold.amount.minor());
    }

    void capture(std::int64_t amount_minor) {
        const auto one = books_.holds.any();
        if (!one)
            return;
        const bool is_final = next_random() % 4 == 0;
        const std::size_t payee = any_account_but(one->account);
        const bool is_paid = next_random() % 2 == 0 && books_.accounts > 1;
        const moment invoked = now();
        const auto done = ledger_.capture(
            number(one->account), one->id,
            {money::from_minor(amount_minor), is_final, is_paid ? number(payee) : 0});
        const interval when{invoked, now()};
        if (!note_hold(when, *one, done))
            return;
        // Before, it had captured that much less, and the rest was held.
        const std::int64_t left_minor =
            done.hold.amount.minor() - (done.hold.captured.minor() - amount_minor);
        note(when, done.posting, -amount_minor, done.hold.remaining.minor() - left_minor);
        if (!is_paid)
            return;
        note(when, done.payee, amount_minor);
        mine_.transfers.push_back({{sight(done.posting), sight(done.payee)}});
    }

    void find_hold() {
        const auto one = books_.holds.any();
        if (!one)
            return;
        const moment invoked = now();
        const auto found = ledger_.find_hold(number(one->account), one->id);
        note_found({invoked, now()}, *one, found);
    }

    void note_found(interval when, const hold_handle& asked, const coffer::hold_outcome& found) {
        if (!found)
            return static_cast<void>(note_hold(when, asked, found));
        note_seen(when, found.posting);
        hold_state state = sight(found.hold, found.posting.sequence);
        state.hold = {asked.account, asked.id.sequence};
        mine_.hold_reads.push_back(state);
    }

    void forget() {
        if (const auto one = books_.holds.any())
            static_cast<void>(ledger_.forget_hold(number(one->account), one->id));
    }

    /// Closes the account if it is empty, having taken what is available; and reopens it.
    void close_and_reopen(std::size_t account) {
        const outcome found = ledger_.balance(number(account));
        if (found && found.posting.available().minor() > 0)
            change(account, found.posting.available().minor(), &ledger::withdraw,
                   -found.posting.available().minor());
        change_status(account, true);
        step();
        change_status(account, false);
    }

    void change_status(std::size_t account, bool closes) {
        const moment invoked = now();
        const auto done = closes ? ledger_.close(number(account)) : ledger_.reopen(number(account));
        const interval when{invoked, now()};
        if (done)
            return note(when, done.account, 0, 0,
                        closes ? posting_kind::closing : posting_kind::reopening);
        const bool is_closed = done.account.status == coffer::account_status::closed;
        note_seen(when, done.account,
                  done.error != errc::no_such_account ? std::optional{is_closed} : std::nullopt);
    }

    books& books_;
    coffer::ledger& ledger_;
    history& mine_;
};

}  // namespace coffer::stress
