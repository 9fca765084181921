#include <algorithm>
#include <cassert>

#include <coffer/transaction.hpp>

#include "journal/little_endian.hpp"
#include "journal/record.hpp"
#include "journal/record_checks.hpp"
#include "journal/record_layout.hpp"
#include "journal/record_origin.hpp"

namespace coffer::journal {

namespace at = format::record;

namespace {

// The numbers of errors and of a hold's status in the journal must not change.
constexpr errc all_errors[]{
    errc::ok,
    errc::no_such_account,
    errc::already_open,
    errc::invalid_amount,
    errc::insufficient_funds,
    errc::balance_overflow,
    errc::same_account,
    errc::ledger_full,
    errc::sequence_exhausted,
    errc::account_closed,
    errc::account_not_empty,
    errc::account_not_closed,
    errc::no_such_hold,
    errc::hold_ended,
    errc::hold_exceeded,
    errc::unbalanced,
    errc::too_few_legs,
    errc::too_many_legs,
};
constexpr bool are_numbered_in_order() noexcept {
    for (std::size_t i = 0; i != std::size(all_errors); ++i)
        if (static_cast<std::size_t>(all_errors[i]) != i)
            return false;
    return true;
}
static_assert(are_numbered_in_order());
static_assert(static_cast<int>(hold_status::held) == 0 &&
              static_cast<int>(hold_status::captured) == 1 &&
              static_cast<int>(hold_status::released) == 2 &&
              static_cast<int>(hold_status::expired) == 3);
static_assert(at::max_legs == max_transaction_legs);

static_assert(layout_of(record_kind::transaction, at::version_with_held, at::max_legs).body_end ==
                  at::max_bytes_without_key &&
              layout_of(record_kind::hold, at::version_with_held, at::capture_to_account).body_end <
                  at::max_bytes_without_key);

bool has_held(const record& one) noexcept {
    if (one.state.held != money{} || one.payee.held != money{})
        return true;
    for (std::size_t i = 0; i != one.legs.size(); ++i)
        if (one.legs[i].state.held != money{})
            return true;
    return false;
}

/// The oldest version that can express the record.
std::uint8_t version_for(const record& one, const record_origin& from) noexcept {
    if (!from.actor.empty())
        return at::version_with_actor;
    if (one.kind == record_kind::refusal && one.names_account)
        return at::version_with_name;
    // An older binary, which has another size for that refusal, so refuses it by its version.
    if (has_held(one) || (one.kind == record_kind::refusal && one.error == errc::hold_ended))
        return at::version_with_held;
    const std::string_view key = from.key.text;
    return key.find(' ') == key.npos ? at::version : at::version_with_spaces;
}

std::uint8_t detail_of(const record& one) noexcept {
    switch (one.kind) {
        case record_kind::posting:
            return static_cast<std::uint8_t>(one.operation);
        case record_kind::transfer:
            return 0;
        case record_kind::refusal:
            return static_cast<std::uint8_t>(one.error);
        case record_kind::transaction:
            return static_cast<std::uint8_t>(one.legs.size());
        case record_kind::hold:
            return one.payee.account != 0 ? at::capture_to_account
                                          : static_cast<std::uint8_t>(one.holding);
        case record_kind::status:
            return one.status == account_status::closed ? 1 : 2;
    }
    return 0;
}

void put_amount(std::span<std::byte> into, std::size_t offset, money amount) noexcept {
    put<std::int64_t>(into, offset, amount.minor());
}

money get_amount(std::span<const std::byte> from, std::size_t offset) noexcept {
    return money::from_minor(get<std::int64_t>(from, offset));
}

void put_state(std::span<std::byte> into, std::size_t offset, const posting& state,
               std::uint8_t version) noexcept {
    put<std::uint64_t>(into, offset, state.account);
    put<std::uint64_t>(into, offset + 8, state.sequence);
    put_amount(into, offset + 16, state.balance);
    if (version >= at::version_with_held)
        put_amount(into, offset + 24, state.held);
}

posting get_state(std::span<const std::byte> from, std::size_t offset,
                  std::uint8_t version) noexcept {
    posting found{get<std::uint64_t>(from, offset), get<std::uint64_t>(from, offset + 8),
                  get_amount(from, offset + 16)};
    if (version >= at::version_with_held)
        found.held = get_amount(from, offset + 24);
    return found;
}

void put_hold(std::span<std::byte> into, const record& one) noexcept {
    put_amount(into, 0, one.amount);
    put<std::uint64_t>(into, at::hold_sequence_at, one.hold.id.sequence);
    put<std::uint64_t>(into, at::hold_slot_at, 0);  // the zeros behind the status too
    put<std::uint32_t>(into, at::hold_slot_at, one.hold.id.slot);
    put<std::uint8_t>(into, at::hold_status_at, static_cast<std::uint8_t>(one.hold.status));
    put_amount(into, at::hold_amount_at, one.hold.amount);
    put_amount(into, at::hold_captured_at, one.hold.captured);
    put_amount(into, at::hold_remaining_at, one.hold.remaining);
    put<std::int64_t>(into, at::hold_expires_at, one.hold.expires_at_ns);
}

record_error get_status(std::span<const std::byte> from, std::size_t offset,
                        hold_status& status) noexcept {
    const auto number = get<std::uint8_t>(from, offset);
    if (number > static_cast<std::uint8_t>(hold_status::expired))
        return record_error::contradiction;
    status = static_cast<hold_status>(number);
    return record_error::none;
}

record_error get_hold(std::span<const std::byte> from, record& one) noexcept {
    one.amount = get_amount(from, 0);
    one.hold.account = one.state.account;
    one.hold.id = {get<std::uint64_t>(from, at::hold_sequence_at),
                   get<std::uint32_t>(from, at::hold_slot_at)};
    one.hold.amount = get_amount(from, at::hold_amount_at);
    one.hold.captured = get_amount(from, at::hold_captured_at);
    one.hold.remaining = get_amount(from, at::hold_remaining_at);
    one.hold.expires_at_ns = get<std::int64_t>(from, at::hold_expires_at);
    if (!is_zero(from.subspan(at::hold_status_at + 1, 3)))
        return record_error::padding;
    return get_status(from, at::hold_status_at, one.hold.status);
}

/// What is behind the first state, by kind. `into` ends with the body.
void put_rest(std::span<std::byte> into, const record& one, std::uint8_t version) noexcept {
    switch (one.kind) {
        case record_kind::posting:
            return put_amount(into, 0, one.amount);
        case record_kind::transfer:
            put_state(into, 0, one.payee, version);
            return put_amount(into, at::state_bytes(version), one.amount);
        case record_kind::refusal:
            if (one.error == errc::hold_ended)
                put<std::uint64_t>(into, 0, static_cast<std::uint64_t>(one.hold.status));
            return;
        case record_kind::transaction:
            put_amount(into, 0, one.legs[0].amount);
            for (std::size_t i = 1; i != one.legs.size(); ++i) {
                const posted_leg leg = one.legs[i];
                const std::size_t end = i * (at::state_bytes(version) + at::amount_bytes);
                put_state(into, end - at::state_bytes(version), leg.state, version);
                put_amount(into, end, leg.amount);
            }
            return;
        case record_kind::hold:
            put_hold(into, one);
            if (one.payee.account != 0)
                put_state(into, at::hold_bytes, one.payee, version);
            return;
        case record_kind::status:
            return;
    }
}

/// Reads what put_rest has written, and what the detail has.
record_error get_rest(std::span<const std::byte> from, std::uint8_t detail, std::uint8_t version,
                      record& one) noexcept {
    switch (one.kind) {
        case record_kind::posting:
            one.operation = static_cast<posting_operation>(detail);
            one.amount = get_amount(from, 0);
            return record_error::none;
        case record_kind::transfer:
            one.payee = get_state(from, 0, version);
            one.amount = get_amount(from, at::state_bytes(version));
            return record_error::none;
        case record_kind::refusal:
            one.error = static_cast<errc>(detail);
            if (one.error != errc::hold_ended)
                return record_error::none;
            if (!is_zero(from.subspan(1)))
                return record_error::padding;
            return get_status(from, 0, one.hold.status);
        case record_kind::transaction:
            return record_error::none;
        case record_kind::hold:
            one.holding = detail == at::capture_to_account ? hold_operation::capture
                                                           : static_cast<hold_operation>(detail);
            if (detail == at::capture_to_account)
                one.payee = get_state(from, at::hold_bytes, version);
            if (detail == at::capture_to_account && one.payee.account == 0)
                return record_error::contradiction;
            return get_hold(from, one);
        case record_kind::status:
            one.status = detail == 1 ? account_status::closed : account_status::open;
            return record_error::none;
    }
    return record_error::unknown_kind;
}

/// Reads whether a refusal names its account. False if the bytes there are not as they should be.
bool get_names(std::span<const std::byte> bytes, std::uint8_t version, record& one) noexcept {
    const auto names = get<std::uint8_t>(bytes, at::names_at);
    one.names_account = names == 1;
    if (version < at::version_with_name)
        return names == 0 && bytes[at::actor_bytes_at] == std::byte{0};
    if (version == at::version_with_name)
        return names == 1 && bytes[at::actor_bytes_at] == std::byte{0};
    return names <= (one.kind == record_kind::refusal ? 1 : 0);
}

std::size_t body_end(const record& one, std::uint8_t version) noexcept {
    return layout_of(one.kind, version, detail_of(one)).body_end;
}

std::size_t encoded_bytes(const record& one, const record_origin& from) noexcept {
    return body_end(one, version_for(one, from)) +
           origin_bytes(from.key.text.size(), from.actor.size());
}

std::size_t encode(const record& one, const record_origin& from,
                   std::span<std::byte> into) noexcept {
    const auto& [key, actor] = from;
    const std::uint8_t version = version_for(one, from);
    const std::size_t end = body_end(one, version);
    const std::size_t bytes = end + origin_bytes(key.text.size(), actor.size());
    assert(bytes <= into.size() && (key.text.empty() || is_request_key(key.text)));
    assert(actor.empty() || is_actor_name(actor));
    const bool names_account = one.kind == record_kind::refusal && one.names_account;
    put<std::uint16_t>(into, at::bytes_at, static_cast<std::uint16_t>(bytes));
    put<std::uint8_t>(into, at::kind_at, static_cast<std::uint8_t>(one.kind));
    put<std::uint8_t>(into, at::version_at, version);
    put<std::uint8_t>(into, at::detail_at, detail_of(one));
    put<std::uint8_t>(into, at::key_bytes_at, static_cast<std::uint8_t>(key.text.size()));
    put<std::uint8_t>(into, at::names_at, names_account ? 1 : 0);
    put<std::uint8_t>(into, at::actor_bytes_at, static_cast<std::uint8_t>(actor.size()));
    put_state(into, at::header_bytes, one.state, version);
    const std::size_t rest = at::header_bytes + at::state_bytes(version);
    put_rest(into.subspan(rest, end - rest), one, version);
    if (bytes != end)
        put_origin(into.subspan(end, bytes - end), from);
    return bytes;
}

}  // namespace

posted_leg leg_list::operator[](std::size_t index) const noexcept {
    if (legs_ != nullptr)
        return legs_[index];
    const std::size_t state = at::state_bytes(version_);
    const std::size_t offset = index * (state + at::amount_bytes);
    return {get_state(bytes_, offset, version_), get_amount(bytes_, offset + state)};
}

std::size_t encoded_bytes(const record& one) noexcept {
    return encoded_bytes(one, {one.key, one.actor});
}

std::size_t encode(const record& one, std::span<std::byte> into) noexcept {
    return encode(one, {one.key, one.actor}, into);
}

std::size_t encoded_bytes_without_key(const record& one) noexcept {
    return encoded_bytes(one, {});
}

std::size_t encode_without_key(const record& one, std::span<std::byte> into) noexcept {
    return encode(one, {}, into);
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
    const bool has_actor = version >= at::version_with_actor;
    const std::size_t actor_bytes = has_actor ? get<std::uint8_t>(bytes, at::actor_bytes_at) : 0;
    record& one = found.value;
    found.bytes = get<std::uint16_t>(bytes, at::bytes_at);
    one.kind = static_cast<record_kind>(kind);
    if (kind < static_cast<std::uint8_t>(record_kind::posting) ||
        kind > static_cast<std::uint8_t>(record_kind::status))
        return refuse(record_error::unknown_kind, kind);
    const bool is_refusal = one.kind == record_kind::refusal;
    if (version < at::version || version > at::newest_version ||
        (version == at::version_with_name && !is_refusal))
        return refuse(record_error::newer_version, version);
    const std::size_t end = layout_of(one.kind, version, detail).body_end;
    if (end == 0)
        return refuse(record_error::unknown_detail, detail);
    if (found.bytes != end + origin_bytes(key_bytes, actor_bytes) || found.bytes > bytes.size())
        return refuse(record_error::size);
    if (!get_names(bytes, version, one))
        return refuse(record_error::padding);
    one.state = get_state(bytes, at::header_bytes, version);
    if (one.kind == record_kind::transaction)
        one.legs = {bytes.subspan(at::header_bytes, end - at::header_bytes), detail, version};
    const std::size_t rest = at::header_bytes + at::state_bytes(version);
    if (const record_error error = get_rest(bytes.subspan(rest, end - rest), detail, version, one);
        error != record_error::none)
        return refuse(error);
    if (!is_possible(one))
        return refuse(record_error::contradiction);
    if (has_actor && actor_bytes == 0)
        return refuse(record_error::malformed_actor);
    record_origin origin;
    found.error = get_origin(bytes.subspan(end, found.bytes - end), key_bytes, actor_bytes, origin);
    one.key = origin.key;
    one.actor = origin.actor;
    if (found && version < version_for(one, origin))
        found.error = record_error::malformed_key;
    return found;
}

}  // namespace coffer::journal
