#include "engine/engine.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "journal/format.hpp"

namespace coffer {
namespace {

constexpr std::size_t clerks = 1;  // each has a teller

constexpr std::size_t least_lane_bytes = std::size_t{128} << 10;
constexpr std::size_t most_lane_bytes = std::size_t{512} << 10;
// A turn of records of half the largest size, one more, and a filler. Larger ones can fill the lane
// before: see teller::was_full.
static_assert(least_lane_bytes >=
              (teller::most_a_turn + 2) * journal::format::record::max_bytes / 2);

/// As large as the log's room allows: see writer::room_factor.
std::size_t lane_bytes(std::size_t tellers, const journal::batch_log& log) noexcept {
    const std::size_t room = log.max_room_bytes() - log.max_batch_bytes();
    const std::size_t fair = std::bit_floor(room / journal::writer::room_factor / tellers);
    return std::clamp(fair, least_lane_bytes, most_lane_bytes);
}

}  // namespace

engine::engine(const options& chosen)
    : rights_{chosen.rights != nullptr ? chosen.rights : &alone_},
      clock_{chosen.clock, chosen.times.value_or(journal::time_sources::of_system())},
      keys_{chosen.keys, [this] { return running_ns(); }},
      ended_{chosen.ended_holds.value_or(chosen.keys.keys)} {
    for (std::size_t i = 0; i != chosen.tellers + clerks; ++i)
        tellers_.push_back(std::make_unique<teller>(*this));
}

engine::engine(std::unique_ptr<coffer::ledger> ledger) : engine{options{}} {
    open(std::move(ledger));
}

engine::~engine() {
    static_cast<void>(close());  // a failure was reported by on_failure
    if (reader_)
        reader_->stop();
}

/// Collects the holds that ended before. Nobody ends holds meanwhile, so each is added once.
void engine::find_ended_holds() noexcept {
    constexpr std::size_t at_once = 65'536;
    const std::uint64_t running_ns = clock_.running_ns();
    const auto add = [this, running_ns](const hold& one) {
        if (one.status != hold_status::held)
            ended_.add({one.account, one.id, ledger_->balance(one.account).posting.sequence},
                       running_ns);
    };
    ledger::hold_place from{};
    while (!ledger_->scan_holds(from, at_once, add))
        ;
}

void engine::open(std::unique_ptr<coffer::ledger> ledger) {
    ledger_ = std::move(ledger);
    find_ended_holds();
    // Releases: pair with the acquires in is_open and takes_postings.
    takes_postings_.store(true, std::memory_order_release);
    is_open_.store(true, std::memory_order_release);
}

void engine::open(std::unique_ptr<coffer::ledger> ledger, std::unique_ptr<journal::batch_log> log,
                  journal_options chosen) {
    ledger_ = std::move(ledger);
    owned_log_ = std::move(log);
    log_ = owned_log_.get();
    snapshot_folder_ = std::move(chosen.snapshots);
    std::unique_ptr<journal::history> history = std::move(chosen.history);
    begin_writing(std::move(chosen));
    begin_history(std::move(history));
    // Releases: pair with the acquires in is_open and takes_postings.
    takes_postings_.store(true, std::memory_order_release);
    is_open_.store(true, std::memory_order_release);
}

void engine::open_standby(std::unique_ptr<coffer::ledger> ledger, journal::batch_log& files,
                          standby_options chosen) {
    ledger_ = std::move(ledger);
    log_ = &files;
    snapshot_folder_ = std::move(chosen.snapshots);
    disk_timeout_ = chosen.disk_timeout;
    wait_kept_ = std::move(chosen.wait_kept);
    is_standby_.store(true, std::memory_order_release);
    note_applying(chosen.last_record);
    note_applied(chosen.last_record, chosen.journal_end);
    last_seen_.reset();  // when that was written is not known
    begin_history(std::move(chosen.history));
    // Release: pairs with the acquire in is_open.
    is_open_.store(true, std::memory_order_release);
}

void engine::note_applied(std::uint64_t last_record, const journal::batch_stamp& written) noexcept {
    applied_running_ns_.store(written.running_ns, std::memory_order_relaxed);
    applied_time_ns_.store(written.time_ns, std::memory_order_relaxed);
    keys_.advance(written.running_ns);
    // A batch that is read after a long time without the log may have been written long ago.
    constexpr std::chrono::seconds lately{60};
    if (rights_->applied().at_end.count() != 0 && rights_->age() < lately)
        last_seen_ = clock_.monotonic();
    else
        last_seen_.reset();
    // Release: pairs with the acquire in durable_record, so that the records are in the ledger.
    applied_record_.store(last_record, std::memory_order_release);
    for (const auto& one : tellers_)
        one->call_on_durable();
}

void engine::lead(std::unique_ptr<journal::batch_log> log, journal_options chosen) {
    owned_log_ = std::move(log);
    log_ = owned_log_.get();
    begin_writing(std::move(chosen));
    // Release: pairs with the acquire in is_standby, so that the writer and the clock have begun.
    is_standby_.store(false, std::memory_order_release);
    takes_postings_.store(true, std::memory_order_release);
}

/// Begins to write to log_, whose end the ledger is at.
void engine::begin_writing(journal_options chosen) {
    if (last_seen_)
        clock_.take_over(chosen.journal_end, clock_.monotonic() - *last_seen_);
    else
        clock_.begin(chosen.journal_end);
    keys_.advance(chosen.journal_end.running_ns);
    find_ended_holds();
    journal::batch_log& log = *owned_log_;
    journal::writer::options asked;
    for (const auto& one : tellers_)
        asked.on_durable.push_back([&teller = *one] { teller.call_on_durable(); });
    asked.on_failure = std::move(chosen.on_failure);
    asked.lane_bytes = lane_bytes(tellers_.size(), log);
    asked.commit_wait = chosen.commit_wait;
    asked.confirms_markers = has_read_barrier_ = chosen.read_barrier;
    disk_timeout_ = asked.disk_timeout = chosen.disk_timeout;
    asked.now = [this, key_life_ns = keys_.life_ns()] {
        journal::batch_stamp now = clock_.stamp();
        now.key_life_ns = key_life_ns;
        return now;
    };
    journal_.emplace(*ledger_, log, std::move(asked));
    for (std::size_t i = 0; i != tellers_.size(); ++i)
        tellers_[i]->lane_ = &journal_->lane_at(i);
}

void engine::begin_history(std::unique_ptr<journal::history> history) {
    history_ = std::move(history);
    if (history_)
        reader_.emplace(
            *history_, [this] { return durable_record(); },
            history_reader::options{.patience = disk_timeout()});
}

std::uint64_t engine::durable_record() const noexcept {
    // Acquire: pairs with the release in note_applied.
    return is_standby() ? applied_record_.load(std::memory_order_acquire)
                        : journal_->durable_record();
}

std::optional<std::uint64_t> engine::barrier() noexcept {
    const auto deadline = [this] { return std::chrono::steady_clock::now() + disk_timeout(); };
    if (is_standby()) {
        // Acquire: pairs with the release in note_applying.
        const std::uint64_t record = applying_record_.load(std::memory_order_acquire);
        return wait_kept_(record, deadline()) ? std::optional{record} : std::nullopt;
    }
    const std::optional<std::uint64_t> record = journal_->barrier();
    if (!record || !log()->wait_kept_here(*record, deadline()))
        return std::nullopt;
    return record;
}

std::uint64_t engine::running_ns() const noexcept {
    return is_standby() ? applied_running_ns_.load(std::memory_order_relaxed) : clock_.running_ns();
}

std::uint64_t engine::time_ns() const {
    return is_standby() ? applied_time_ns_.load(std::memory_order_relaxed) : clock_.stamp().time_ns;
}

void engine::require_room(const journal::batch_log& log) const {
    journal::writer::require_room(log, tellers_.size(), lane_bytes(tellers_.size(), log));
}

engine::log_room engine::room_for(std::size_t tellers) noexcept {
    const std::size_t lanes = tellers + clerks;
    const auto room = [lanes](std::size_t bytes_a_lane) {
        return journal::writer::room_factor * lanes * bytes_a_lane +
               journal::format::batch::max_bytes;
    };
    return {.tight_bytes = 2 * journal::writer::least_room_bytes(lanes),
            .least_bytes = room(least_lane_bytes),
            .ample_bytes = room(most_lane_bytes)};
}

service engine::why_no_postings() const noexcept {
    if (!takes_postings())
        return service::not_open;
    if (!journal_ || journal_->accepting())
        return service::done;
    return journal_->hangs() ? service::disk_hangs : service::disk_full;
}

bool engine::close_by(std::chrono::steady_clock::time_point deadline) noexcept {
    if (reader_)
        reader_->begin_to_stop();
    return !journal_ || journal_->stop_by(deadline);
}

bool engine::end_history_by(std::chrono::steady_clock::time_point deadline) noexcept {
    if (reader_ && !reader_->stop_by(deadline))
        return false;
    deadline = std::max(deadline, std::chrono::steady_clock::now() + std::chrono::seconds{1});
    return !history_ || history_->stop_by(deadline);
}

bool engine::close() noexcept {
    if (reader_)
        reader_->begin_to_stop();
    return !journal_ || journal_->stop();
}

}  // namespace coffer
