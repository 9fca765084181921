// Finds the records of one account in a batch, without decoding those of others.
#pragma once

#include <cstdint>
#include <span>

#include <coffer/account_number.hpp>

#include "journal/batch.hpp"
#include "journal/little_endian.hpp"
#include "journal/record_layout.hpp"

namespace coffer::journal {

/// Whether a record that is known to be well-formed has a posting of this account, or is a refusal
/// that it decided.
[[nodiscard]] inline bool has_account(std::span<const std::byte> bytes,
                                      account_number account) noexcept {
    namespace at = format::record;
    const auto layout = layout_of(static_cast<record_kind>(get<std::uint8_t>(bytes, at::kind_at)),
                                  get<std::uint8_t>(bytes, at::version_at),
                                  get<std::uint8_t>(bytes, at::detail_at));
    for (std::size_t i = 0; i != layout.states; ++i)
        if (get<std::uint64_t>(bytes, at::header_bytes + i * layout.state_stride) == account)
            return true;
    return false;
}

/// Calls `visitor(record, number)` for each record of a batch in which the account has a posting.
/// The records are known to be well-formed.
template <class Visitor>
void visit_records_of(account_number account, const batch_view& one, Visitor&& visitor) {
    std::uint64_t number = one.header.first_record;
    for (std::span<const std::byte> left = one.records(); !left.empty(); ++number) {
        if (has_account(left, account)) {
            const decoded_record found = decode(left);
            if (found.value.kind != record_kind::refusal)
                visitor(found.value, number);
        }
        left = left.subspan(get<std::uint16_t>(left, format::record::bytes_at));
    }
}

}  // namespace coffer::journal
