#include "engine/event_blocks.hpp"

#include <algorithm>
#include <utility>

namespace coffer {

std::size_t event_block::first_after(std::uint64_t record) const noexcept {
    const auto found = std::ranges::upper_bound(events, record, {}, &event::record);
    return static_cast<std::size_t>(found - events.begin());
}

std::string_view event_block::line(std::size_t index) const noexcept {
    const std::size_t begin = index == 0 ? 0 : events[index - 1].end;
    return std::string_view{lines}.substr(begin, events[index].end - begin);
}

std::span<const account_number> event_block::accounts_of(std::size_t index) const noexcept {
    const std::size_t begin = index == 0 ? 0 : events[index - 1].accounts_end;
    return std::span{accounts}.first(events[index].accounts_end).subspan(begin);
}

bool event_block::touches(std::size_t index, account_number account) const noexcept {
    const auto all = accounts_of(index);
    return std::ranges::find(all, account) != all.end();
}

std::size_t event_block::bytes() const noexcept {
    constexpr std::size_t overhead = 256;  // of the block, and of what leads to it
    return overhead + lines.capacity() + events.capacity() * sizeof(event) +
           accounts.capacity() * sizeof(account_number);
}

std::shared_ptr<const event_block> event_blocks::find(std::uint64_t after) const {
    const std::lock_guard lock{mutex_};
    const auto next = kept_.upper_bound(after);
    if (next == kept_.begin())
        return nullptr;
    const auto& found = std::prev(next)->second;
    return after < found->through ? found : nullptr;
}

void event_blocks::add(std::shared_ptr<const event_block> made) {
    const std::lock_guard lock{mutex_};
    const std::uint64_t after = made->after;
    auto& place = kept_[after];
    if (place == nullptr)
        order_.push_back(after);
    else
        bytes_ -= place->bytes();
    bytes_ += made->bytes();
    place = std::move(made);
    while (bytes_ > max_bytes_ && order_.size() > 1) {
        const auto oldest = kept_.find(order_.front());
        bytes_ -= oldest->second->bytes();
        kept_.erase(oldest);
        order_.pop_front();
    }
}

bool event_blocks::claim(std::uint64_t after, const std::shared_ptr<const history_job>& by) {
    const std::lock_guard lock{mutex_};
    if (claims_.size() > most_ended_claims)
        drop_ended_claims();
    auto& place = claims_[after];
    if (const auto other = place.lock(); other != nullptr && !other->is_done())
        return false;
    place = by;
    return true;
}

void event_blocks::drop_ended_claims() {
    std::erase_if(claims_, [](const auto& one) {
        const auto job = one.second.lock();
        return job == nullptr || job->is_done();
    });
}

std::size_t event_blocks::bytes() const {
    const std::lock_guard lock{mutex_};
    return bytes_;
}

}  // namespace coffer
