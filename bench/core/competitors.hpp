// The ledger and its competitors, all with the same interface.
//
// The constructor opens accounts numbered from 1, each with more money than a benchmark can
// withdraw, and reserves memory for all of them. All return the same results as the ledger, so that
// all do the same work.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <new>
#include <shared_mutex>
#include <span>
#include <stdexcept>
#include <string_view>
#include <unordered_map>

#include <tbb/concurrent_hash_map.h>

#include <coffer/ledger.hpp>

namespace coffer::bench {

inline constexpr money opening_balance = money::from_minor(1'000'000'000'000'000);

template <class Type>
concept competitor = std::constructible_from<Type, std::size_t> &&
    requires(Type one, account_number number, money amount) {
    { Type::name } -> std::convertible_to<std::string_view>;
    { one.withdraw(number, amount) } -> std::same_as<outcome>;
    { one.balance(number) } -> std::same_as<outcome>;
};

template <class Type>
concept transferring = competitor<Type> && requires(Type one, account_number number, money amount) {
    { one.transfer(number, number, amount) } -> std::same_as<bool>;
};

template <class Type>
concept batching = competitor<Type> &&
    requires(Type one, std::span<const operation> operations, std::span<outcome> outcomes) {
    one.apply(operations, outcomes);
};

template <class Type>
concept cutting = competitor<Type> && requires(Type one) {
    { one.cut() } -> std::same_as<cut_summary>;
};

template <class Type>
concept holding = competitor<Type> && requires(Type one, account_number number, money amount) {
    { one.hold_and_capture(number, amount) } -> std::same_as<hold_id>;
    { one.split(number, number, number, amount) } -> std::same_as<bool>;
};

class the_ledger {
public:
    static constexpr std::string_view name = "ledger";

    explicit the_ledger(std::size_t accounts) : ledger_{{0, accounts}} {
        for (account_number number = 1; number <= accounts; ++number)
            if (!ledger_.open(number, opening_balance))
                throw std::bad_alloc{};
    }
    outcome withdraw(account_number number, money amount) noexcept {
        return ledger_.withdraw(number, amount);
    }
    outcome balance(account_number number) const noexcept { return ledger_.balance(number); }
    bool transfer(account_number from, account_number to, money amount) noexcept {
        return static_cast<bool>(ledger_.transfer(from, to, amount));
    }
    /// Places a hold and captures it. Returns its id; one of sequence 0 if it did not succeed.
    hold_id hold_and_capture(account_number number, money amount) noexcept {
        const hold_id id = ledger_.place_hold(number, amount).hold.id;
        return ledger_.capture(number, id) ? id : hold_id{};
    }
    void forget_hold(account_number number, hold_id id) noexcept {
        ledger_.forget_hold(number, id);
    }
    /// Pays `amount` to each of two accounts.
    bool split(account_number from, account_number to, account_number other,
               money amount) noexcept {
        const std::array<leg, 3> legs{
            {{from, money::from_minor(-2 * amount.minor())}, {to, amount}, {other, amount}}};
        return static_cast<bool>(ledger_.transact(legs));
    }
    void apply(std::span<const operation> operations, std::span<outcome> outcomes) noexcept {
        ledger_.apply(operations, outcomes);
    }
    cut_summary cut() {
        return ledger_.cut([](const posting&) noexcept {});
    }

private:
    ledger ledger_;
};

/// An account that a lock protects.
struct record {
    money balance = opening_balance;
    std::uint64_t sequence = 1;

    [[nodiscard]] outcome read(account_number number) const noexcept {
        return {errc::ok, {number, sequence, balance}};
    }
    [[nodiscard]] outcome take(account_number number, money amount) noexcept {
        if (amount <= money{})
            return {errc::invalid_amount, {number, sequence, balance}};
        if (balance < amount)
            return {errc::insufficient_funds, {number, sequence, balance}};
        post(money::from_minor(balance.minor() - amount.minor()));
        return read(number);
    }
    void post(money after) noexcept {
        balance = after;
        ++sequence;
    }
};

[[nodiscard]] inline outcome no_such(account_number number) noexcept {
    return {errc::no_such_account, {number, 0, {}}};
}

[[nodiscard]] inline bool move(record& from, record& to, money amount) noexcept {
    std::int64_t sum_minor = 0;
    if (amount <= money{} || from.balance < amount ||
        __builtin_add_overflow(to.balance.minor(), amount.minor(), &sum_minor))
        return false;
    from.post(money::from_minor(from.balance.minor() - amount.minor()));
    to.post(money::from_minor(sum_minor));
    return true;
}

/// The concurrent map of oneTBB: a lock for each bucket, and one for each element.
class tbb_map {
public:
    static constexpr std::string_view name = "tbb";

    explicit tbb_map(std::size_t accounts) : map_{accounts} {
        for (account_number number = 1; number <= accounts; ++number)
            map_.emplace(number, record{});
    }
    outcome withdraw(account_number number, money amount) {
        map::accessor held;
        return map_.find(held, number) ? held->second.take(number, amount) : no_such(number);
    }
    outcome balance(account_number number) const {
        map::const_accessor held;
        return map_.find(held, number) ? held->second.read(number) : no_such(number);
    }
    bool transfer(account_number from, account_number to, money amount) {
        map::accessor lower;
        map::accessor higher;
        if (from == to || !map_.find(lower, from < to ? from : to) ||
            !map_.find(higher, from < to ? to : from))
            return false;
        return from < to ? move(lower->second, higher->second, amount)
                         : move(higher->second, lower->second, amount);
    }

private:
    using map = tbb::concurrent_hash_map<account_number, record>;
    map map_;
};

/// 256 standard maps, each with a mutex.
class sharded_map {
public:
    static constexpr std::string_view name = "sharded";

    explicit sharded_map(std::size_t accounts) {
        for (shard& one : shards_)
            one.map.reserve(accounts / shards_.size() + 1);
        for (account_number number = 1; number <= accounts; ++number)
            home(number).map.emplace(number, record{});
    }
    outcome withdraw(account_number number, money amount) {
        shard& one = home(number);
        const std::lock_guard held{one.mutex};
        const auto found = one.map.find(number);
        return found != one.map.end() ? found->second.take(number, amount) : no_such(number);
    }
    outcome balance(account_number number) {
        shard& one = home(number);
        const std::lock_guard held{one.mutex};
        const auto found = one.map.find(number);
        return found != one.map.end() ? found->second.read(number) : no_such(number);
    }
    bool transfer(account_number from, account_number to, money amount) {
        shard& payer = home(from);
        shard& payee = home(to);
        std::unique_lock first{std::less<>{}(&payer, &payee) ? payer.mutex : payee.mutex};
        std::unique_lock second{std::less<>{}(&payer, &payee) ? payee.mutex : payer.mutex,
                                std::defer_lock};
        if (&payer != &payee)
            second.lock();
        const auto out = payer.map.find(from);
        const auto in = payee.map.find(to);
        return from != to && out != payer.map.end() && in != payee.map.end() &&
               move(out->second, in->second, amount);
    }

private:
    struct alignas(64) shard {
        std::mutex mutex;
        std::unordered_map<account_number, record> map;
    };

    [[nodiscard]] shard& home(account_number number) noexcept {
        return shards_[number * 0x9e3779b97f4a7c15U >> 56];  // the high bits, Fibonacci hashing
    }

    std::array<shard, 256> shards_;
};

/// One standard map under a shared_mutex, with a mutex for each account.
class shared_map {
public:
    static constexpr std::string_view name = "shared";

    explicit shared_map(std::size_t accounts) {
        map_.reserve(accounts);
        for (account_number number = 1; number <= accounts; ++number)
            map_.try_emplace(number);
    }
    outcome withdraw(account_number number, money amount) {
        const std::shared_lock shared{mutex_};
        const auto found = map_.find(number);
        if (found == map_.end())
            return no_such(number);
        const std::lock_guard held{found->second.mutex};
        return found->second.what.take(number, amount);
    }
    outcome balance(account_number number) {
        const std::shared_lock shared{mutex_};
        const auto found = map_.find(number);
        if (found == map_.end())
            return no_such(number);
        const std::lock_guard held{found->second.mutex};
        return found->second.what.read(number);
    }
    bool transfer(account_number from, account_number to, money amount) {
        const std::shared_lock shared{mutex_};
        const auto out = map_.find(from);
        const auto in = map_.find(to);
        if (from == to || out == map_.end() || in == map_.end())
            return false;
        const std::lock_guard lower{from < to ? out->second.mutex : in->second.mutex};
        const std::lock_guard higher{from < to ? in->second.mutex : out->second.mutex};
        return move(out->second.what, in->second.what, amount);
    }

private:
    struct locked {
        std::mutex mutex;
        record what;
    };

    std::shared_mutex mutex_;
    std::unordered_map<account_number, locked> map_;
};

/// The limit of a ledger with 16-byte states that does not prefetch: a load and a compare-and-swap
/// at a known place, over as much memory as the ledger's accounts take.
class bare_limit {
public:
    static constexpr std::string_view name = "limit";

    explicit bare_limit(std::size_t accounts) : cells_{accounts} {
        if (cells_.begin() == nullptr)
            throw std::bad_alloc{};
        for (std::size_t i = 0; i != accounts; ++i)
            cells_.begin()[i].word = {static_cast<std::uint64_t>(opening_balance.minor()), 1};
    }
    outcome withdraw(account_number number, money amount) noexcept {
        detail::double_word& word = cells_.begin()[number - 1].word;
        for (;;) {
            const detail::double_word found{detail::load_acquire(word.first),
                                            detail::load_acquire(word.second)};
            const detail::double_word next{found.first - static_cast<std::uint64_t>(amount.minor()),
                                           found.second + 1};
            if (detail::compare_and_swap(word, found, next))
                return outcome_of(number, next);
        }
    }
    outcome balance(account_number number) const noexcept {
        const detail::double_word& word = cells_.begin()[number - 1].word;
        return outcome_of(number,
                          {detail::load_acquire(word.first), detail::load_acquire(word.second)});
    }
    void apply(std::span<const operation> operations, std::span<outcome> outcomes) noexcept {
        constexpr std::size_t ahead = 16;
        for (std::size_t i = 0; i != operations.size(); ++i) {
            if (i + ahead < operations.size())
                __builtin_prefetch(&cells_.begin()[operations[i + ahead].account - 1], 1, 3);
            outcomes[i] = withdraw(operations[i].account, operations[i].amount);
        }
    }

private:
    struct alignas(64) cell {
        detail::double_word word;
    };
    static_assert(std::is_trivially_default_constructible_v<cell>);

    [[nodiscard]] static outcome outcome_of(account_number number,
                                            detail::double_word word) noexcept {
        return {errc::ok,
                {number, word.second, money::from_minor(static_cast<std::int64_t>(word.first))}};
    }

    detail::zeroed_array<cell> cells_;  // which asks for huge pages
};

}  // namespace coffer::bench
