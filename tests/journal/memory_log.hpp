// A log that keeps its batches in memory, for tests of what is above the seam.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "journal/batch_log.hpp"

namespace coffer::test {

/// What it holds may be read when nobody appends. Room may be taken away and given back by any
/// thread meanwhile.
class memory_log : public journal::batch_log {
public:
    std::atomic<bool> room{true};
    std::atomic<bool> append_fails{false};
    std::atomic<bool> sync_fails{false};
    std::function<void()> before_durable;  ///< called in wait_durable

    [[nodiscard]] journal::batch_position tail() const override { return tail_; }

    [[nodiscard]] journal::log_status append(const journal::batch_view& one) override {
        using journal::log_errc;
        if (append_fails)
            return {log_errc::failed, "no more"};
        if (!room)
            return {log_errc::no_room, "full"};
        const auto checked = journal::check_batch(one.bytes);
        if (pending_ || checked.error != journal::batch_error::none ||
            journal::check_follows(checked.value.header, tail_) != journal::batch_error::none ||
            !journal::check_records(checked.value).reason.empty())
            return {log_errc::unexpected, "out of order"};
        pending_ = std::vector<std::byte>{one.bytes.begin(), one.bytes.end()};
        tail_ = one.after();
        return {};
    }

    [[nodiscard]] journal::log_status wait_durable() override {
        if (before_durable)
            before_durable();
        if (sync_fails)
            return {journal::log_errc::failed, "input/output error"};
        if (pending_)
            batches_.push_back(std::move(*pending_));
        pending_.reset();
        return {};
    }

    [[nodiscard]] std::size_t max_batch_bytes() const override { return max_batch; }
    [[nodiscard]] std::size_t room_bytes() const noexcept override { return room ? SIZE_MAX : 0; }
    [[nodiscard]] bool has_room_ahead() const noexcept override { return room; }
    [[nodiscard]] std::size_t max_room_bytes() const noexcept override { return SIZE_MAX; }
    [[nodiscard]] journal::log_status make_room() override {
        ++asked_for_room;
        return room ? journal::log_status{}
                    : journal::log_status{journal::log_errc::no_room, "full"};
    }
    [[nodiscard]] std::unique_ptr<journal::batch_cursor> read_from(std::uint64_t) const override;
    [[nodiscard]] journal::log_status trim(std::uint64_t) override { return {}; }

    /// All records that are durable, in order, without their keys.
    [[nodiscard]] std::vector<journal::record> records() const {
        std::vector<journal::record> all;
        for (const auto& bytes : batches_)
            journal::visit_records(journal::check_batch(bytes).value, [&all](journal::record one) {
                one.key = {};
                all.push_back(one);
            });
        return all;
    }
    [[nodiscard]] const std::vector<std::vector<std::byte>>& batches() const { return batches_; }

    std::size_t max_batch = journal::format::batch::max_bytes;
    std::atomic<int> asked_for_room{0};

private:
    journal::batch_position tail_;
    std::optional<std::vector<std::byte>> pending_;
    std::vector<std::vector<std::byte>> batches_;
};

/// Over the batches that there were when it was made.
class memory_cursor : public journal::batch_cursor {
public:
    explicit memory_cursor(const std::vector<std::vector<std::byte>>& batches)
        : batches_{batches} {}
    [[nodiscard]] std::optional<journal::batch_view> next() override {
        if (at_ == batches_.size())
            return std::nullopt;
        return journal::check_batch(batches_[at_++]).value;
    }
    [[nodiscard]] std::string where() const override { return "batch " + std::to_string(at_); }

private:
    const std::vector<std::vector<std::byte>> batches_;
    std::size_t at_ = 0;
};

inline std::unique_ptr<journal::batch_cursor> memory_log::read_from(std::uint64_t) const {
    return std::make_unique<memory_cursor>(batches_);
}

}  // namespace coffer::test
