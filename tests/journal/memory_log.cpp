#include "journal/memory_log.hpp"

#include <algorithm>
#include <utility>

namespace coffer::test {

using journal::batch_position;
using journal::batch_view;
using journal::log_errc;
using journal::log_status;

namespace {

constexpr const char* taken_over = "another writer has taken over";

batch_view view_of(const shared_bytes& one) {
    return journal::check_batch(*one).value;
}

ledger_id next_ledger_id() {
    static std::atomic<std::uint8_t> last{0};
    ledger_id id{};
    id[0] = std::byte{++last};
    return id;
}

class memory_cursor : public journal::batch_cursor {
public:
    memory_cursor(std::shared_ptr<memory_batches> from, std::size_t index,
                  const batch_position& position, const journal::batch_stamp& stamp)
        : from_{std::move(from)}, index_{index}, position_{position}, stamp_{stamp} {}

    [[nodiscard]] std::optional<batch_view> next() override {
        const shared_bytes found = from_->at(index_);
        if (found == nullptr)
            return std::nullopt;
        const auto checked = journal::check_batch(*found);
        if (checked.error != journal::batch_error::none ||
            journal::check_follows(checked.value.header, position_) != journal::batch_error::none)
            throw journal::journal_error{"memory", "the chain is broken"};
        last_ = found;
        ++index_;
        bytes_ += found->size();
        position_ = checked.value.after();
        stamp_ = checked.value.header.stamp;
        return checked.value;
    }
    [[nodiscard]] std::string where() const override { return "batch " + std::to_string(index_); }
    [[nodiscard]] const batch_position& position() const noexcept override { return position_; }
    [[nodiscard]] const journal::batch_stamp& stamp() const noexcept override { return stamp_; }
    [[nodiscard]] std::uint64_t bytes_passed() const override { return bytes_; }

private:
    std::shared_ptr<memory_batches> from_;
    std::size_t index_;
    batch_position position_;
    journal::batch_stamp stamp_;
    shared_bytes last_;
    std::uint64_t bytes_ = 0;
};

class new_memory_log : public journal::new_log {
public:
    explicit new_memory_log(memory_store& into) : into_{into}, log_{into.being_made()} {}
    [[nodiscard]] journal::batch_log& log() override { return log_; }
    void publish() override { into_.publish(); }

private:
    memory_store& into_;
    memory_log log_;
};

}  // namespace

memory_batches::memory_batches() : ledger_{next_ledger_id()} {}

void memory_batches::decide_by(std::function<fate()> decide) {
    const std::lock_guard lock{mutex_};
    decide_ = std::move(decide);
}

bool memory_batches::add(const shared_bytes& one) {
    const batch_view added = view_of(one);
    if (journal::check_follows(added.header, end_) != journal::batch_error::none)
        return false;
    batches_.push_back(one);
    end_ = added.after();
    return true;
}

memory_batches::answer memory_batches::send(const batch_view& one, std::uint64_t writer) {
    const std::lock_guard lock{mutex_};
    if (fences && writer != writers_)
        return {log_errc::failed, taken_over};
    const answer lost{log_errc::unknown, "no answer"};
    const auto bytes =
        std::make_shared<const std::vector<std::byte>>(one.bytes.begin(), one.bytes.end());
    const fate decided = decide_ ? decide_() : fate::arrives;
    if (decided == fate::request_lost)
        return lost;
    if (decided == fate::delayed) {
        delayed_.push_back({bytes, writer});
        return lost;
    }
    const bool added = add(bytes);
    if (decided == fate::answer_lost)
        return lost;
    return added ? answer{} : answer{log_errc::unexpected, "another batch is in its place"};
}

void memory_batches::deliver() {
    const std::lock_guard lock{mutex_};
    for (const delayed_batch& one : std::exchange(delayed_, {}))
        if (!fences || one.writer == writers_)
            static_cast<void>(add(one.bytes));
}

void memory_batches::drop_last() {
    const std::lock_guard lock{mutex_};
    if (batches_.empty())
        return;
    batches_.pop_back();
    end_ = batches_.empty() ? begin_ : view_of(batches_.back()).after();
}

std::uint64_t memory_batches::enter() {
    const std::lock_guard lock{mutex_};
    return ++writers_;
}

bool memory_batches::is_fenced(std::uint64_t writer) const {
    const std::lock_guard lock{mutex_};
    return fences && writer != writers_;
}

batch_position memory_batches::begin() const {
    const std::lock_guard lock{mutex_};
    return begin_;
}

batch_position memory_batches::end() const {
    const std::lock_guard lock{mutex_};
    return end_;
}

std::vector<shared_bytes> memory_batches::all() const {
    const std::lock_guard lock{mutex_};
    return batches_;
}

shared_bytes memory_batches::at(std::size_t index) {
    if (unanswered_reads > 0) {
        --unanswered_reads;
        throw journal::log_unavailable{"memory", "does not answer"};
    }
    const std::lock_guard lock{mutex_};
    if (index < trimmed_)
        throw journal::journal_error{"memory", "the batch is no longer in it"};
    return index - trimmed_ < batches_.size() ? batches_[index - trimmed_] : nullptr;
}

std::size_t memory_batches::index_of(std::uint64_t record) const {
    const auto found = std::ranges::find_if(batches_, [record](const shared_bytes& one) {
        return view_of(one).after().next_record > record;
    });
    return trimmed_ + static_cast<std::size_t>(found - batches_.begin());
}

std::uint64_t memory_batches::first_record_as_of(std::uint64_t running_ns) const {
    const std::lock_guard lock{mutex_};
    for (const shared_bytes& one : batches_)
        if (view_of(one).header.stamp.running_ns >= running_ns)
            return view_of(one).header.first_record;
    return end_.next_record;
}

std::uint64_t memory_batches::bytes_from(std::uint64_t record) const {
    const std::lock_guard lock{mutex_};
    std::uint64_t bytes = 0;
    for (std::size_t i = index_of(record) - trimmed_; i != batches_.size(); ++i)
        bytes += batches_[i]->size();
    return bytes;
}

std::unique_ptr<journal::batch_cursor> memory_batches::read(
    const std::shared_ptr<memory_batches>& from, std::uint64_t record) {
    const std::lock_guard lock{from->mutex_};
    if (std::max<std::uint64_t>(record, 1) < from->begin_.next_record)
        throw journal::journal_error{"memory", "the journal begins here, and record " +
                                                   std::to_string(record) + " is no longer in it"};
    const std::size_t index = from->index_of(record);
    const std::size_t before = index - from->trimmed_;
    const batch_position position =
        before == 0 ? from->begin_ : view_of(from->batches_[before - 1]).after();
    const journal::batch_stamp stamp =
        before == 0
            ? journal::batch_stamp{.time_ns = position.time_ns, .running_ns = position.running_ns}
            : view_of(from->batches_[before - 1]).header.stamp;
    return std::make_unique<memory_cursor>(from, index, position, stamp);
}

// The last batch stays, as the last segment does: its times are needed.
bool memory_batches::can_trim(std::uint64_t before) const {
    const std::lock_guard lock{mutex_};
    return batches_.size() > 1 && view_of(batches_.front()).after().next_record <= before;
}

void memory_batches::trim(std::uint64_t before) {
    while (can_trim(before)) {
        const std::lock_guard lock{mutex_};
        begin_ = view_of(batches_.front()).after();
        batches_.erase(batches_.begin());
        ++trimmed_;
    }
}

log_status memory_log::append(const batch_view& one) {
    if (before_append)
        before_append();
    if (append_fails)
        return {log_errc::failed, "no more"};
    if (!room)
        return {log_errc::no_room, "full"};
    const auto checked = journal::check_batch(one.bytes);
    if (pending_ || checked.error != journal::batch_error::none ||
        journal::check_follows(checked.value.header, kept().end()) != journal::batch_error::none ||
        !journal::check_records(checked.value).reason.empty())
        return {log_errc::unexpected, "out of order"};
    pending_ = std::vector<std::byte>{one.bytes.begin(), one.bytes.end()};
    return sends_at_append ? send() : log_status{};
}

log_status memory_log::wait_durable() {
    if (before_durable)
        before_durable();
    if (sync_fails)
        return {log_errc::failed, "input/output error"};
    return send();
}

log_status memory_log::send() {
    if (!pending_)
        return {};
    const std::vector<std::byte> sent = *std::exchange(pending_, std::nullopt);
    const batch_view one = journal::check_batch(sent).value;
    auto answer = kept().send(one, writer_);
    if (answer.error == log_errc::ok)
        tail_ = one.after();
    return {answer.error, std::move(answer.reason)};
}

log_status memory_log::make_room() {
    ++asked_for_room;
    if (before_room)
        before_room();
    return room ? log_status{} : log_status{log_errc::no_room, "full"};
}

log_status memory_log::check_in_place() {
    return kept().is_fenced(writer_) ? log_status{log_errc::failed, taken_over} : log_status{};
}

std::vector<journal::record> memory_log::records() const {
    std::vector<journal::record> all;
    for (const shared_bytes& one : kept().all())
        journal::visit_records(view_of(one), [&all](journal::record each) {
            each.key = {};
            all.push_back(each);
        });
    return all;
}

std::vector<std::vector<std::byte>> memory_log::batches() const {
    std::vector<std::vector<std::byte>> all;
    for (const shared_bytes& one : kept().all())
        all.push_back(*one);
    return all;
}

std::unique_ptr<journal::new_log> memory_store::create() {
    being_made_ = std::make_shared<memory_batches>();
    return std::make_unique<new_memory_log>(*this);
}

std::unique_ptr<journal::batch_source> memory_store::read() const {
    if (batches_ == nullptr)
        throw journal::journal_error{"memory", "there is no journal here"};
    return std::make_unique<memory_reading<journal::batch_source>>(batches_);
}

std::unique_ptr<journal::batch_log> memory_store::open(const batch_position& end) {
    auto opened = std::make_unique<memory_log>(batches_);
    if (opened->tail() != end)
        throw journal::journal_error{"memory", "ends elsewhere: another writer appends"};
    return opened;
}

void memory_store::publish() {
    if (batches_ != nullptr)
        throw journal::journal_error{"memory", "there is a journal already"};
    batches_ = being_made_;
}

}  // namespace coffer::test
