// The postings of one account in a history, by their sequences.
//
// Guarantees     Never leaves out a posting: what may have been trimmed is in the ranges that are
//                returned, and reading it is refused.
// Thread safety  None. Its members may take as long as those of the history, and throw as they do.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include <coffer/account_number.hpp>

#include "journal/history.hpp"
#include "journal/posting_line.hpp"

namespace coffer::journal {

/// Sequences from `first` to `last`, both of them included; none if `last` is below `first`.
struct sequence_range {
    std::uint64_t first = 1;
    std::uint64_t last = 0;

    [[nodiscard]] bool is_empty() const noexcept { return last < first; }
    [[nodiscard]] bool has(std::uint64_t sequence) const noexcept {
        return first <= sequence && sequence <= last;
    }
};

class account_history {
public:
    using visitor = std::function<void(const posting_line&)>;

    /// Both must outlive this. The account's opening can be found in `past`, or has been trimmed.
    account_history(const history& past, account_number account) noexcept
        : past_{past}, account_{account} {}

    /// The sequence of its first posting in the journal, which has none of it before `from_ns`:
    /// above 1 if others have been trimmed, the largest number if all have been. A later `from_ns`
    /// is found sooner.
    [[nodiscard]] std::uint64_t first(std::uint64_t from_ns = 0) const;

    /// The sequence of its last posting before this record time; 0 if the journal has none.
    [[nodiscard]] std::uint64_t last_before(std::uint64_t time_ns) const;

    /// The postings with a record time from `from_ns` on and before `until_ns`. Postings that have
    /// been trimmed are among them, if their times may be. Throws history_trimmed if they may, and
    /// all have been.
    [[nodiscard]] sequence_range between(std::uint64_t from_ns, std::uint64_t until_ns) const;

    /// The latest extent that has a posting of at most this sequence. Throws history_trimmed if
    /// there is none.
    [[nodiscard]] account_extent at(std::uint64_t most_sequence) const;

    /// Visits the postings in an extent that are in the range, in order: one at least. Throws
    /// journal_error if there are not as many as the extent should have.
    void visit(const account_extent& in, const sequence_range& wanted, const visitor& one) const;

private:
    [[nodiscard]] std::uint64_t first_since(std::uint64_t from_ns) const;
    [[nodiscard]] std::optional<std::uint64_t> last_until(std::uint64_t until_ns) const;

    const history& past_;
    const account_number account_;
};

/// The sequences of an account's postings in an extent.
[[nodiscard]] constexpr sequence_range sequences_of(const account_extent& in) noexcept {
    return {in.first_sequence, in.first_sequence + in.postings - 1};
}

}  // namespace coffer::journal
