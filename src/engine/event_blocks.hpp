// Events of the journal as text, made once for all that read at the same place.
//
// Guarantees     Holds at most `max_bytes`, but for one block. The oldest block is dropped first.
// Thread safety  Any thread may call any member: a mutex guards them, and none waits for the disk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <coffer/account_number.hpp>

#include "engine/history_reader.hpp"

namespace coffer {

/// The events of consecutive records, each a line of JSON. Constant once it is shared.
struct event_block {
    struct event {
        std::uint64_t record = 0;
        std::string_view operation{};    ///< of static storage
        std::uint32_t end = 0;           ///< of its line, in `lines`
        std::uint32_t accounts_end = 0;  ///< of its accounts, in `accounts`
    };

    std::uint64_t after = 0;    ///< it begins with the record after this
    std::uint64_t through = 0;  ///< and has all events up to this record, which may be no event
    std::string lines{};        ///< each with its newline
    std::vector<event> events{};
    std::vector<account_number> accounts{};

    /// The index of the first event of a later record than this.
    [[nodiscard]] std::size_t first_after(std::uint64_t record) const noexcept;
    /// The line of an event, with its newline.
    [[nodiscard]] std::string_view line(std::size_t index) const noexcept;
    /// The accounts of its postings, in their order.
    [[nodiscard]] std::span<const account_number> accounts_of(std::size_t index) const noexcept;
    /// Whether an event has a posting of this account.
    [[nodiscard]] bool touches(std::size_t index, account_number account) const noexcept;
    /// The memory that it takes, about.
    [[nodiscard]] std::size_t bytes() const noexcept;
};

class event_blocks {
public:
    static constexpr std::size_t usual_bytes = std::size_t{16} << 20;

    explicit event_blocks(std::size_t max_bytes = usual_bytes) noexcept : max_bytes_{max_bytes} {}
    event_blocks(const event_blocks&) = delete;
    event_blocks& operator=(const event_blocks&) = delete;

    /// A block that has the record after this one; null if none is kept.
    [[nodiscard]] std::shared_ptr<const event_block> find(std::uint64_t after) const;

    /// Throws std::bad_alloc.
    void add(std::shared_ptr<const event_block> made);

    /// Whether the caller is the one to ask for what comes after this record, by this job: false
    /// while another's job that does so has not ended. Throws std::bad_alloc.
    [[nodiscard]] bool claim(std::uint64_t after, const std::shared_ptr<const history_job>& by);

    [[nodiscard]] std::size_t bytes() const;

private:
    static constexpr std::size_t most_ended_claims = 64;

    void drop_ended_claims();

    const std::size_t max_bytes_;
    mutable std::mutex mutex_;
    std::map<std::uint64_t, std::shared_ptr<const event_block>> kept_;  // by `after`
    std::deque<std::uint64_t> order_;                                   // of kept_
    std::map<std::uint64_t, std::weak_ptr<const history_job>> claims_;
    std::size_t bytes_ = 0;
};

}  // namespace coffer
