#include "api/scanned_page.hpp"

namespace coffer::api {
namespace {

/// How many pages are looking for what they show. Relaxed: it orders nothing.
std::atomic<std::size_t> scans_under_way{0};

/// Unlike clear(), frees the memory.
void free_memory(std::string& text) noexcept {
    std::string{}.swap(text);
}

}  // namespace

void scanned_page::count_down::operator()(std::atomic<std::size_t>* scans) const noexcept {
    scans->fetch_sub(1, std::memory_order_relaxed);
}

scanned_page::counted_scan scanned_page::begin_scan() noexcept {
    const std::size_t others = scans_under_way.fetch_add(1, std::memory_order_relaxed);
    counted_scan scan{&scans_under_way};
    if (others >= max_scans)
        scan.reset();
    return scan;
}

body_stream::state scanned_page::pull(coffer::teller& teller, std::size_t room_bytes,
                                      std::string& out) {
    switch (phase_) {
        case phase::scanning:
            if (scan(teller)) {
                scan_.reset();
                phase_ = phase::reading;
            }
            return state::more;
        case phase::reading: {
            const state now = read(teller, text_);
            due_ = std::max(due_, teller.due());
            if (now != state::done)
                return now;
            phase_ = phase::syncing;
            return state::more;
        }
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

body_stream::state scanned_page::send(std::size_t room_bytes, std::string& out) {
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
void scanned_page::end_early(problem, std::string& out) {
    out.append(text_, sent_);
    free_memory(text_);
    sent_ = 0;
}

}  // namespace coffer::api
