// How a teller performs an operation once for each idempotency key: look the key up, reserve room
// for the record, do it, put it on record, keep the outcome. Included by the teller's sources only.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <string_view>

#include "engine/engine.hpp"
#include "engine/key_store.hpp"
#include "engine/request_key.hpp"
#include "engine/teller.hpp"
#include "ops/assertion.hpp"

namespace coffer {
namespace once {

/// Whether the ledger decided this by its accounts and holds, so that the outcome is kept with the
/// request's key. Others are not kept: a wrong amount is refused again anyway, and an account that
/// does not exist may exist later.
[[nodiscard]] constexpr bool is_decided(errc error) noexcept {
    switch (error) {
        case errc::ok:
        case errc::already_open:
        case errc::insufficient_funds:
        case errc::balance_overflow:
        case errc::account_closed:
        case errc::account_not_empty:
        case errc::account_not_closed:
        case errc::hold_ended:
        case errc::hold_exceeded:
            return true;
        case errc::no_such_account:
        case errc::invalid_amount:
        case errc::ledger_full:
        case errc::sequence_exhausted:
        case errc::same_account:
        case errc::unbalanced:
        case errc::too_few_legs:
        case errc::too_many_legs:
        case errc::no_such_hold:
        case errc::sequence_mismatch:
            return false;
    }
    return false;
}

[[nodiscard]] inline errc error_of(const journal::record& made) noexcept {
    return made.kind == journal::record_kind::refusal ? made.error : errc::ok;
}

/// Whether a refusal is about one account among several, where a request has several.
[[nodiscard]] constexpr bool is_about_account(errc error) noexcept {
    return error == errc::insufficient_funds || error == errc::balance_overflow ||
           error == errc::account_closed;
}

/// Why a request is not done whose key was found so.
[[nodiscard]] constexpr service service_of(key_store::verdict found) noexcept {
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

template <class Result>
[[nodiscard]] Result refused_as(service why) noexcept {
    Result result{};
    result.service = why;
    return result;
}

/// The result of an earlier request to this account, from what was kept of it.
template <class Result>
[[nodiscard]] Result repeated(account_number account, const kept_outcome& kept) noexcept {
    Result result{};
    if (kept.record.empty()) {
        const posting shown{account, kept.sequence, kept.balance};
        result = result_of<Result>(kept.error == errc::ok
                                       ? journal::record::of_deposit(shown, {})
                                       : journal::record::of_refusal(kept.error, shown, {}));
    } else {
        const journal::decoded_record decoded = journal::decode(kept.record);
        invariant(static_cast<bool>(decoded), "what is kept with a key is no record");
        result = result_of<Result>(decoded.value);
    }
    result.replayed = true;
    return result;
}

[[nodiscard]] inline journal::record refusal(errc why, const posting& decided_by) noexcept {
    return journal::record::of_refusal(why, decided_by, {});
}

/// As a request's words have it: see fingerprint_of.
[[nodiscard]] constexpr std::uint64_t word(money amount) noexcept {
    return static_cast<std::uint64_t>(amount.minor());
}

[[nodiscard]] constexpr std::uint64_t word(request_kind kind) noexcept {
    return static_cast<std::uint64_t>(kind);
}

// The most that a record takes without its key, and so does the refusal in its place.
inline constexpr std::size_t state_bytes =
    journal::format::record::state_bytes(journal::format::record::version_with_held);
inline constexpr std::size_t account_record_bytes =
    journal::format::record::header_bytes + state_bytes + journal::format::record::amount_bytes;
inline constexpr std::size_t transfer_record_bytes = account_record_bytes + state_bytes;
inline constexpr std::size_t hold_record_bytes =
    account_record_bytes + journal::format::record::hold_bytes;
[[nodiscard]] constexpr std::size_t transaction_record_bytes(std::size_t legs) noexcept {
    return journal::format::record::header_bytes +
           std::max<std::size_t>(legs, 2) * (state_bytes + journal::format::record::amount_bytes);
}

}  // namespace once

struct teller::request {
    std::string_view key;
    /// A key is kept only if this account exists; 0: in any case.
    account_number account;
    std::span<const std::uint64_t> words;  ///< see fingerprint_of
    /// The most that is kept of its record or refusal; 0: see kept_outcome.
    std::size_t record_bytes;
    std::size_t records = 1;      ///< that it makes at most
    bool names_accounts = false;  ///< its reply names the account that a refusal is about
};

template <class Result, class Operation>
Result teller::perform(const request& asked, const Operation& operation) noexcept {
    if (!engine_.takes_postings())
        return once::refused_as<Result>(service::not_open);
    if (!asked.key.empty())
        return perform_once<Result>(asked, operation);
    if (const service refused = reserve(asked.records); refused != service::done)
        return once::refused_as<Result>(refused);
    journal::record made = operation();
    results_.count(asked.words[0], once::error_of(made));
    made.actor = actor_;
    put_on_record(made);
    return result_of<Result>(made);
}

template <class Result, class Operation>
Result teller::perform_once(const request& asked, const Operation& operation) noexcept {
    // No key is kept for an account that does not exist: such requests could fill the store.
    if (asked.account != 0 && !engine_.ledger().balance(asked.account)) {
        results_.count(asked.words[0], errc::no_such_account);
        return result_of<Result>(once::refusal(errc::no_such_account, {asked.account, 0, {}}));
    }
    const journal::request_key key{asked.key, fingerprint_of(asked.words)};
    // In memory only, the reply to a question about the key is made from what is kept.
    const std::size_t record_bytes = lane_ == nullptr && asked.record_bytes == 0
                                         ? once::account_record_bytes
                                         : asked.record_bytes;
    const auto owner = key_owner();
    if (!owner)
        return once::refused_as<Result>(service::keys_full);
    key_store::reservation reserved = engine_.keys().reserve(key, record_bytes, *owner);
    if (reserved.verdict() == key_store::verdict::done) {
        results_.count_replayed(asked.words[0]);
        return once::repeated<Result>(asked.account, reserved.outcome());
    }
    if (reserved.verdict() != key_store::verdict::fresh)
        return once::refused_as<Result>(once::service_of(reserved.verdict()));
    if (const service refused = reserve(asked.records); refused != service::done)
        return once::refused_as<Result>(refused);
    if (kept_keys_.size() >= journal::lane::max_numbers)
        note_durable_keys();
    if (kept_keys_.size() >= journal::lane::max_numbers) {
        was_full_ = true;
        return once::refused_as<Result>(service::lane_full);
    }
    // Before the posting: a key that is never noted as durable would never expire.
    try {
        kept_keys_.push_back({reserved.key(), 0});
    } catch (const std::bad_alloc&) {
        return once::refused_as<Result>(service::keys_full);
    }
    journal::record made = operation();
    results_.count(asked.words[0], once::error_of(made));
    made.key = key;
    made.actor = actor_;
    made.names_account = asked.names_accounts && once::is_about_account(once::error_of(made));
    put_on_record(made);
    kept_keys_.back().until = due_;
    const errc error = once::error_of(made);
    if (once::is_decided(error)) {
        std::array<std::byte, journal::format::record::max_bytes_without_key> bytes;
        kept_outcome kept{error, error == errc::ok ? made.state.balance : made.state.available(),
                          made.state.sequence};
        if (record_bytes != 0)
            kept.record = std::span{bytes}.first(journal::encode_without_key(made, bytes));
        reserved.keep(kept, lane_, due_);
    }
    if (!once::is_decided(error) || lane_ == nullptr)
        kept_keys_.pop_back();
    return result_of<Result>(made);
}

}  // namespace coffer
