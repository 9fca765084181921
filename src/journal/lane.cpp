#include "journal/lane.hpp"

#include <algorithm>
#include <bit>
#include <chrono>
#include <thread>
#include <utility>

#include "journal/little_endian.hpp"
#include "journal/record_layout.hpp"
#include "ops/assertion.hpp"

namespace coffer::journal {

namespace at = format::record;

namespace {

// The entries of a lane that are no records. They never get into the journal.
constexpr std::uint8_t marker_kind = 0xfe;
constexpr std::uint8_t filler_kind = 0xff;
constexpr std::size_t marker_bytes = at::header_bytes + 16;

constexpr std::size_t account_at = at::header_bytes;
constexpr std::size_t sequence_at = account_at + 8;

void put_header(std::span<std::byte> into, std::size_t bytes, std::uint8_t kind) noexcept {
    put<std::uint64_t>(into, 0, 0);
    put<std::uint16_t>(into, at::bytes_at, static_cast<std::uint16_t>(bytes));
    put<std::uint8_t>(into, at::kind_at, kind);
}

}  // namespace

lane::lane(std::size_t bytes, wake_signal& journal, std::function<void()> on_durable)
    : mask_{std::bit_ceil(std::max(bytes, min_bytes)) - 1},
      units_{std::make_unique<std::uint64_t[]>((mask_ + 1) / sizeof(std::uint64_t))},
      ring_{reinterpret_cast<std::byte*>(units_.get())},
      journal_{journal},
      on_durable_{std::move(on_durable)} {
    static_assert(min_bytes >= 4 * at::max_bytes && marker_bytes <= at::max_bytes);
}

void lane::store_activity(std::uint64_t value, std::memory_order order) noexcept {
    activity_count_ = value;
    activity_.store(value, order);
}

void lane::begin() noexcept {
    invariant(activity_count_ % 2 == 0, "a lane's turn begins within another");
    // Relaxed is enough: the operation on the ledger that follows is a release, and a thread that
    // has seen its result sees this store as well.
    store_activity(activity_count_ + 1, std::memory_order_relaxed);
}

bool lane::has_room_for(std::size_t entries, std::size_t budget_bytes) noexcept {
    const std::size_t allowed = std::min(budget_bytes, capacity());
    // One more for the filler at the ring's end.
    const std::size_t wanted = (entries + 1) * at::max_bytes;
    if (end_ - consumed_seen_ + wanted <= allowed)
        return true;
    // Acquire: pairs with the release in consume.
    consumed_seen_ = consumed_.load(std::memory_order_acquire);
    return end_ - consumed_seen_ + wanted <= allowed;
}

std::byte* lane::take(std::size_t bytes) noexcept {
    const std::size_t offset = end_ & mask_;
    const std::size_t to_the_end = capacity() - offset;
    if (bytes > to_the_end) {
        put_header({ring_ + offset, at::header_bytes}, to_the_end, filler_kind);
        end_ += to_the_end;
    }
    std::byte* const begin = ring_ + (end_ & mask_);
    end_ += bytes;
    invariant(end_ - consumed_seen_ <= capacity(),
              "a lane has no room for a record: one that the journal has not read is overwritten");
    return begin;
}

lane_ticket lane::append(const record& one) noexcept {
    invariant(activity_count_ % 2 == 1,
              "a record is appended outside a turn: a barrier would not wait for it");
    const std::size_t bytes = encoded_bytes(one);
    encode(one, {take(bytes), bytes});
    return end_;
}

lane_ticket lane::append_marker(account_number account, std::uint64_t sequence) noexcept {
    invariant(activity_count_ % 2 == 1, "a marker is appended outside a turn");
    const std::span<std::byte> into{take(marker_bytes), marker_bytes};
    put_header(into, marker_bytes, marker_kind);
    put<std::uint64_t>(into, account_at, account);
    put<std::uint64_t>(into, sequence_at, sequence);
    return end_;
}

void lane::end() noexcept {
    end_quietly();
    journal_.wake();
}

void lane::end_quietly() noexcept {
    invariant(activity_count_ % 2 == 1, "a lane's turn ends that did not begin");
    // Sequentially consistent: step (1) of wake_signal. A release as well, for the entries.
    published_.store(end_, std::memory_order_seq_cst);
    // Release: pairs with the acquire in barrier, so that it sees what was published.
    store_activity(activity_count_ + 1, std::memory_order_release);
}

lane_ticket lane::barrier() const noexcept {
    // The caller has seen an operation's result in the ledger, by an acquire, so this finds the
    // count of the begin before that operation, or a later one. Acquire: pairs with the release in
    // end_quietly.
    const std::uint64_t found = activity_.load(std::memory_order_acquire);
    if (found % 2 == 1)
        // Microseconds, unless the producer's thread has lost the processor: a snapshot can wait.
        while (activity_.load(std::memory_order_acquire) == found)
            std::this_thread::sleep_for(std::chrono::microseconds{50});
    return published();
}

lane_entry lane::entry_at(lane_ticket position) const noexcept {
    const std::span<const std::byte> header{ring_ + (position & mask_), at::header_bytes};
    const std::size_t bytes = get<std::uint16_t>(header, at::bytes_at);
    const std::span<const std::byte> whole{header.data(), bytes};
    switch (get<std::uint8_t>(header, at::kind_at)) {
        case marker_kind:
            return {lane_entry::kind::marker, whole};
        case filler_kind:
            return {lane_entry::kind::filler, whole};
        default:
            return {lane_entry::kind::record, whole};
    }
}

void lane::report_durable(lane_ticket position) {
    // Relaxed: the journal thread's own store.
    invariant(position >= durable_.load(std::memory_order_relaxed),
              "a durable ticket becomes not durable");
    // Release: pairs with the acquire in durable.
    durable_.store(position, std::memory_order_release);
    if (on_durable_)
        on_durable_();
}

entry_keys::entry_keys(const lane_entry& one) noexcept : bytes_{one.bytes} {
    const auto kind = static_cast<record_kind>(get<std::uint8_t>(bytes_, at::kind_at));
    if (one.what != lane_entry::kind::record || kind == record_kind::refusal)
        return;
    const record_layout layout = layout_of(kind, get<std::uint8_t>(bytes_, at::version_at),
                                           get<std::uint8_t>(bytes_, at::detail_at));
    size_ = layout.states;
    stride_ = layout.state_stride;
    are_made_ = true;
}

entry_key entry_keys::operator[](std::size_t index) const noexcept {
    const std::size_t offset = account_at + index * stride_;
    return {get<std::uint64_t>(bytes_, offset), get<std::uint64_t>(bytes_, offset + 8)};
}

}  // namespace coffer::journal
