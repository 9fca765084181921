#include "http/followers.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>

#include "http/connection.hpp"

namespace coffer::http {
namespace {

using namespace std::chrono_literals;

/// How often they are called; and how often those that are behind, by a worker that has time.
constexpr std::chrono::microseconds follow_every = 10ms;
constexpr std::chrono::microseconds catch_up_every = 2ms;

/// How much time they have each time, if the worker has little else to do.
constexpr std::chrono::microseconds alone = 10ms;
/// For how long they are called before the other connections are served.
constexpr std::chrono::microseconds at_once = 250us;
/// How much more they may have taken the last time, to be taken off; beyond it the thread was held
/// up meanwhile.
constexpr std::chrono::microseconds most_excess = 1ms;

}  // namespace

void followers::await_news(connection& one) {
    waiting_for_news_.push_back(&one);
    serve_soon();
}

void followers::await_turn(connection& one) {
    waiting_for_turn_.push_back(&one);
    serve_soon();
}

void followers::await_no_longer(connection& one) noexcept {
    waiting_for_news_.remove(&one);
    waiting_for_turn_.remove(&one);
}

void followers::note_news() {
    news_seen_ = teller_.news();
    waiting_for_turn_.splice(waiting_for_turn_.end(), waiting_for_news_);
    if (!waiting_for_turn_.empty())
        serve_soon();  // there may have been no memory for it before
}

// By a timer rather than at each batch that becomes durable, so that a hundred followers cost
// little beside a thousand batches a second; and it shows what other workers have posted.
void followers::serve_soon() {
    if (is_under_way_)
        return;
    timer_.expires_after(has_time_ && !waiting_for_turn_.empty() ? catch_up_every : follow_every);
    timer_.async_wait([this](boost::system::error_code) { begin_to_serve(); });
    is_under_way_ = true;  // last: if that throws, the next tick tries again
}

// What they get is a part of what the other work has left of the time in which they were not
// served; a part only, since that work may have been less for want of replies.
void followers::begin_to_serve() {
    if (teller_.news() != news_seen_)
        note_news();
    const auto [passed, idle] = idle_.since_begin();
    has_time_ = idle > passed * 3 / 4;
    const auto due = has_time_ ? clock::duration{alone} : std::max(passed / 20, idle / 4);
    const auto excess = std::clamp<clock::duration>(-left_, 0us, most_excess);
    left_ = std::min<clock::duration>(due, alone) - excess;
    serve();
}

void followers::serve() {
    left_ -= call_some();
    is_under_way_ = false;
    if (waiting_for_turn_.empty() || left_ <= clock::duration{0}) {
        idle_.begin();
        if (!waiting_for_turn_.empty() || !waiting_for_news_.empty())
            serve_soon();
        return;
    }
    boost::asio::post(events_, [this] { serve(); });
    is_under_way_ = true;
}

// In turn, so that each gets its part. Returns how long it took.
followers::clock::duration followers::call_some() noexcept {
    const auto begin = clock::now();
    const auto end = begin + std::min<clock::duration>(at_once, left_);
    auto now = begin;
    for (; !waiting_for_turn_.empty() && now < end; now = clock::now()) {
        connection& first = *waiting_for_turn_.front();
        waiting_for_turn_.pop_front();
        first.on_change();
    }
    return now - begin;
}

}  // namespace coffer::http
