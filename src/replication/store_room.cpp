#include "replication/store_room.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace coffer::replication {
namespace {

constexpr std::uint64_t hundredths(std::uint64_t of, std::uint64_t share) noexcept {
    return of / 100 * share;
}

constexpr std::uint64_t full_percent = 80;
constexpr std::uint64_t room_again_percent = 75;
constexpr std::uint64_t tight_percent = 65;

/// What was appended between two moments; another log may have fewer bytes.
constexpr std::uint64_t since(std::uint64_t before, std::uint64_t now) noexcept {
    return now - std::min(before, now);
}

}  // namespace

bool store_room::is_due(std::uint64_t appended, std::chrono::nanoseconds now) const {
    const std::lock_guard lock{mutex_};
    return !was_measured_ || now - measured_at_ >= chosen_.measure_every ||
           since(appended_, appended) >= quota() / 32;
}

void store_room::measure(std::uint64_t appended, std::chrono::nanoseconds now) {
    std::vector<store_size> sizes;
    for (const std::string& name : care_.members())
        if (const auto size = care_.size_of(name, chosen_.within))
            sizes.push_back(size.value);
    const std::lock_guard lock{mutex_};
    if (!sizes.empty()) {
        sizes_ = std::move(sizes);
        sized_at_appended_ = appended;
    }
    appended_ = appended;
    measured_at_ = now;
    was_measured_ = true;
    const figures found = estimate(appended);
    const std::uint64_t limit =
        hundredths(found.quota_bytes, is_full_ ? room_again_percent : full_percent);
    is_full_ = found.database_bytes >= limit;
}

store_room::figures store_room::now(std::uint64_t appended) const {
    const std::lock_guard lock{mutex_};
    return sizes_.empty() ? figures{} : estimate(appended);
}

std::uint64_t store_room::quota_bytes() const {
    const std::lock_guard lock{mutex_};
    return quota();
}

std::uint64_t store_room::quota() const {
    if (chosen_.quota_bytes != 0)
        return chosen_.quota_bytes;
    std::uint64_t least = 0;
    for (const store_size& one : sizes_)
        if (one.quota_bytes != 0)
            least = least == 0 ? one.quota_bytes : std::min(least, one.quota_bytes);
    return least == 0 ? default_quota_bytes : least;
}

store_room::figures store_room::estimate(std::uint64_t appended) const {
    figures found;
    found.quota_bytes = quota();
    for (const store_size& one : sizes_)
        if (one.database_bytes >= found.database_bytes) {
            found.database_bytes = one.database_bytes;
            found.used_bytes = one.used_bytes;
        }
    // All of what was appended since may have made the file larger, even where it has free pages: a
    // large value needs pages side by side.
    const std::uint64_t more = since(sized_at_appended_, appended);
    found.database_bytes += more;
    found.used_bytes += more;
    found.is_full = is_full_ || found.database_bytes >= hundredths(found.quota_bytes, full_percent);
    found.is_tight =
        found.is_full || found.database_bytes >= hundredths(found.quota_bytes, tight_percent);
    return found;
}

}  // namespace coffer::replication
