// A record: the outcome of one request, as it is in the journal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <coffer/hold.hpp>
#include <coffer/money.hpp>
#include <coffer/posting.hpp>

#include "journal/format.hpp"

namespace coffer::journal {

enum class record_kind : std::uint8_t {
    posting = 1,
    transfer = 2,
    refusal = 3,
    transaction = 4,
    hold = 5,
    status = 6,
};

enum class posting_operation : std::uint8_t { opening = 1, deposit = 2, withdrawal = 3 };

enum class hold_operation : std::uint8_t { placing = 1, capture = 2, release = 3, expiry = 4 };

/// One account's part in a transaction.
struct posted_leg {
    posting state;   ///< the account after it
    money amount{};  ///< what its balance changed by
};

/// The legs of a transaction, which it does not own: in memory, or in the bytes of a record.
class leg_list {
public:
    leg_list() = default;
    explicit leg_list(std::span<const posted_leg> legs) noexcept
        : legs_{legs.data()}, size_{legs.size()} {}

    /// Of a transaction's record, whose bytes from its first leg on these are.
    leg_list(std::span<const std::byte> bytes, std::size_t size, std::uint8_t version) noexcept
        : bytes_{bytes}, size_{size}, version_{version} {}

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] posted_leg operator[](std::size_t index) const noexcept;

private:
    const posted_leg* legs_ = nullptr;
    std::span<const std::byte> bytes_{};
    std::size_t size_ = 0;
    std::uint8_t version_ = 0;
};

/// Tells requests with the same key apart: a hash of method, path and amount.
struct request_fingerprint {
    std::uint64_t first = 0;
    std::uint64_t second = 0;

    friend bool operator==(const request_fingerprint&,
                           const request_fingerprint&) noexcept = default;
};

/// The idempotency key that a client gave its request. An empty text: none.
struct request_key {
    std::string_view text;  ///< 1 .. 255 printable ASCII characters, ` ` to `~`; not owned
    request_fingerprint fingerprint;
};

struct record {
    record_kind kind = record_kind::posting;
    posting_operation operation = posting_operation::opening;  ///< of a posting only
    hold_operation holding = hold_operation::placing;          ///< of kind hold only
    account_status status = account_status::open;              ///< of kind status: the new one
    errc error = errc::ok;                                     ///< of a refusal only
    /// Of a refusal: the request was about several accounts, so its reply names this one.
    bool names_account = false;
    /// The account after it; of a transfer the payer, of a transaction the first leg's. Of a
    /// refusal the state that it was decided by, with sequence 0 if there was no such account.
    coffer::posting state{};
    coffer::posting payee{};  ///< of a transfer, and a capture to another account: after it
    /// What a posting changed the balance by, below zero in a withdrawal; what a transfer moved;
    /// what was placed on hold, captured, released or expired.
    money amount{};
    /// Of kind hold: after it. Of a refusal as hold_ended: its status is that of the hold.
    coffer::hold hold{};
    leg_list legs{};  ///< of a transaction only
    request_key key{};
    /// The name of the token whose request made it, 1 .. 64 characters (is_actor_name); empty:
    /// none, as of expiries and of servers without tokens. Not owned.
    std::string_view actor{};

    [[nodiscard]] static record of_opening(const coffer::posting& made, request_key key = {});
    [[nodiscard]] static record of_deposit(const coffer::posting& made, money amount,
                                           request_key key = {});
    /// `amount` is what was withdrawn, above zero.
    [[nodiscard]] static record of_withdrawal(const coffer::posting& made, money amount,
                                              request_key key = {});
    [[nodiscard]] static record of_transfer(const coffer::posting& payer,
                                            const coffer::posting& payee, money amount,
                                            request_key key = {});
    [[nodiscard]] static record of_refusal(errc why, const coffer::posting& decided_by,
                                           request_key key);
    /// A refusal as hold_ended. `how` is not held.
    [[nodiscard]] static record of_hold_ended(hold_status how, const coffer::posting& decided_by,
                                              request_key key);
    /// The legs are not copied.
    [[nodiscard]] static record of_transaction(std::span<const posted_leg> legs,
                                               request_key key = {});
    [[nodiscard]] static record of_hold(hold_operation what, const hold_outcome& made, money amount,
                                        request_key key = {});
    /// A closing or a reopening.
    [[nodiscard]] static record of_status(const account_view& made, request_key key = {});
};

/// Whether the text may be a request's key.
[[nodiscard]] bool is_request_key(std::string_view text) noexcept;

/// Whether the text may be a token's name: 1 to 64 letters, digits, `.`, `_`, `-` and `@`, the
/// first of them a letter or a digit.
[[nodiscard]] bool is_actor_name(std::string_view text) noexcept;

/// Calls `visitor(posting)` with each posting that the record made, in its order: none of a
/// refusal, several of a transfer, a transaction and a capture to another account.
template <class Visitor>
void visit_postings(const record& one, Visitor&& visitor) {
    if (one.kind == record_kind::refusal)
        return;
    if (one.kind == record_kind::transaction) {
        for (std::size_t i = 0; i != one.legs.size(); ++i)
            visitor(one.legs[i].state);
        return;
    }
    visitor(one.state);
    if (one.payee.account != 0)
        visitor(one.payee);
}

/// How many bytes `encode` writes: at most format::record::max_bytes.
[[nodiscard]] std::size_t encoded_bytes(const record& one) noexcept;

/// Writes the record to `into`, which has room for it. Its key, if any, is a request key, and its
/// actor, if any, an actor's name. Returns how many bytes it wrote. Throws nothing and allocates
/// nothing.
std::size_t encode(const record& one, std::span<std::byte> into) noexcept;

/// As encode, but without the key and the actor: what is kept of an outcome, beside its key, so
/// that a repeated request gets the same reply. At most format::record::max_bytes_without_key; see
/// decode.
std::size_t encode_without_key(const record& one, std::span<std::byte> into) noexcept;
[[nodiscard]] std::size_t encoded_bytes_without_key(const record& one) noexcept;

/// What is wrong with bytes that are no record.
enum class record_error : std::uint8_t {
    none,
    size,             ///< not that of its kind, or beyond the end
    unknown_kind,     ///< of a newer program, perhaps
    newer_version,    ///< of a known kind
    unknown_detail,   ///< an operation or error of no known number
    malformed_key,    ///< a character that no key has
    malformed_actor,  ///< no name, or one that no token has
    padding,          ///< not zero
    contradiction,    ///< see record_checks.hpp
};

struct decoded_record {
    record value;           ///< its key, actor and legs refer to the bytes it was decoded from
    std::size_t bytes = 0;  ///< how many it took
    record_error error = record_error::none;
    std::uint8_t culprit = 0;  ///< the kind, version or detail that is not known
    explicit operator bool() const noexcept { return error == record_error::none; }
};

/// Reads the record that `bytes` begin with. All of it is checked.
[[nodiscard]] decoded_record decode(std::span<const std::byte> bytes) noexcept;

/// "record of kind 9, which this version of coffer does not know" and the like.
[[nodiscard]] std::string describe(const decoded_record& refused);

}  // namespace coffer::journal
