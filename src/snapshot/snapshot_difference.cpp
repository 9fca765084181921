#include "snapshot/snapshot_difference.hpp"

#include <fcntl.h>

#include <algorithm>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "ops/file_descriptor.hpp"
#include "snapshot/accounts_reader.hpp"

namespace coffer::snapshot {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t block_bytes = std::size_t{64} << 10;

/// One of the files, which is read block by block.
class block_reader {
public:
    block_reader(const fs::path& file, account_sink sink)
        : file_{file}, input_{file, O_RDONLY}, parser_{file.string(), std::move(sink)} {
        if (!input_.is_open())
            throw_snapshot_error(file, "cannot be read");
        block_.resize(block_bytes);
    }

    [[nodiscard]] bool has_ended() const noexcept { return has_ended_; }

    void read_block() {
        const ssize_t size = input_.read(block_.data(), block_.size());
        if (size < 0)
            throw_snapshot_error(file_, "cannot be read");
        parser_.write({block_.data(), static_cast<std::size_t>(size)});
        has_ended_ = size == 0;
        if (has_ended_)
            parser_.finish();
    }

private:
    fs::path file_;
    file_descriptor input_;
    accounts_parser parser_;
    std::vector<char> block_;
    bool has_ended_ = false;
};

wide_minor size_of(const account_change& one) {
    const wide_minor change = one.change_minor();
    return change < 0 ? -change : change;
}

bool is_larger(const account_change& a, const account_change& b) {
    return std::tuple{size_of(b), a.account} < std::tuple{size_of(a), b.account};
}

/// Matches the accounts of both files, in whatever order they come.
class matcher {
public:
    explicit matcher(const comparison_limits& limits) : limits_{limits} {}

    void take_before(const posting& one) {
        if (const auto found = after_.find(one.account); found != after_.end()) {
            compare(one.balance, one.sequence, found->second, one.account);
            after_.erase(found);
        } else {
            keep(before_, one);
        }
    }
    void take_after(const posting& one) {
        if (const auto found = before_.find(one.account); found != before_.end()) {
            compare(found->second.balance, found->second.sequence, {one.balance, one.sequence},
                    one.account);
            before_.erase(found);
        } else {
            keep(after_, one);
        }
    }

    /// What is left of the later snapshot was opened in between.
    [[nodiscard]] snapshot_difference finish() {
        for (const auto& [account, last] : after_) {
            ++found_.accounts_opened;
            add({account, std::nullopt, last.balance, last.sequence});
        }
        std::ranges::sort(found_.changes, is_larger);
        return std::move(found_);
    }

private:
    struct state {
        money balance;
        std::uint64_t sequence;
    };
    using states = std::unordered_map<account_number, state>;

    void keep(states& into, const posting& one) {
        if (before_.size() + after_.size() == limits_.accounts_kept)
            throw order_too_different{"the snapshots have their accounts in different orders"};
        into.emplace(one.account, state{one.balance, one.sequence});
    }

    void compare(money balance, std::uint64_t sequence, const state& later,
                 account_number account) {
        // Below it only after the ledger was restored to an earlier state.
        if (later.sequence > sequence)
            add({account, balance, later.balance, later.sequence - sequence});
    }

    void add(const account_change& one) {
        ++found_.accounts_changed;
        found_.postings += one.postings;
        std::vector<account_change>& largest = found_.changes;  // a heap, its smallest in front
        if (largest.size() == limits_.changes) {
            if (largest.empty() || !is_larger(one, largest.front()))
                return;
            std::ranges::pop_heap(largest, is_larger);
            largest.pop_back();
        }
        largest.push_back(one);
        std::ranges::push_heap(largest, is_larger);
    }

    const comparison_limits& limits_;
    states before_;
    states after_;
    snapshot_difference found_;
};

}  // namespace

snapshot_difference compare_snapshots(const fs::path& before, const fs::path& after,
                                      const comparison_limits& limits,
                                      const std::function<void()>& between) {
    matcher both{limits};
    block_reader first{before, [&both](const account_view& one) -> std::optional<std::string> {
                           both.take_before(one);
                           return std::nullopt;
                       }};
    block_reader second{after, [&both](const account_view& one) -> std::optional<std::string> {
                            both.take_after(one);
                            return std::nullopt;
                        }};
    while (!first.has_ended() || !second.has_ended()) {
        if (!first.has_ended())
            first.read_block();
        if (!second.has_ended())
            second.read_block();
        between();
    }
    return both.finish();
}

}  // namespace coffer::snapshot
