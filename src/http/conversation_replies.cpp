// What a conversation does with its replies as it sends them: replaces those that the disk holds
// up, counts, measures and logs.
#include <new>
#include <string>

#include "http/conversation.hpp"
#include "http/reply_writer.hpp"

namespace coffer::http {

// Others of the replies, which no crash can take back, are kept.
void conversation::replace_undurable() {
    std::string replaced;
    std::size_t at = 0;
    for (undurable_reply& one : undurable_) {
        replaced.append(unsent_, at, one.offset - at);
        const std::size_t begin = replaced.size();
        const std::string_view before = std::string_view{unsent_}.substr(one.offset, one.bytes);
        const std::string_view id = request_id_of(before);
        if (one.is_stream)
            session_.replace_stream(one, id, replaced);
        else
            write_refusal(one, id, replaced);
        at = one.offset + one.bytes;
        one.status = static_cast<std::uint16_t>(api::describe(one.instead).status);
        one.bytes = static_cast<std::uint32_t>(replaced.size() - begin);
    }
    replaced.append(unsent_, at);
    unsent_.swap(replaced);
    unsent_due_ = 0;
}

void conversation::write_refusal(const undurable_reply& one, std::string_view request_id,
                                 std::string& out) {
    context_.session.reply.set_refusal_form(one.form);
    context_.session.reply.refuse(one.instead);
    write_reply(context_.session.reply,
                {.date = context_.session.date,
                 .without_body = one.without_body,
                 .close = one.close,
                 .keep_alive = one.keep_alive,
                 .request_id = request_id},
                out);
}

// What posts is counted by what is sent: the disk may not have answered in time.
conversation::action conversation::write_held(bool is_overdue) {
    const auto ledger = waiting_since_ - read_at_;
    const auto disk = context_.clock() - waiting_since_;
    if (notes_ != nullptr) [[unlikely]]
        put_timings(*notes_, ledger, disk, unsent_);
    if (is_overdue)
        replace_undurable();
    count_sent(undurable_, is_overdue);
    figures().disk.record(latency_ns(disk), held_replies_);
    figures().in_all.record(latency_ns(ledger + disk), held_replies_);
    if (notes_ != nullptr) [[unlikely]] {
        log(*notes_, ledger + disk, undurable_);
        notes_.reset();
    }
    waiting_since_ = {};
    return write_unsent();
}

void conversation::count_sent(std::span<const undurable_reply> those, bool is_overdue) noexcept {
    for (const undurable_reply& one : those)
        if (one.is_counted)
            figures().count(one.route, one.status, is_overdue ? one.instead : api::problem::none);
}

void conversation::measure(std::uint32_t replies) noexcept {
    if (replies != 0)
        figures().in_all.record(latency_ns(context_.clock() - read_at_), replies);
}

void conversation::put_timings(const std::vector<reply_note>& notes, duration ledger, duration disk,
                               std::string& out) noexcept {
    for (const reply_note& one : notes)
        if (one.timing != 0)
            put_timing(out, one.timing, ledger, disk);
}

/// `replaced` may have been sent in place of some of them.
void conversation::log(std::vector<reply_note>& notes, duration took,
                       std::span<const undurable_reply> replaced) noexcept {
    try {
        const std::string address = progress_.peer_address();
        for (reply_note& note : notes) {
            if (note.line == nullptr)
                continue;
            for (const undurable_reply& one : replaced)
                if (one.offset == note.offset && one.is_counted) {
                    note.line->status = one.status;
                    note.line->bytes = one.bytes;
                }
            log_access(*note.line, took, address);
        }
    } catch (const std::bad_alloc&) {  // they are not logged
    }
}

}  // namespace coffer::http
