// The connections of a worker whose streams follow what happens.
//
// Guarantees     They are called within some 10 ms after teller::news has risen, each once, and at
//                each tick; and those that rest, in turn, as far as the worker's other work leaves
//                them time. At full load they get a twentieth of it. They are called for a quarter
//                of a millisecond at once, and then it is the other connections' turn.
// Thread safety  None: for the worker's thread.
#pragma once

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <list>

#include "engine/teller.hpp"
#include "http/idle_time.hpp"

namespace coffer::http {

class connection;

class followers {
public:
    followers(boost::asio::io_context& events, const coffer::teller& teller)
        : events_{events}, timer_{events}, teller_{teller} {}

    /// Calls the connection's on_change when there is news. Throws std::bad_alloc.
    void await_news(connection& one);
    /// Calls it when the worker has time. Throws std::bad_alloc.
    void await_turn(connection& one);
    void await_no_longer(connection& one) noexcept;

    /// Has all of them called: there is news, or a tick has passed. Throws std::bad_alloc.
    void note_news();

private:
    using clock = std::chrono::steady_clock;
    using timer = boost::asio::basic_waitable_timer<clock, boost::asio::wait_traits<clock>,
                                                    boost::asio::io_context::executor_type>;

    void serve_soon();
    void begin_to_serve();
    void serve();
    [[nodiscard]] clock::duration call_some() noexcept;

    boost::asio::io_context& events_;
    timer timer_;
    const coffer::teller& teller_;
    std::list<connection*> waiting_for_news_;
    std::list<connection*> waiting_for_turn_;
    std::uint64_t news_seen_ = 0;
    idle_time idle_;             // of the thread, since they were served
    clock::duration left_{};     // of the time that they have
    bool has_time_ = true;       // the worker has little else to do
    bool is_under_way_ = false;  // the timer is set, or a handler is posted that serves
};

}  // namespace coffer::http
