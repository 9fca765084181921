#include "engine/copy_jobs.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>

#include "journal/interruption.hpp"
#include "snapshot/snapshot_directory.hpp"

namespace coffer {

void journal_copying::open(const journal::history& past) {
    last_ = past.last_record();
    if (next_ > *last_)
        return;
    const auto is_trimmed = [this, &past] { return next_ < past.beginning().first_record; };
    if (is_trimmed())
        throw journal::history_trimmed{past.beginning()};
    try {
        cursor_ = log_.read_from(next_);
    } catch (const journal::journal_error&) {
        if (is_trimmed())  // meanwhile
            throw journal::history_trimmed{past.beginning()};
        throw;
    }
}

void journal_copying::read(journal::history& past) {
    try {
        if (!last_)
            open(past);
        while (next_ <= *last_ && piece_.size() < piece_bytes) {
            journal::interruption::check();
            const auto batch = cursor_->next();
            if (!batch)  // the log is not there yet
                throw journal::history_unavailable{"the journal cannot be read to its end"};
            piece_.append(reinterpret_cast<const char*>(batch->bytes.data()), batch->bytes.size());
            next_ = std::max(next_, batch->after().next_record);
        }
    } catch (const journal::log_unavailable& failure) {
        throw journal::history_unavailable{failure.what()};
    }
    is_complete_ = next_ > *last_;
}

void snapshot_copying::read(journal::history&) {
    if (!file_.is_open()) {
        // By its name in the list: no other file can be asked for.
        const auto all = snapshot::list_snapshots(folder_);
        is_unknown_ =
            std::ranges::none_of(all, [this](const auto& one) { return one.filename() == name_; });
        if (is_unknown_)
            return;
        file_ = file_descriptor{folder_ / name_, O_RDONLY};
        is_unknown_ = !file_.is_open() && errno == ENOENT;
        if (is_unknown_)
            return;
        if (!file_.is_open())
            snapshot::throw_snapshot_error(folder_ / name_, "cannot be opened");
    }
    piece_.resize(piece_bytes);
    const ssize_t size = file_.read(piece_.data(), piece_.size());
    if (size < 0)
        snapshot::throw_snapshot_error(folder_ / name_, "cannot be read");
    piece_.resize(static_cast<std::size_t>(size));
    is_complete_ = size == 0;
}

}  // namespace coffer
