// Limits the number of connections, in all and of each peer, over all workers of a server.
#pragma once

#include <array>
#include <atomic>
#include <boost/asio/ip/address.hpp>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>

#include "http/limits.hpp"

namespace coffer::http {

/// What counts as one peer: an IPv4 address, or the /64 network of an IPv6 address, which is what
/// providers commonly assign to one customer.
using peer = std::array<unsigned char, 8>;

[[nodiscard]] peer peer_of(const boost::asio::ip::address&) noexcept;

/// Thread safety: any thread may call any member. Lock-free, unless a peer's limit is below the
/// limit of all: then a mutex guards the counts of peers. It is taken when a connection begins and
/// when it ends, never for a request.
class admission {
public:
    /// One connection's share of the limits, returned by the destructor.
    class place {
    public:
        enum class kind : std::uint8_t {
            none,         ///< refuse a request that is here already, and close
            turned_away,  ///< refuse its first request, with time to read the reply
            admitted,
        };

        place() noexcept = default;
        place(place&& other) noexcept;
        place& operator=(place&&) = delete;
        ~place();

        [[nodiscard]] kind which() const noexcept { return kind_; }
        [[nodiscard]] const peer& who() const noexcept { return who_; }
        [[nodiscard]] bool is_admitted() const noexcept { return kind_ == kind::admitted; }
        [[nodiscard]] bool may_linger() const noexcept { return kind_ != kind::none; }

    private:
        friend class admission;
        place(admission& from, kind which, const peer& who) noexcept
            : from_{&from}, who_{who}, kind_{which} {}

        admission* from_ = nullptr;
        peer who_{};
        kind kind_ = kind::none;
    };

    /// `allowed` must outlive it.
    explicit admission(const limits& allowed) noexcept : limits_{allowed} {}

    /// Takes a place for one more connection from this peer, of the best kind that is left. Throws
    /// std::bad_alloc.
    [[nodiscard]] place admit(const boost::asio::ip::address& from);

    [[nodiscard]] std::size_t admitted() const noexcept {
        return admitted_.load(std::memory_order_relaxed);
    }

    /// Whether no place of any kind is left: no connection should be accepted until one has ended.
    [[nodiscard]] bool is_full() const noexcept {
        return is_full_of_admitted() &&
               turned_away_.load(std::memory_order_relaxed) >= limits_.turned_away();
    }

private:
    [[nodiscard]] bool counts_peers() const noexcept {
        return limits_.connections_per_peer < limits_.connections;
    }
    [[nodiscard]] bool is_full_of_admitted() const noexcept {
        return admitted() >= limits_.connections;
    }
    [[nodiscard]] bool enter(const peer&);
    void leave(const peer&) noexcept;
    [[nodiscard]] bool enter_as_peer(const peer&);
    void leave_as_peer(const peer&) noexcept;

    const limits& limits_;
    std::atomic<std::size_t> admitted_{0};
    std::atomic<std::size_t> turned_away_{0};
    std::mutex peers_guard_;
    std::map<peer, std::size_t> peers_;
};

}  // namespace coffer::http
