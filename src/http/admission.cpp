#include "http/admission.hpp"

#include <algorithm>
#include <utility>

namespace coffer::http {
namespace {

// Relaxed throughout: no other memory is published by these counts.
bool count_up_to(std::atomic<std::size_t>& count, std::size_t limit) noexcept {
    std::size_t now = count.load(std::memory_order_relaxed);
    while (now < limit)
        if (count.compare_exchange_weak(now, now + 1, std::memory_order_relaxed,
                                        std::memory_order_relaxed))
            return true;
    return false;
}

}  // namespace

peer peer_of(const boost::asio::ip::address& address) noexcept {
    peer found{};
    // No IPv6 network begins with 32 zero bits, so the two kinds cannot collide.
    const auto put_v4 = [&found](const boost::asio::ip::address_v4& v4) {
        const auto bytes = v4.to_bytes();
        std::copy(bytes.begin(), bytes.end(), found.begin() + 4);
    };
    if (address.is_v4()) {
        put_v4(address.to_v4());
    } else if (address.to_v6().is_v4_mapped()) {
        put_v4(boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address.to_v6()));
    } else {
        const auto bytes = address.to_v6().to_bytes();
        std::copy_n(bytes.begin(), found.size(), found.begin());
    }
    return found;
}

admission::place::place(place&& other) noexcept
    : from_{std::exchange(other.from_, nullptr)},
      who_{other.who_},
      kind_{std::exchange(other.kind_, kind::none)} {}

admission::place::~place() {
    if (kind_ == kind::admitted)
        from_->leave(who_);
    else if (kind_ == kind::turned_away)
        from_->turned_away_.fetch_sub(1, std::memory_order_relaxed);
}

admission::place admission::admit(const boost::asio::ip::address& from) {
    const peer who = peer_of(from);
    if (enter(who))
        return {*this, place::kind::admitted, who};
    if (count_up_to(turned_away_, limits_.turned_away()))
        return {*this, place::kind::turned_away, who};
    // A client over its peer's limit gets no place, since it must not keep others out. The last
    // client before accepting stops is turned away in order.
    if (!is_full_of_admitted())
        return {};
    turned_away_.fetch_add(1, std::memory_order_relaxed);
    return {*this, place::kind::turned_away, who};
}

bool admission::enter(const peer& who) {
    if (counts_peers() && !enter_as_peer(who))
        return false;
    if (count_up_to(admitted_, limits_.connections))
        return true;
    if (counts_peers())
        leave_as_peer(who);
    return false;
}

void admission::leave(const peer& who) noexcept {
    admitted_.fetch_sub(1, std::memory_order_relaxed);
    if (counts_peers())
        leave_as_peer(who);
}

bool admission::enter_as_peer(const peer& who) {
    const std::lock_guard lock{peers_guard_};
    std::size_t& count = peers_[who];
    if (count >= limits_.connections_per_peer)
        return false;
    ++count;
    return true;
}

void admission::leave_as_peer(const peer& who) noexcept {
    const std::lock_guard lock{peers_guard_};
    const auto found = peers_.find(who);
    if (--found->second == 0)
        peers_.erase(found);
}

}  // namespace coffer::http
