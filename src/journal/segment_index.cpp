#include "journal/segment_index.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <numeric>
#include <span>
#include <utility>

#include "journal/little_endian.hpp"
#include "journal/record_layout.hpp"

namespace coffer::journal {
namespace {

namespace at = format::record;

constexpr unsigned first_slots_bits = 12;
constexpr std::size_t prefetch_distance = 16;

/// Sorts by account, byte by byte from the lowest, as few of them as differ: several times as fast
/// as by comparisons.
template <class Keyed>
void sort_by_account(std::vector<Keyed>& list) {
    std::array<std::array<std::size_t, 256>, 8> counts{};
    for (const Keyed& one : list)
        for (unsigned byte = 0; byte != 8; ++byte)
            ++counts[byte][(one.account >> (8 * byte)) & 0xff];
    std::vector<Keyed> other(list.size());
    for (unsigned byte = 0; byte != 8; ++byte) {
        if (std::ranges::find(counts[byte], list.size()) != counts[byte].end())
            continue;  // it is the same in all
        std::array<std::size_t, 256> next{};
        for (std::size_t i = 1; i != 256; ++i)
            next[i] = next[i - 1] + counts[byte][i - 1];
        for (const Keyed& one : list)
            other[next[(one.account >> (8 * byte)) & 0xff]++] = one;
        list.swap(other);
    }
}

}  // namespace

segment_index::segment_index(const batch_position& before, const segment_index* like)
    : before_{before},
      position_{before},
      extents_{before},
      slots_(like != nullptr ? like->slots_.size() : std::size_t{1} << first_slots_bits),
      shift_{like != nullptr ? like->shift_ : 64 - first_slots_bits} {
    if (like != nullptr)
        entries_.reserve(like->entries_.size() + like->entries_.size() / 8);
}

std::size_t segment_index::home(account_number account) const noexcept {
    return static_cast<std::size_t>((account * 0x9e37'79b9'7f4a'7c15U) >> shift_);
}

segment_index::slot& segment_index::slot_of(account_number account) noexcept {
    std::size_t at = home(account);
    while (slots_[at].account != account && slots_[at].account != 0)
        at = (at + 1) & (slots_.size() - 1);
    return slots_[at];
}

std::uint32_t segment_index::last_of(account_number account) const noexcept {
    std::size_t at = home(account);
    while (slots_[at].account != account && slots_[at].account != 0)
        at = (at + 1) & (slots_.size() - 1);
    return slots_[at].last;
}

void segment_index::grow() {
    std::vector<slot> old(slots_.size() * 2);
    old.swap(slots_);
    --shift_;
    for (const slot& one : old)
        if (one.account != 0)
            slot_of(one.account) = one;
}

/// Reads accounts and sequences alone: a record in a journal was checked when it was written, and
/// is checked again when it is read.
refused_record segment_index::find_keys(const batch_view& one) {
    keys_.clear();
    std::uint32_t count = 0;
    const std::span<const std::byte> all = one.records();
    for (std::span<const std::byte> left = all; !left.empty(); ++count) {
        const auto kind = static_cast<record_kind>(get<std::uint8_t>(left, at::kind_at));
        const std::size_t bytes = get<std::uint16_t>(left, at::bytes_at);
        const record_layout layout = layout_of(kind, get<std::uint8_t>(left, at::version_at),
                                               get<std::uint8_t>(left, at::detail_at));
        const bool is_possible = layout.body_end != 0 && layout.body_end <= bytes &&
                                 bytes <= left.size() && bytes % format::unit_bytes == 0;
        if (!is_possible)
            return {one.header.header_bytes() + all.size() - left.size(), describe(decode(left))};
        if (kind != record_kind::refusal)
            for (std::size_t i = 0; i != layout.states; ++i) {
                const std::size_t state = at::header_bytes + i * layout.state_stride;
                keys_.push_back({get<std::uint64_t>(left, state),
                                 get<std::uint64_t>(left, state + sizeof(std::uint64_t))});
            }
        left = left.subspan(bytes);
    }
    if (count != one.header.records)
        return {format::batch::records_at, "a batch has not as many records as it says"};
    return {};
}

bool segment_index::add_posting(const key& one, std::uint32_t extent) {
    if (accounts_ >= slots_.size() / 8 * 5)
        grow();
    slot& its = slot_of(one.account);
    const bool is_new = its.account == 0;
    if (!is_new) {
        index_entry& last = entries_[its.last].value;
        if (last.first_sequence + last.postings != one.sequence)
            return false;
        if (last.extent == extent) {
            ++last.postings;
            return true;
        }
    }
    // First, since it may throw.
    entries_.push_back({{one.sequence, extent, 1},
                        its.last,
                        is_new ? static_cast<std::uint32_t>(accounts_) : its.number});
    if (is_new)
        its = {one.account, none, static_cast<std::uint32_t>(accounts_++)};
    its.last = static_cast<std::uint32_t>(entries_.size() - 1);
    return true;
}

refused_record segment_index::add(const batch_view& one, std::uint64_t offset) {
    if (refused_record refused = find_keys(one); !refused.reason.empty())
        return refused;
    const std::lock_guard lock{mutex_};
    extents_.add(one.header, offset);
    position_ = one.after();
    for (std::size_t i = 0; i != keys_.size(); ++i) {
        if (i + prefetch_distance < keys_.size())
            __builtin_prefetch(&slots_[home(keys_[i + prefetch_distance].account)]);
        if (keys_[i].account == 0 || !add_posting(keys_[i], extents_.size() - 1))
            return {one.header.header_bytes(), "account " + std::to_string(keys_[i].account) +
                                                   " has no posting before its " +
                                                   std::to_string(keys_[i].sequence) + "th"};
    }
    return {};
}

batch_position segment_index::position() const {
    const std::lock_guard lock{mutex_};
    return position_;
}

std::optional<extent> segment_index::at(std::uint64_t record) const {
    const std::lock_guard lock{mutex_};
    const std::uint32_t index = extents_.having(record);
    return index < extents_.size() ? std::optional{extents_[index]} : std::nullopt;
}

std::optional<extent> segment_index::last_begun_before(std::uint64_t time_ns) const {
    const std::lock_guard lock{mutex_};
    const std::uint32_t count = extents_.begun_before(time_ns);
    return count != 0 ? std::optional{extents_[count - 1]} : std::nullopt;
}

account_extent segment_index::found(const index_entry& one) const noexcept {
    return {extents_[one.extent], one.first_sequence, one.postings};
}

std::optional<account_extent> segment_index::latest(account_number account,
                                                    std::uint64_t most_sequence) const {
    const std::lock_guard lock{mutex_};
    for (std::uint32_t i = last_of(account); i != none; i = entries_[i].before)
        if (entries_[i].value.first_sequence <= most_sequence)
            return found(entries_[i].value);
    return std::nullopt;
}

std::optional<account_extent> segment_index::latest_as_of(account_number account,
                                                          std::uint64_t time_ns) const {
    const std::lock_guard lock{mutex_};
    const std::uint32_t begun = extents_.begun_by(time_ns);
    for (std::uint32_t i = last_of(account); i != none; i = entries_[i].before)
        if (entries_[i].value.extent < begun)
            return found(entries_[i].value);
    return std::nullopt;
}

std::optional<account_extent> segment_index::earliest(account_number account,
                                                      std::uint64_t from_record) const {
    const std::lock_guard lock{mutex_};
    const std::uint32_t from = extents_.having(from_record);
    std::uint32_t earliest = none;
    for (std::uint32_t i = last_of(account); i != none && entries_[i].value.extent >= from;
         i = entries_[i].before)
        earliest = i;
    return earliest != none ? std::optional{found(entries_[earliest].value)} : std::nullopt;
}

void segment_index::visit_groups(const group_visitor& visit) const {
    std::vector<slot> sorted;
    sorted.reserve(accounts_);
    std::ranges::copy_if(slots_, std::back_inserter(sorted),
                         [](const slot& one) { return one.account != 0; });
    sort_by_account(sorted);
    // Grouped by account as a counting sort does: to follow the chains would miss the cache often.
    std::vector<std::uint32_t> ends(accounts_ + 1);
    for (const chained_entry& one : entries_)
        ++ends[one.account + 1];
    std::partial_sum(ends.begin(), ends.end(), ends.begin());
    std::vector<index_entry> grouped(entries_.size());
    for (const chained_entry& one : entries_)
        grouped[ends[one.account]++] = one.value;
    for (const slot& one : sorted) {
        const std::uint32_t begin = one.number == 0 ? 0 : ends[one.number - 1];
        visit(one.account, std::span{grouped}.subspan(begin, ends[one.number] - begin));
    }
}

}  // namespace coffer::journal
