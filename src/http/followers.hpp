// The connections of a worker whose streams follow what happens.
//
// Guarantees     They are called within follow_every after teller::news has risen, each once, and
//                at each tick; and those that rest, in turn. Together they take a small part of the
//                worker's time while it makes postings.
// Thread safety  None: for the worker's thread.
#pragma once

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <list>

#include "engine/teller.hpp"

namespace coffer::http {

class connection;

class followers {
public:
    followers(boost::asio::io_context& events, const coffer::teller& teller)
        : timer_{events}, teller_{teller} {}

    /// Calls the connection's on_change when there is news. Throws std::bad_alloc.
    void await_news(connection& one);
    /// Calls it when the worker has time. Throws std::bad_alloc.
    void await_turn(connection& one);
    void await_no_longer(connection& one) noexcept;

    /// Has all of them called: there is news, or a tick has passed.
    void note_news() noexcept;

private:
    using timer =
        boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                          boost::asio::wait_traits<std::chrono::steady_clock>,
                                          boost::asio::io_context::executor_type>;

    void serve_soon();
    void serve() noexcept;

    timer timer_;
    const coffer::teller& teller_;
    std::list<connection*> waiting_for_news_;
    std::list<connection*> waiting_for_turn_;
    std::uint64_t news_seen_ = 0;
    std::uint64_t postings_seen_ = 0;  // when they were served
    bool is_timed_ = false;            // the timer is set
};

}  // namespace coffer::http
