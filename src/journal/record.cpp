#include "journal/record.hpp"

#include <algorithm>
#include <cassert>

#include <coffer/account.hpp>

#include "journal/little_endian.hpp"

namespace coffer::journal {

namespace at = format::record;

namespace {

// The numbers of errors in the journal are those of errc: they must not change.
static_assert(static_cast<int>(errc::ok) == 0 && static_cast<int>(errc::no_such_account) == 1 &&
              static_cast<int>(errc::already_open) == 2 &&
              static_cast<int>(errc::invalid_amount) == 3 &&
              static_cast<int>(errc::insufficient_funds) == 4 &&
              static_cast<int>(errc::balance_overflow) == 5 &&
              static_cast<int>(errc::same_account) == 6 &&
              static_cast<int>(errc::ledger_full) == 7);
constexpr auto last_error = static_cast<std::uint8_t>(errc::ledger_full);

constexpr std::size_t body_end(record_kind kind) noexcept {
    switch (kind) {
        case record_kind::posting:
            return at::posting_bytes;
        case record_kind::transfer:
            return at::transfer_bytes;
        case record_kind::refusal:
            return at::refusal_bytes;
        default:  // SKELETON
            break;
    }
    return 0;
}

constexpr std::size_t key_part_bytes(std::size_t key_bytes) noexcept {
    if (key_bytes == 0)
        return 0;
    return at::fingerprint_bytes +
           (key_bytes + format::unit_bytes - 1) / format::unit_bytes * format::unit_bytes;
}
static_assert(at::transfer_bytes + key_part_bytes(at::max_key_bytes) == at::max_bytes);

constexpr bool is_key_character(char c) noexcept {
    return c >= ' ' && c <= '~';
}

/// The oldest version of a record that may have this key.
std::uint8_t version_for(std::string_view key) noexcept {
    return key.find(' ') == key.npos ? at::version : at::version_with_spaces;
}

void put_state(std::span<std::byte> into, std::size_t offset, const posting& state) noexcept {
    put<std::uint64_t>(into, offset, state.account);
    put<std::uint64_t>(into, offset + 8, state.sequence);
    put<std::int64_t>(into, offset + 16, state.balance.minor());
}

posting get_state(std::span<const std::byte> from, std::size_t offset) noexcept {
    return {get<std::uint64_t>(from, offset), get<std::uint64_t>(from, offset + 8),
            money::from_minor(get<std::int64_t>(from, offset + 16))};
}

void put_key(std::span<std::byte> into, const request_key& key) noexcept {
    put<std::uint64_t>(into, 0, key.fingerprint.first);
    put<std::uint64_t>(into, 8, key.fingerprint.second);
    const auto text = std::as_bytes(std::span{key.text});
    const auto rest = std::ranges::copy(text, into.begin() + at::fingerprint_bytes).out;
    std::fill(rest, into.end(), std::byte{0});
}

/// Reads what follows the body (fingerprint and key). `from` is exactly that part.
record_error get_key(std::span<const std::byte> from, std::size_t key_bytes,
                     request_key& key) noexcept {
    if (key_bytes == 0)
        return record_error::none;
    key.fingerprint = {get<std::uint64_t>(from, 0), get<std::uint64_t>(from, 8)};
    const auto text = from.subspan(at::fingerprint_bytes, key_bytes);
    key.text = {reinterpret_cast<const char*>(text.data()), text.size()};
    if (!std::ranges::all_of(key.text, is_key_character))
        return record_error::malformed_key;
    return is_zero(from.subspan(at::fingerprint_bytes + key_bytes)) ? record_error::none
                                                                    : record_error::padding;
}

bool is_possible_state(const posting& state) noexcept {
    return state.account != 0 && state.sequence != 0 && state.sequence <= account::max_sequence &&
           state.balance >= money{};
}

/// Whether a posting's kind, amount and state are consistent.
bool is_possible_posting(const record& one) noexcept {
    if (!is_possible_state(one.state))
        return false;
    switch (one.operation) {
        case posting_operation::opening:
            return one.state.sequence == 1 && one.amount == one.state.balance;
        case posting_operation::deposit:
            return one.state.sequence > 1 && one.amount > money{} &&
                   one.amount <= one.state.balance;
        case posting_operation::withdrawal:
            return one.state.sequence > 1 && one.amount < money{} &&
                   one.amount != money::from_minor(INT64_MIN);
    }
    return false;
}

bool is_possible_transfer(const record& one) noexcept {
    return is_possible_state(one.state) && is_possible_state(one.payee) &&
           one.state.account != one.payee.account && one.state.sequence > 1 &&
           one.payee.sequence > 1 && one.amount > money{} && one.amount <= one.payee.balance;
}

/// The number of the account is what the client wrote, whether there is such an account or not.
bool is_possible_refusal(const record& one) noexcept {
    if (one.state.sequence == 0)
        return one.state.balance == money{};
    return is_possible_state(one.state);
}

record_error get_body(std::span<const std::byte> from, std::uint8_t detail, record& one) noexcept {
    one.state = get_state(from, at::header_bytes);
    switch (one.kind) {
        case record_kind::posting:
            if (detail < 1 || detail > 3)
                return record_error::unknown_detail;
            one.operation = static_cast<posting_operation>(detail);
            one.amount =
                money::from_minor(get<std::int64_t>(from, at::header_bytes + at::state_bytes));
            return is_possible_posting(one) ? record_error::none : record_error::contradiction;
        case record_kind::transfer:
            if (detail != 0)
                return record_error::unknown_detail;
            one.payee = get_state(from, at::header_bytes + at::state_bytes);
            one.amount =
                money::from_minor(get<std::int64_t>(from, at::header_bytes + 2 * at::state_bytes));
            return is_possible_transfer(one) ? record_error::none : record_error::contradiction;
        case record_kind::refusal:
            if (detail == 0 || detail > last_error)
                return record_error::unknown_detail;
            one.error = static_cast<errc>(detail);
            return is_possible_refusal(one) ? record_error::none : record_error::contradiction;
        default:  // SKELETON
            break;
    }
    return record_error::unknown_kind;
}

std::uint8_t detail_of(const record& one) noexcept {
    switch (one.kind) {
        case record_kind::posting:
            return static_cast<std::uint8_t>(one.operation);
        case record_kind::transfer:
            return 0;
        case record_kind::refusal:
            return static_cast<std::uint8_t>(one.error);
        default:  // SKELETON
            break;
    }
    return 0;
}

void put_body(std::span<std::byte> into, const record& one) noexcept {
    put_state(into, at::header_bytes, one.state);
    if (one.kind == record_kind::posting)
        put<std::int64_t>(into, at::header_bytes + at::state_bytes, one.amount.minor());
    if (one.kind == record_kind::transfer) {
        put_state(into, at::header_bytes + at::state_bytes, one.payee);
        put<std::int64_t>(into, at::header_bytes + 2 * at::state_bytes, one.amount.minor());
    }
}

}  // namespace

record record::of_opening(const coffer::posting& made, request_key key) {
    return {.kind = record_kind::posting,
            .operation = posting_operation::opening,
            .state = made,
            .amount = made.balance,
            .key = key};
}

record record::of_deposit(const coffer::posting& made, money amount, request_key key) {
    return {.kind = record_kind::posting,
            .operation = posting_operation::deposit,
            .state = made,
            .amount = amount,
            .key = key};
}

record record::of_withdrawal(const coffer::posting& made, money amount, request_key key) {
    return {.kind = record_kind::posting,
            .operation = posting_operation::withdrawal,
            .state = made,
            .amount = money::from_minor(-amount.minor()),
            .key = key};
}

record record::of_transfer(const coffer::posting& payer, const coffer::posting& payee, money amount,
                           request_key key) {
    return {.kind = record_kind::transfer,
            .state = payer,
            .payee = payee,
            .amount = amount,
            .key = key};
}

record record::of_refusal(errc why, const coffer::posting& decided_by, request_key key) {
    return {.kind = record_kind::refusal, .error = why, .state = decided_by, .key = key};
}

record record::of_transaction(std::span<const posted_leg> legs, request_key key) {
    return {.kind = record_kind::transaction, .legs = leg_list{legs}, .key = key};
}

record record::of_hold(hold_operation what, const hold_outcome& made, money amount,
                       request_key key) {
    return {.kind = record_kind::hold,
            .holding = what,
            .state = made.posting,
            .payee = made.payee,
            .amount = amount,
            .hold = made.hold,
            .key = key};
}

record record::of_status(const account_view& made, request_key key) {
    return {.kind = record_kind::status, .status = made.status, .state = made, .key = key};
}

bool is_request_key(std::string_view text) noexcept {
    return !text.empty() && text.size() <= at::max_key_bytes &&
           std::ranges::all_of(text, is_key_character);
}

std::size_t encoded_bytes(const record& one) noexcept {
    return body_end(one.kind) + key_part_bytes(one.key.text.size());
}

std::size_t encode(const record& one, std::span<std::byte> into) noexcept {
    const std::size_t bytes = encoded_bytes(one);
    assert(bytes <= into.size() && (one.key.text.empty() || is_request_key(one.key.text)));
    put<std::uint16_t>(into, at::bytes_at, static_cast<std::uint16_t>(bytes));
    put<std::uint8_t>(into, at::kind_at, static_cast<std::uint8_t>(one.kind));
    put<std::uint8_t>(into, at::version_at, version_for(one.key.text));
    put<std::uint8_t>(into, at::detail_at, detail_of(one));
    put<std::uint8_t>(into, at::key_bytes_at, static_cast<std::uint8_t>(one.key.text.size()));
    put<std::uint16_t>(into, at::key_bytes_at + 1, 0);
    put_body(into, one);
    if (!one.key.text.empty())
        put_key(into.subspan(body_end(one.kind), bytes - body_end(one.kind)), one.key);
    return bytes;
}

decoded_record decode(std::span<const std::byte> bytes) noexcept {
    decoded_record found;
    const auto refuse = [&found](record_error error, std::uint8_t culprit = 0) {
        found.error = error;
        found.culprit = culprit;
        return found;
    };
    if (bytes.size() < at::min_bytes)
        return refuse(record_error::size);
    const auto kind = get<std::uint8_t>(bytes, at::kind_at);
    const auto version = get<std::uint8_t>(bytes, at::version_at);
    const auto detail = get<std::uint8_t>(bytes, at::detail_at);
    const std::size_t key_bytes = get<std::uint8_t>(bytes, at::key_bytes_at);
    found.bytes = get<std::uint16_t>(bytes, at::bytes_at);
    found.value.kind = static_cast<record_kind>(kind);
    const std::size_t end = body_end(found.value.kind);
    if (end == 0)
        return refuse(record_error::unknown_kind, kind);
    if (version != at::version && version != at::version_with_spaces)
        return refuse(record_error::newer_version, version);
    if (found.bytes != end + key_part_bytes(key_bytes) || found.bytes > bytes.size())
        return refuse(record_error::size);
    if (get<std::uint16_t>(bytes, at::key_bytes_at + 1) != 0)
        return refuse(record_error::padding);
    if (const record_error error = get_body(bytes, detail, found.value);
        error != record_error::none)
        return refuse(error, detail);
    found.error = get_key(bytes.subspan(end, found.bytes - end), key_bytes, found.value.key);
    if (found && version < version_for(found.value.key.text))
        found.error = record_error::malformed_key;
    return found;
}

std::string describe(const decoded_record& refused) {
    const std::string culprit = std::to_string(refused.culprit);
    const std::string unknown = ", which this version of coffer does not know";
    const std::string kind = std::to_string(static_cast<int>(refused.value.kind));
    switch (refused.error) {
        case record_error::none:
            return "nothing is wrong";
        case record_error::size:
            return "a record has an impossible size";
        case record_error::unknown_kind:
            return "a record is of kind " + culprit + unknown;
        case record_error::newer_version:
            return "a record of kind " + kind + " is of version " + culprit + unknown;
        case record_error::unknown_detail:
            return "a record of kind " + kind + " has the detail " + culprit + unknown;
        case record_error::malformed_key:
            return "a record's key has a character that no key has";
        case record_error::padding:
            return "a record has something where zeros are due";
        case record_error::contradiction:
            return "a record of account " + std::to_string(refused.value.state.account) +
                   " contradicts itself";
    }
    return {};
}

}  // namespace coffer::journal
