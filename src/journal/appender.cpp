#include "journal/appender.hpp"

#include <utility>

#include "ops/assertion.hpp"

namespace coffer::journal {

appender::result appender::append(const batch_view& one) {
    invariant(one.header.first_record == end_.next_record && one.header.chain == end_.chain,
              "a batch is appended that does not follow the last durable one");
    if (!in_doubt_)
        return attempt(one);
    switch (look_for(one)) {
        case found::it:
            return finish(one);
        case found::nothing:
            return attempt(one);
        case found::another:
            return refuse_taken_over();
        case found::no_answer:
            break;
    }
    return result::unknown;
}

appender::result appender::attempt(const batch_view& one) {
    log_status status = log_.append(one);
    if (status)
        status = log_.wait_durable();
    switch (status.error) {
        case log_errc::ok:
            return finish(one);
        case log_errc::no_room:
            // In doubt, it must stay the same batch: the first attempt may still arrive.
            return refuse(in_doubt_ ? result::unknown : result::no_room, std::move(status.reason));
        case log_errc::unknown:
            in_doubt_ = true;
            return refuse(result::unknown, std::move(status.reason));
        case log_errc::unexpected:
            // Its place is taken: by itself if the first attempt has arrived meanwhile.
            return refuse(in_doubt_ ? result::unknown : result::failed, std::move(status.reason));
        case log_errc::failed:
            break;
    }
    return refuse(result::failed, std::move(status.reason));
}

appender::result appender::finish(const batch_view& one) {
    end_ = one.after();
    in_doubt_ = false;
    return result::durable;
}

appender::result appender::refuse(result as, std::string reason) {
    reason_ = reason.empty() ? "the journal failed" : std::move(reason);
    return as;
}

appender::result appender::refuse_taken_over() {
    return refuse(result::failed, log_.name() + ": another writer has taken over after record " +
                                      std::to_string(end_.next_record - 1) +
                                      ": nothing that it has not seen is acknowledged");
}

/// Reads the log from end_ on. A batch is known by its checksum, which covers its place in the
/// chain, its times and its records.
appender::found appender::look_for(const batch_view& one) {
    try {
        const auto from = log_.read_from(end_.next_record);
        while (const auto next = from->next())
            if (next->header.first_record == end_.next_record && next->header.chain == end_.chain)
                return next->header.checksum == one.header.checksum ? found::it : found::another;
        return from->position() == end_ ? found::nothing : found::another;
    } catch (const log_unavailable& refused) {
        reason_ = refused.what();
        return found::no_answer;
    }
}

}  // namespace coffer::journal
