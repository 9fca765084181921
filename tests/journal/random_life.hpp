// A ledger that does operations of all kinds, at random, and the journal's records of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

#include <coffer/ledger.hpp>

#include "catch.hpp"
#include "journal/record.hpp"

/// All kinds of operations on a ledger, at random, and the bytes of their records.
class random_life {
public:
    static constexpr coffer::account_number accounts = 6;

    explicit random_life(std::uint64_t seed) : random_{seed} {
        for (coffer::account_number number = 1; number <= accounts; ++number)
            keep(coffer::journal::record::of_opening(
                ledger.open(number, coffer::money::from_minor(100)).posting));
    }

    void step() {
        const coffer::account_number number = 1 + random_() % accounts;
        const coffer::money amount =
            coffer::money::from_minor(static_cast<std::int64_t>(1 + random_() % 40));
        switch (random_() % 8) {
            case 0:
                if (const auto made = ledger.deposit(number, amount))
                    keep(coffer::journal::record::of_deposit(made.posting, amount));
                return;
            case 1:
                if (const auto made = ledger.withdraw(number, amount))
                    keep(coffer::journal::record::of_withdrawal(made.posting, amount));
                return;
            case 2:
                if (const auto moved = ledger.transfer(number, number % accounts + 1, amount))
                    keep(coffer::journal::record::of_transfer(moved.from, moved.to, amount));
                return;
            case 3:
                return transact(number, amount);
            case 4:
                return change_status(number);
            case 5:
                if (const auto made = ledger.place_hold(number, amount, 5))
                    note(coffer::journal::hold_operation::placing, made, amount);
                return;
            default:
                return change_hold();
        }
    }

    coffer::ledger ledger;
    std::vector<std::vector<std::byte>> records;

private:
    void transact(coffer::account_number number, coffer::money amount) {
        const coffer::leg legs[]{{number, coffer::money::from_minor(-2 * amount.minor())},
                                 {number % accounts + 1, amount},
                                 {(number + 1) % accounts + 1, amount}};
        const auto made = ledger.transact(legs);
        if (!made)
            return;
        std::vector<coffer::journal::posted_leg> posted;
        for (std::size_t i = 0; i != made.count; ++i)
            posted.push_back({made.postings[i], legs[i].amount});
        keep(coffer::journal::record::of_transaction(posted));
    }
    void change_status(coffer::account_number number) {
        const auto now = ledger.look(number).account;
        const auto made = now.status == coffer::account_status::closed ? ledger.reopen(number)
                                                                       : ledger.close(number);
        if (made)
            keep(coffer::journal::record::of_status(made.account));
    }
    void change_hold() {
        if (open_.empty())
            return;
        const std::size_t which = random_() % open_.size();
        const coffer::hold one = ledger.find_hold(open_[which].account, open_[which].id).hold;
        coffer::hold_outcome made{};
        auto what = coffer::journal::hold_operation::capture;
        coffer::money amount = one.remaining;
        if (random_() % 2 == 0) {
            amount = coffer::money::from_minor(1 + static_cast<std::int64_t>(random_() % 40) %
                                                       one.remaining.minor());
            const coffer::account_number payee =
                random_() % 2 == 0 ? 0 : one.account % accounts + 1;
            made = ledger.capture(one.account, one.id, {amount, random_() % 3 == 0, payee});
        } else {
            const bool expires = random_() % 2 == 0;
            what = expires ? coffer::journal::hold_operation::expiry
                           : coffer::journal::hold_operation::release;
            made = ledger.release(
                one.account, one.id,
                expires ? coffer::hold_status::expired : coffer::hold_status::released);
        }
        if (!made)
            return;
        note(what, made, amount);
        if (made.hold.status == coffer::hold_status::held)
            return;
        open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(which));
        if (random_() % 2 == 0)
            REQUIRE(ledger.forget_hold(one.account, one.id));
    }
    void note(coffer::journal::hold_operation what, const coffer::hold_outcome& made,
              coffer::money amount) {
        if (what == coffer::journal::hold_operation::placing)
            open_.push_back(made.hold);
        keep(coffer::journal::record::of_hold(what, made, amount));
    }
    void keep(const coffer::journal::record& one) {
        std::vector<std::byte> bytes(coffer::journal::format::record::max_bytes);
        bytes.resize(coffer::journal::encode(one, bytes));
        REQUIRE(coffer::journal::decode(bytes));
        records.push_back(std::move(bytes));
    }

    std::mt19937_64 random_;
    std::vector<coffer::hold> open_;
};
