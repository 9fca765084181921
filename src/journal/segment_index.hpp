// The index of a segment in memory, while the segment grows: in which extents an account has
// postings.
//
// A hash table has for each account its last entry, and each entry the one before it, so a batch is
// added at the cost of one probe a posting, whatever the number of accounts, and what an account
// has in the extent that still grows is found like all else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <coffer/account_number.hpp>

#include "journal/batch.hpp"
#include "journal/extent_table.hpp"
#include "journal/segment_lookup.hpp"

namespace coffer::journal {

/// Thread safety: add is for one thread, the other members for any, unless they say otherwise.
class segment_index final : public segment_lookup {
public:
    /// Of the segment that begins there. It is expected to become about as large as `like`.
    explicit segment_index(const batch_position& before, const segment_index* like = nullptr);

    /// Adds the next batch, which is at `offset`. Returns what is wrong with a record of it, or an
    /// empty text; nothing may be added then.
    [[nodiscard]] refused_record add(const batch_view& one, std::uint64_t offset);

    /// The end of the last batch.
    [[nodiscard]] batch_position position() const;
    [[nodiscard]] std::uint64_t first_record() const noexcept { return before_.next_record; }
    [[nodiscard]] const batch_position& before() const noexcept { return before_; }

    [[nodiscard]] std::optional<extent> at(std::uint64_t record) const override;
    [[nodiscard]] std::optional<extent> last_begun_before(std::uint64_t time_ns) const override;
    [[nodiscard]] std::optional<account_extent> latest(account_number account,
                                                       std::uint64_t most_sequence) const override;
    [[nodiscard]] std::optional<account_extent> latest_as_of(account_number account,
                                                             std::uint64_t time_ns) const override;
    [[nodiscard]] std::optional<account_extent> earliest(account_number account,
                                                         std::uint64_t from_record) const override;

    // For when nothing is added any more.

    [[nodiscard]] const extent_table& extents() const noexcept { return extents_; }
    /// Calls visit(account, entries), in the order of the accounts; the entries in that of the
    /// extents.
    using group_visitor = std::function<void(account_number, std::span<const index_entry>)>;
    void visit_groups(const group_visitor& visit) const;
    [[nodiscard]] std::size_t accounts() const noexcept { return accounts_; }
    /// How much memory it takes, about.
    [[nodiscard]] std::size_t memory_bytes() const noexcept {
        return slots_.size() * sizeof(slot) + entries_.capacity() * sizeof(chained_entry);
    }

private:
    static constexpr std::uint32_t none = 0xffff'ffff;
    struct slot {
        account_number account = 0;  // 0: unused
        std::uint32_t last = none;   // an index in entries_
        std::uint32_t number = 0;    // how many accounts were added before
    };
    struct chained_entry {
        index_entry value;
        std::uint32_t before = none;
        std::uint32_t account = 0;  // its slot's number
    };
    struct key {
        account_number account;
        std::uint64_t sequence;
    };

    [[nodiscard]] refused_record find_keys(const batch_view& one);
    [[nodiscard]] std::size_t home(account_number account) const noexcept;
    [[nodiscard]] slot& slot_of(account_number account) noexcept;
    [[nodiscard]] std::uint32_t last_of(account_number account) const noexcept;
    void grow();
    [[nodiscard]] bool add_posting(const key& one, std::uint32_t extent);
    [[nodiscard]] account_extent found(const index_entry& one) const noexcept;

    const batch_position before_;
    std::vector<key> keys_;  // of the batch that is being added

    mutable std::mutex mutex_;  // of all below
    batch_position position_;
    extent_table extents_;
    std::vector<slot> slots_;
    unsigned shift_;
    std::size_t accounts_ = 0;
    std::vector<chained_entry> entries_;
};

}  // namespace coffer::journal
