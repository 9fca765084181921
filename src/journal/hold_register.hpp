// Follows the holds of all accounts through the records of a journal.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include <coffer/hold.hpp>

#include "journal/record.hpp"

namespace coffer::journal {

/// What a hold's record changes its account by: `balance` is zero or less.
struct hold_effect {
    money balance;
    money held;
};
[[nodiscard]] hold_effect effect_of(const record& holding) noexcept;

/// How many more slots there may be than records before: those of holds whose records are still to
/// come. Far more than all lanes have room for.
inline constexpr std::uint32_t most_slots_ahead = std::uint32_t{1} << 20;

/// Whether a hold that has a record up to this number can be in the slot. A slot is taken for the
/// first time only if all before it are, so there are no more of them than placings.
[[nodiscard]] constexpr bool is_possible_slot(std::uint32_t slot, std::uint64_t number) noexcept {
    return slot < most_slots_ahead || slot - most_slots_ahead < number;
}

/// Why a record, which places no hold, does not follow from the hold that it changes, as that was
/// before; null: there is none. An empty text if it does.
[[nodiscard]] std::string why_not_after(const hold* before, const record& holding);
/// What is wrong with a hold that is placed where another one is still open.
[[nodiscard]] std::string places_where_open(const hold& placed, const hold& before);

/// The holds by their slots, those that have ended among them: that a hold was forgotten is not on
/// record. A slot is used for another hold only once the end of its last one is durable, so the
/// journal has that end before. Thread safety: none.
class hold_register {
public:
    /// Puts in a hold, whatever was in its slot. Throws std::bad_alloc.
    void put(const hold& one) { slots_[one.id.slot] = one; }

    /// Applies a hold's record, which is the journal's of this number, and takes its hold over.
    /// Returns why the record does not follow from those before it, or an empty text. Throws
    /// std::bad_alloc.
    [[nodiscard]] std::string apply(const record& holding, std::uint64_t number);

    /// The hold in this slot, whatever its id; null if there never was one.
    [[nodiscard]] const hold* find(std::uint32_t slot) const noexcept {
        const auto found = slots_.find(slot);
        return found == slots_.end() ? nullptr : &found->second;
    }

    /// Calls `visitor(const hold&)` for all holds, in the order of their slots.
    template <class Visitor>
    void visit(Visitor&& visitor) const {
        std::vector<std::uint32_t> order;
        order.reserve(slots_.size());
        for (const auto& [slot, one] : slots_)
            order.push_back(slot);
        std::ranges::sort(order);
        for (const std::uint32_t slot : order)
            visitor(slots_.at(slot));
    }

private:
    std::unordered_map<std::uint32_t, hold> slots_;  // not an array: of what a damaged file names
};

}  // namespace coffer::journal
