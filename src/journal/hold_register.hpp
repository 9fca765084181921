// Follows the holds of all accounts through the records of a journal.
#pragma once

#include <string>
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

/// The holds by their slots, those that have ended among them: that a hold was forgotten is not on
/// record. A slot is used for another hold only once the end of its last one is durable, so the
/// journal has that end before. Thread safety: none.
class hold_register {
public:
    /// Puts in a hold as a snapshot has it. Returns false if its slot is taken. Throws
    /// std::bad_alloc.
    [[nodiscard]] bool add(const hold& one);

    /// Puts in a hold, whatever was in its slot. Throws std::bad_alloc.
    void put(const hold& one) { at(one.id.slot) = one; }

    /// Applies a hold's record, and takes its hold over. Returns why the record does not follow
    /// from those before it, or an empty text. Throws std::bad_alloc.
    [[nodiscard]] std::string apply(const record& holding);

    /// The hold in this slot, whatever its id; null if there never was one.
    [[nodiscard]] const hold* find(std::uint32_t slot) const noexcept {
        return slot < slots_.size() && slots_[slot].account != 0 ? &slots_[slot] : nullptr;
    }

    /// Calls `visitor(const hold&)` for all holds, in the order of their slots.
    template <class Visitor>
    void visit(Visitor&& visitor) const {
        for (const hold& one : slots_)
            if (one.account != 0)
                visitor(one);
    }

private:
    [[nodiscard]] hold& at(std::uint32_t slot);

    std::vector<hold> slots_;  // account 0: none
};

/// "hold 12-3"
[[nodiscard]] std::string hold_text(hold_id id);

}  // namespace coffer::journal
