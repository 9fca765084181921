// A hold: a part of an account's balance that is set aside, to be captured or released later.
#pragma once

#include <cstdint>
#include <optional>

#include <coffer/account_number.hpp>
#include <coffer/money.hpp>
#include <coffer/posting.hpp>

#include <coffer/detail/macros_push.inc>

namespace coffer {

/// Names a hold among all that its account ever had: the account's sequence when it was placed, and
/// the slot of the table that it is in. An account's sequence never comes back, so an id that is
/// stale never names another hold.
struct hold_id {
    std::uint64_t sequence = 0;
    std::uint32_t slot = 0;

    friend bool operator==(const hold_id&, const hold_id&) noexcept = default;
};

enum class hold_status : std::uint8_t { held, captured, released, expired };

struct hold {
    account_number account = 0;
    hold_id id{};
    money amount{};     ///< when it was placed
    money captured{};   ///< the sum of what was captured so far
    money remaining{};  ///< what is still held; zero once it has ended
    hold_status status = hold_status::held;
    /// When it ends, as the ledger's user counts time; 0: never. The ledger only keeps it.
    std::int64_t expires_at_ns = 0;
};

/// The account's posting that changed a hold, with the hold after it; or why nothing changed.
struct hold_outcome {
    errc error;
    coffer::posting posting;
    coffer::hold hold{};
    coffer::posting payee{};  ///< of a capture to another account only
    /// The account that a refusal is about.
    account_number culprit = 0;
    explicit operator bool() const noexcept { return error == errc::ok; }
};

/// What a capture takes.
struct capture_request {
    std::optional<money> amount{};  ///< nothing: all that is left
    bool is_final = false;          ///< the rest is released
    account_number payee = 0;       ///< 0: nobody, the money leaves the ledger
};

}  // namespace coffer

#include <coffer/detail/macros_pop.inc>
