#include "api/account_page.hpp"

#include <algorithm>
#include <utility>

#include "api/account_text.hpp"
#include "engine/engine.hpp"
#include "ops/text.hpp"

namespace coffer::api {
namespace {

/// Looked at in one step, some 0.2 ms.
constexpr std::size_t slots_a_step = 32'768;

/// Read in one step. Small, so that a busy lane has room for their markers.
constexpr std::size_t accounts_a_step = 32;

/// How many pages are looking for their accounts. Relaxed: it orders nothing.
std::atomic<std::size_t> scans_under_way{0};

/// Unlike clear() and an assignment, frees the memory.
template <class Container>
void free_memory(Container& one) noexcept {
    Container{}.swap(one);
}

}  // namespace

void account_page::count_down::operator()(std::atomic<std::size_t>* scans) const noexcept {
    scans->fetch_sub(1, std::memory_order_relaxed);
}

std::unique_ptr<account_page> account_page::make(std::size_t limit, account_number after) {
    const std::size_t others = scans_under_way.fetch_add(1, std::memory_order_relaxed);
    counted_scan scan{&scans_under_way};
    if (others >= max_scans)
        return nullptr;
    return std::unique_ptr<account_page>{new account_page{limit, after, std::move(scan)}};
}

account_page::account_page(std::size_t limit, account_number after, counted_scan scan)
    : scan_{std::move(scan)}, limit_{limit}, after_{after} {
    numbers_.reserve(limit + 1);
}

std::size_t account_page::buffered_bytes() const noexcept {
    return text_.capacity() + numbers_.capacity() * sizeof(account_number);
}

body_stream::state account_page::pull(coffer::teller& teller, std::size_t room_bytes,
                                      std::string& out) {
    switch (phase_) {
        case phase::scanning:
            scan(teller.engine().ledger());
            return state::more;
        case phase::reading:
            return read(teller);
        case phase::syncing:
            if (teller.is_durable(due_))
                phase_ = phase::sending;
            else if (teller.reserve_shown(0) == service::disk_hangs)
                return fail(problem::disk_hangs);
            else
                return state::waiting;
            break;
        case phase::sending:
            break;
    }
    return send(room_bytes, out);
}

void account_page::scan(const ledger& accounts) {
    const bool is_whole = accounts.scan(place_, slots_a_step, [this](account_number one) {
        if (one <= after_ || (numbers_.size() > limit_ && one > numbers_.front()))
            return;
        if (numbers_.size() > limit_) {
            std::pop_heap(numbers_.begin(), numbers_.end());
            numbers_.pop_back();
        }
        numbers_.push_back(one);
        std::push_heap(numbers_.begin(), numbers_.end());
    });
    if (is_whole)
        finish_scan();
}

void account_page::finish_scan() {
    scan_.reset();
    std::sort_heap(numbers_.begin(), numbers_.end());
    has_more_ = numbers_.size() > limit_;
    numbers_.resize(std::min(numbers_.size(), limit_));
    text_ = R"({"success":true,"data":{"accounts":[)";
    phase_ = phase::reading;
}

body_stream::state account_page::read(coffer::teller& teller) {
    const std::size_t end = std::min(numbers_.size(), read_ + accounts_a_step);
    const service ready = teller.reserve_shown(end - read_);
    if (ready == service::lane_full)
        return state::waiting;
    if (ready != service::done)
        return fail(problem_of(ready));
    for (; read_ != end; ++read_) {
        const outcome found = teller.engine().ledger().balance(numbers_[read_]);
        if (!found)
            continue;  // it was about to be opened when it was found
        teller.show(found.posting);
        if (shown_++ != 0)
            text_ += ',';
        append_account(text_, found.posting);
    }
    due_ = std::max(due_, teller.due());
    if (read_ != numbers_.size())
        return state::more;
    text_ += R"(],"next":)";
    if (has_more_) {
        text_ += '"';
        append_number(text_, numbers_.back());
        text_ += '"';
    } else {
        text_ += "null";
    }
    text_ += R"(},"code":200})";
    free_memory(numbers_);
    phase_ = phase::syncing;
    return state::more;
}

body_stream::state account_page::send(std::size_t room_bytes, std::string& out) {
    const std::size_t size = std::min(std::max<std::size_t>(room_bytes, 1), text_.size() - sent_);
    out.append(text_, sent_, size);
    sent_ += size;
    if (sent_ != text_.size())
        return state::more;
    free_memory(text_);
    sent_ = 0;
    return state::done;
}

// The page is complete before its first piece is sent.
void account_page::end_early(problem, std::string& out) {
    out.append(text_, sent_);
    free_memory(text_);
    sent_ = 0;
}

}  // namespace coffer::api
