#include "http/followers.hpp"

#include <utility>

#include "http/connection.hpp"

namespace coffer::http {
namespace {

constexpr std::chrono::milliseconds follow_every{10};

/// How much of that time they may take: while the worker makes postings, and otherwise.
constexpr std::chrono::microseconds beside_postings{100};
constexpr std::chrono::microseconds alone{5000};

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

void followers::note_news() noexcept {
    news_seen_ = teller_.news();
    waiting_for_turn_.splice(waiting_for_turn_.end(), waiting_for_news_);
}

// By a timer rather than at each batch that becomes durable, so that a hundred followers cost
// little beside a thousand batches a second; and it shows what other workers have posted.
void followers::serve_soon() {
    if (std::exchange(is_timed_, true))
        return;
    timer_.expires_after(follow_every);
    timer_.async_wait([this](boost::system::error_code) {
        is_timed_ = false;
        if (teller_.news() != news_seen_)
            note_news();
        serve();
        if (!waiting_for_news_.empty() || !waiting_for_turn_.empty())
            serve_soon();
    });
}

// In turn, so that each gets its part.
void followers::serve() noexcept {
    using clock = std::chrono::steady_clock;
    const std::uint64_t postings = teller_.postings();
    const bool makes_postings = std::exchange(postings_seen_, postings) != postings;
    const auto end = clock::now() + (makes_postings ? beside_postings : alone);
    while (!waiting_for_turn_.empty() && clock::now() < end) {
        connection& first = *waiting_for_turn_.front();
        waiting_for_turn_.pop_front();
        first.on_change();
    }
}

}  // namespace coffer::http
