// Which last posting of its account a request expects: one of several, as If-Match can name them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include <coffer/posting.hpp>

namespace coffer {

/// Thread safety: that of an int.
class sequence_condition {
public:
    /// No condition.
    sequence_condition() = default;
    /// That the account's last posting has one of these sequences, which must outlive this.
    explicit sequence_condition(std::span<const std::uint64_t> expected) noexcept
        : expected_{expected}, is_given_{true} {}

    /// Does what the ledger's `operation` does on the condition that it is called with, and returns
    /// its outcome. `last` returns the account's last posting of an outcome.
    template <class Operation, class Last>
    [[nodiscard]] auto apply(const Operation& operation, const Last& last) const noexcept {
        if_sequence condition{};
        if (is_given_)
            condition = if_sequence{expected_.empty() ? no_sequence : expected_.front()};
        auto made = operation(condition);
        // Ends: sequences only rise, and so come to each expected one once.
        while (made.error == errc::sequence_mismatch && allows(last(made).sequence))
            made = operation(if_sequence{last(made).sequence});
        return made;
    }

    [[nodiscard]] bool allows(std::uint64_t sequence) const noexcept {
        return !is_given_ || std::ranges::find(expected_, sequence) != expected_.end();
    }

private:
    static constexpr std::uint64_t no_sequence = 0;  // of no account

    std::span<const std::uint64_t> expected_{};
    bool is_given_ = false;
};

}  // namespace coffer
