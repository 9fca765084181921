#include "journal/file_log.hpp"

#include <algorithm>
#include <cerrno>
#include <random>
#include <stdexcept>
#include <utility>
#include <vector>

#include "journal/journal_error.hpp"
#include "ops/log.hpp"

namespace coffer::journal {

namespace {

ledger_id random_ledger_id() {
    std::random_device source;
    ledger_id id;
    for (std::byte& one : id)
        one = static_cast<std::byte>(source());
    return id;
}

std::string spare() {
    return std::string{spare_name};
}

/// Whether a smaller file may still find room.
bool is_lack_of_room(std::error_code error) noexcept {
    return error == std::errc::no_space_on_device || error == std::errc::file_too_large ||
           error == std::error_code{EDQUOT, std::system_category()};
}

/// Half a segment's size, rounded down to a size that a segment may have.
constexpr std::uint64_t half_of(std::uint64_t bytes) noexcept {
    return bytes / 2 / format::segment::batches_at * format::segment::batches_at;
}

}  // namespace

std::unique_ptr<file_log> file_log::create(storage& where, const options& chosen) {
    std::unique_ptr<file_log> made = closed(where, chosen);
    if (!list_segments(where).empty())
        throw journal_error{where.path(""), "has a journal already"};
    made->begin_new();
    return made;
}

std::unique_ptr<file_log> file_log::open(storage& where, const options& chosen,
                                         const std::optional<batch_position>& end,
                                         log_progress* progress) {
    std::unique_ptr<file_log> made = closed(where, chosen, progress);
    made->resume(end);
    return made;
}

std::unique_ptr<file_log> file_log::closed(storage& where, options chosen, log_progress* progress) {
    if (chosen.segment_bytes < min_segment_bytes ||
        chosen.segment_bytes % format::segment::batches_at != 0 ||
        chosen.first_bytes % format::segment::batches_at != 0)
        throw std::invalid_argument{"a segment has a multiple of 4096 bytes, and 8192 at least"};
    chosen.least_bytes = std::clamp(chosen.least_bytes, min_segment_bytes, chosen.segment_bytes);
    return std::unique_ptr<file_log>{new file_log{where, chosen, progress}};
}

void file_log::begin_new() {
    remove_spare();
    ledger_ = chosen_.ledger ? *chosen_.ledger : random_ledger_id();
    tail_ = {1, first_chain(ledger_), 0};
    // A batch fits into a segment of least_bytes, so the first segment is never left empty.
    wanted_bytes_ = std::clamp(chosen_.first_bytes, chosen_.least_bytes, chosen_.segment_bytes);
    attempted_bytes_ = wanted_bytes_;
    log_status status = make_room();
    if (status)
        status = advance();
    if (!status)
        throw journal_error{storage_.path(""), "cannot be begun: " + status.reason};
}

void file_log::resume(const std::optional<batch_position>& end) {
    const std::vector<std::uint64_t> segments = list_segments(storage_);
    if (segments.empty())
        throw journal_error{name(), "there is no segment of a journal here"};
    reader found{storage_, segments.back()};
    while (found.next()) {
    }
    if (end && *end != found.position())
        throw journal_error{
            name(), "ends with record " + std::to_string(found.position().next_record - 1) +
                        " by now, and not with record " + std::to_string(end->next_record - 1) +
                        " as when it was read: another program writes to it"};
    ledger_ = found.segment().ledger;
    tail_ = found.position();
    name_ = segment_name(found.segment().before.next_record);
    offset_ = found.offset();
    segment_bytes_ = found.segment().bytes;
    torn_ = found.torn();
    const auto require = [this](std::error_code error, const char* what) {
        if (error)
            throw journal_error{storage_.path(name_), what + error.message()};
    };
    auto opened = storage_.open(name_, storage::access::write);
    require(opened.error, "cannot be opened: ");
    current_ = std::move(opened.file);
    watch_.expect(segments);
    if (const std::string why = watch_.enter(found.segment().before.next_record, *current_);
        !why.empty())
        throw journal_error{storage_.path(name_), why.substr(storage_.path(name_).size() + 2)};
    cut_off_torn_tail(found);
    write_last_again(found);
    require(current_->sync(), "cannot be synced: ");
    remove_spare();
    require(storage_.sync(), "its directory cannot be synced: ");
    left_.store(segment_bytes_ - offset_, std::memory_order_relaxed);
    progress_.note_trimmed(segments.front());
    progress_.note_durable(tail_.next_record);
}

void file_log::cut_off_torn_tail(const reader& found) {
    if (!torn_)
        return;
    const std::vector<std::byte> zeros(static_cast<std::size_t>(torn_->bytes));
    if (const std::error_code error = current_->write(found.offset(), zeros))
        throw journal_error{torn_->file, torn_->offset,
                            "the torn batch cannot be cut off: " + error.message()};
}

// A sync that failed in an earlier life may have left the last batch in the page cache, marked as
// clean. Writing it again makes the next sync write it to the disk.
void file_log::write_last_again(const reader& found) {
    std::vector<std::byte> last(static_cast<std::size_t>(found.last_bytes()));
    const std::uint64_t begin = found.offset() - last.size();
    std::error_code error = current_->read(begin, last).error;
    if (!error && !last.empty())
        error = current_->write(begin, last);
    if (error)
        throw journal_error{storage_.path(name_), begin,
                            "the last batch cannot be written again: " + error.message()};
}

void file_log::remove_spare() {
    const auto listed = storage_.list();
    const bool there = std::ranges::find(listed.names, spare_name) != listed.names.end();
    if (const std::error_code error = there ? storage_.remove(spare()) : listed.error)
        throw journal_error{storage_.path(spare_name), "cannot be removed: " + error.message()};
}

log_status file_log::failed(const std::string& name, const char* what, std::error_code error) {
    return failed(storage_.path(name) + ": " + what + ": " + error.message());
}

log_status file_log::failed(std::string reason) {
    broken_ = true;
    return {log_errc::failed, std::move(reason)};
}

// Overwriting can lack room too: on copy-on-write file systems (btrfs), or where a file's size is
// limited. The batch does not count: after a crash it is torn, otherwise it is written again.
log_status file_log::refused(const std::string& name, std::error_code error) {
    if (!is_refused_.exchange(true, std::memory_order_relaxed))
        log::warn("{}: cannot be written: {}; postings are refused until a retry works",
                  storage_.path(name), error.message());
    return {log_errc::no_room, storage_.path(name) + ": " + error.message()};
}

void file_log::note_written() {
    if (is_refused_.load(std::memory_order_relaxed) &&
        is_refused_.exchange(false, std::memory_order_relaxed))
        log::info("{}: can be written again", storage_.path(name_));
}

log_status file_log::check_in_place() {
    std::string why = watch_.check_all();
    return {why.empty() ? log_errc::ok : log_errc::failed, std::move(why)};
}

log_status file_log::append(const batch_view& one) {
    if (broken_)
        return {log_errc::failed, storage_.path(name_) + ": has failed before"};
    if (pending_)
        return {log_errc::unexpected, "the batch before is not durable yet"};
    if (const batch_error error = check_follows(one.header, tail_); error != batch_error::none)
        return {log_errc::unexpected, describe(error)};
    if (one.bytes.size() > max_batch_bytes())
        return {log_errc::unexpected, "the batch is too large for a segment"};
    // A segment with such batches alone would have the same name as the next segment.
    if (one.header.records == 0 && is_without_records())
        return {};
    if (one.bytes.size() > segment_bytes_ - offset_)
        if (log_status advanced = advance(); !advanced)
            return advanced;
    if (const std::error_code error = current_->write(offset_, one.bytes))
        return is_lack_of_room(error) ? refused(name_, error)
                                      : failed(name_, "cannot be written", error);
    note_written();
    offset_ += one.bytes.size();
    tail_ = one.after();
    pending_ = true;
    left_.store(segment_bytes_ - offset_, std::memory_order_relaxed);
    return {};
}

log_status file_log::wait_durable() {
    if (broken_)
        return {log_errc::failed, storage_.path(name_) + ": has failed before"};
    if (!pending_)
        return {};
    if (const std::error_code error = current_->sync())
        return failed(name_, "cannot be synced", error);
    // Checked after the sync: only then does it prove that the next start will find what was
    // synced.
    if (std::string why = watch_.check_current(); !why.empty())
        return failed(std::move(why));
    pending_ = false;
    progress_.note_durable(tail_.next_record);
    return {};
}

/// Whether the current segment has no batch with records in it.
bool file_log::is_without_records() const {
    return name_ == segment_name(tail_.next_record);
}

/// Makes the spare the current segment.
log_status file_log::advance() {
    std::unique_ptr<storage_file> next;
    std::uint64_t bytes = 0;
    {
        const std::lock_guard lock{handing_over_};
        next = std::move(spare_);
        bytes = spare_bytes_;
    }
    if (next == nullptr)
        return {log_errc::no_room, "there is no segment to go on with"};
    const std::string name = segment_name(tail_.next_record);
    const auto header = encode(segment_header{ledger_, tail_, bytes});
    std::error_code error = next->write(0, header);
    if (is_lack_of_room(error)) {
        const std::lock_guard lock{handing_over_};
        spare_ = std::move(next);
        return refused(std::string{spare_name}, error);
    }
    if (!error)
        error = next->sync();
    if (error)
        return failed(name, "cannot be begun", error);
    error = storage_.rename(spare(), name);
    if (is_lack_of_room(error)) {  // for the name in the directory: nothing has changed
        const std::lock_guard lock{handing_over_};
        spare_ = std::move(next);
        return refused(std::string{spare_name}, error);
    }
    if (error == std::errc::no_such_file_or_directory) {
        // Another program has removed the spare, which was empty: another one is made.
        spare_left_.store(0, std::memory_order_release);
        return {log_errc::no_room, storage_.path(spare_name) + ": " + error.message()};
    }
    if (!error)
        error = storage_.sync();
    if (error)
        return failed(name, "cannot be begun", error);
    if (std::string why = watch_.enter(tail_.next_record, *next); !why.empty())
        return failed(std::move(why));
    current_ = std::move(next);
    name_ = name;
    offset_ = format::segment::batches_at;
    segment_bytes_ = bytes;
    // In this order, a reader may see too much room for a moment, but never too little.
    left_.store(segment_bytes_ - offset_, std::memory_order_relaxed);
    // Release: pairs with the acquire in make_room, so that it finds the spare renamed.
    spare_left_.store(0, std::memory_order_release);
    return {};
}

std::size_t file_log::max_batch_bytes() const {
    return std::min<std::size_t>(
        format::batch::max_bytes,
        static_cast<std::size_t>(chosen_.least_bytes) - format::segment::batches_at);
}

std::size_t file_log::max_room_bytes() const noexcept {
    return static_cast<std::size_t>(chosen_.segment_bytes) - format::segment::batches_at;
}

// Not the sum of both: the end of the current segment stays unused if it is too short for a whole
// batch.
std::size_t file_log::room_bytes() const noexcept {
    if (is_refused_.load(std::memory_order_relaxed))
        return 0;
    return static_cast<std::size_t>(std::max(spare_left_.load(std::memory_order_relaxed),
                                             left_.load(std::memory_order_relaxed)));
}

bool file_log::has_room_ahead() const noexcept {
    return spare_left_.load(std::memory_order_relaxed) != 0;
}

log_status file_log::make_room() {
    const std::lock_guard lock{making_};
    // Acquire: pairs with the release in advance. A file that has the spare's name now is useless.
    if (spare_left_.load(std::memory_order_acquire) != 0)
        return {};
    // After a smaller segment, twice its size is tried: on a disk that stays nearly full, little is
    // written in vain.
    std::uint64_t bytes = attempted_bytes_;
    made_spare made = make_spare(bytes);
    while (is_lack_of_room(made.error) && bytes > chosen_.least_bytes) {
        bytes = std::max(half_of(bytes), chosen_.least_bytes);
        made = make_spare(bytes);
    }
    attempted_bytes_ = std::min(2 * bytes, chosen_.segment_bytes);
    if (made.error)
        return {log_errc::no_room, storage_.path(spare_name) + ": " + made.error.message()};
    log_size(bytes);
    if (bytes == wanted_bytes_)
        attempted_bytes_ = chosen_.segment_bytes;
    wanted_bytes_ = chosen_.segment_bytes;
    const std::lock_guard handing_over{handing_over_};
    spare_ = std::move(made.file);
    spare_bytes_ = bytes;
    spare_left_.store(bytes - format::segment::batches_at, std::memory_order_relaxed);
    return {};
}

file_log::made_spare file_log::make_spare(std::uint64_t bytes) {
    // Removes what a failed attempt has left. Only an error of the new file matters.
    static_cast<void>(storage_.remove(spare()));
    auto made = storage_.open(spare(), storage::access::create);
    std::error_code error = made.error;
    if (!error)
        error = fill(*made.file, bytes);
    if (error) {
        made.file.reset();
        static_cast<void>(storage_.remove(spare()));  // room for others; removed again next time
    }
    return {std::move(made.file), error};
}

// Zeros are written, not only allocated. Otherwise every sync would have to record in the file
// system's own journal which parts of the file have been written since.
std::error_code file_log::fill(storage_file& made, std::uint64_t bytes) {
    if (const std::error_code error = made.allocate(bytes))
        return error;
    constexpr std::uint64_t piece_bytes = std::uint64_t{1} << 20;
    const std::vector<std::byte> zeros(static_cast<std::size_t>(std::min(piece_bytes, bytes)));
    for (std::uint64_t at = 0; at != bytes;) {
        const auto piece =
            static_cast<std::size_t>(std::min<std::uint64_t>(zeros.size(), bytes - at));
        if (const std::error_code error = made.write(at, std::span{zeros}.first(piece)))
            return error;
        at += piece;
    }
    return made.sync();
}

void file_log::log_size(std::uint64_t bytes) {
    const bool is_smaller = bytes < wanted_bytes_;
    if (is_smaller && !is_shrunk_)
        log::warn("the disk has little room: the next journal file has {} bytes instead of {}",
                  bytes, wanted_bytes_);
    if (!is_smaller && is_shrunk_)
        log::info("the next journal file has {} bytes again", bytes);
    is_shrunk_ = is_smaller;
}

bool file_log::can_trim(std::uint64_t before) const {
    const std::vector<std::uint64_t> segments = list_segments(storage_);
    return segments.size() > 1 && segments[1] <= before;
}

// From the oldest segment on, so that the journal never has a gap, not even after a crash: removals
// that are not synced may survive a crash in any order, so each waits until the ones before it are
// synced, those of an earlier call whose sync failed among them.
log_status file_log::trim(std::uint64_t before) {
    const auto refused = [this](const std::string& name, std::error_code error) {
        return log_status{log_errc::failed, storage_.path(name) + ": " + error.message()};
    };
    const std::vector<std::uint64_t> segments = list_segments(storage_);
    for (std::size_t i = 0; i + 1 < segments.size() && segments[i + 1] <= before; ++i) {
        if (const std::error_code error = storage_.sync())
            return refused("", error);
        const std::string oldest = segment_name(segments[i]);
        watch_.forget(segments[i]);
        // Before it is removed, so that a reader that misses it finds out why.
        progress_.note_trimmed(segments[i + 1]);
        if (const std::error_code error = storage_.remove(oldest))
            return refused(oldest, error);
        // An index without its segment is removed at the next start.
        static_cast<void>(storage_.remove(index_name(segments[i])));
    }
    if (const std::error_code error = storage_.sync())
        return refused("", error);
    return {};
}

}  // namespace coffer::journal
