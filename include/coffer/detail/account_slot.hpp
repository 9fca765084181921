// An account's place in the table, and the words beside it that few postings need.
#pragma once

#include <cstddef>

#include <coffer/account.hpp>
#include <coffer/detail/state_cell.hpp>

#include <coffer/detail/macros_push.inc>

namespace coffer::detail {

/// A state word, and the word in which its state before a cut is saved.
struct cut_cell {
    state_cell& state;
    double_word& before;
};

/// Adjacent accounts, and in arrays of their own, which become resident when they are used: the
/// accounts' `before` words, their held totals (the sums of what their holds hold), and the
/// `before` words of those.
struct account_arrays {
    coffer::account* accounts = nullptr;
    double_word* before = nullptr;
    state_cell* held = nullptr;
    double_word* held_before = nullptr;
};

/// An account, and how to find the words beside it.
struct account_slot {
    coffer::account* account = nullptr;
    const account_arrays* arrays = nullptr;

    explicit operator bool() const noexcept { return account != nullptr; }
    [[nodiscard]] std::size_t index() const noexcept {
        return static_cast<std::size_t>(account - arrays->accounts);
    }
    [[nodiscard]] cut_cell state() const noexcept {
        return {account->state(), arrays->before[index()]};
    }
    [[nodiscard]] cut_cell held() const noexcept {
        return {arrays->held[index()], arrays->held_before[index()]};
    }
};

}  // namespace coffer::detail

#include <coffer/detail/macros_pop.inc>
