#include "replication/housekeeping.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "ops/log.hpp"
#include "replication/log_entry.hpp"
#include "replication/members.hpp"
#include "replication/replication_figures.hpp"
#include "replication/store_keeper.hpp"
#include "replication/store_room.hpp"

namespace coffer::replication {
namespace {

using std::chrono::nanoseconds;

// A node that is no member and does not report is not shown any more.
constexpr nanoseconds forget_strangers_after = std::chrono::seconds{60};

constexpr std::size_t most_not_synced = 1'000;

bool is_news(const node_report& now, const node_report& before) noexcept {
    return now.synced_entry != before.synced_entry || now.applied_record != before.applied_record ||
           now.is_catching_up != before.is_catching_up || now.incarnation != before.incarnation ||
           now.url != before.url;
}

/// The last entry that the store has.
std::optional<log_reader::place> read_last(key_value_store& store, const log_keys& keys,
                                           key_value_store::timeout within) {
    key_range all = keys.entries(0);
    all.limit = 1;
    all.from_the_last = true;
    const auto read = store.read(all, within);
    if (!read || read.value.found.empty())
        return std::nullopt;
    const decoded_entry last = decode_entry(read.value.found.front().value);
    if (!last.value)
        return std::nullopt;
    return log_reader::place{.number = last.value->number, .total_bytes = last.value->total_bytes};
}

}  // namespace

struct housekeeping::parts {
    explicit parts(const subject& from)
        : of{from},
          room{of.care, {.quota_bytes = of.options.quota_bytes}},
          keeper{{.store = of.store,
                  .care = of.care,
                  .room = room,
                  .keys = of.keys,
                  .tail_bytes = of.options.tail_bytes,
                  .term = of.term,
                  .within = of.options.request_timeout,
                  .is_stopping =
                      [this] {
                          const std::lock_guard lock{mutex};
                          return is_stopping;
                      }}},
          figures{of.signs.metrics.add([this](std::string& out) { append_figures(out); })} {
        reporter = std::thread{[this] { run(&parts::report_and_read); }};
        try {
            caretaker = std::thread{[this] { run(&parts::look_after_the_store); }};
        } catch (...) {
            end();
            throw;
        }
    }
    ~parts() { end(); }
    parts(const parts&) = delete;
    parts& operator=(const parts&) = delete;

    void end() noexcept {
        {
            const std::lock_guard lock{mutex};
            is_stopping = true;
        }
        changed.notify_all();
        for (std::thread* const one : {&reporter, &caretaker})
            if (one->joinable())
                one->join();
    }

    [[nodiscard]] bool wait_for_a_tick() {
        std::unique_lock lock{mutex};
        return !changed.wait_for(lock, of.how_often.tick, [this] { return is_stopping; });
    }

    void run(void (parts::*step)()) noexcept {
        do {
            try {
                (this->*step)();
            } catch (const std::exception& failure) {
                log::warn("replication: the store is not looked after now: {}", failure.what());
            }
        } while (wait_for_a_tick());
    }

    [[nodiscard]] std::uint64_t appended() const {
        return of.leading == nullptr ? 0 : of.leading->reached().total_bytes;
    }

    [[nodiscard]] node_report report_now();
    void note_synced(node_report& one);

    // The reporter's thread.
    void report_and_read();
    void report(nanoseconds now);
    void read_reports(nanoseconds now);
    void note_reports(cluster_state state, nanoseconds now);
    void decide_on_room(nanoseconds now);
    // The caretaker's.
    void look_after_the_store();
    void look_after_what_is_led(nanoseconds now);
    // Any.
    void append_figures(std::string& out) const;

    const subject of;
    store_room room;
    store_keeper keeper;

    std::optional<node_report> reported;  // the reporter's own, as what follows
    nanoseconds reported_at{0};
    std::optional<nanoseconds> read_at;
    std::map<std::string, std::pair<std::int64_t, nanoseconds>> last_news;
    bool had_room = true;

    std::optional<nanoseconds> looked_at;  // the caretaker's own, as the next
    std::uint64_t looked_after_bytes = 0;
    std::atomic<bool> is_urgent{false};  // the store has refused something for want of room
    std::atomic<bool> has_room{true};

    mutable std::mutex mutex;
    std::condition_variable changed;
    bool is_stopping = false;  // under the mutex, as what follows
    cluster_state state;
    struct reached_entry {
        std::uint64_t number;
        std::uint64_t last_record;
    };
    std::deque<reached_entry> not_synced;  // of a leader, in the order of the log
    std::uint64_t synced_entry = 0;
    registered<metric_source>::registration figures;  // after all that they show
    std::thread reporter;
    std::thread caretaker;
};

void housekeeping::parts::report_and_read() {
    const nanoseconds now = leadership::boottime();
    report(now);
    if (!read_at || now - *read_at >= of.how_often.read_reports)
        read_reports(now);
    if (of.leading != nullptr)
        decide_on_room(now);
}

node_report housekeeping::parts::report_now() {
    node_report one = of.report();
    if (of.leading != nullptr)
        note_synced(one);
    return one;
}

/// Of a leader under load the files are always a batch behind the log: which entries are synced is
/// known by the records that earlier ones ended with.
void housekeeping::parts::note_synced(node_report& one) {
    const log_reader::place reached = of.leading->reached();
    const std::uint64_t synced = of.leading->synced_record();
    const std::lock_guard lock{mutex};
    if (not_synced.size() < most_not_synced)
        not_synced.push_back({reached.number, reached.after.next_record - 1});
    while (!not_synced.empty() && not_synced.front().last_record <= synced) {
        synced_entry = std::max(synced_entry, not_synced.front().number);
        not_synced.pop_front();
    }
    one.synced_entry = std::max(one.synced_entry, synced_entry);
}

void housekeeping::parts::report(nanoseconds now) {
    const node_report one = report_now();
    const nanoseconds since = now - reported_at;
    const bool is_due = !reported || since >= of.how_often.report_anyway ||
                        (is_news(one, *reported) && since >= of.how_often.report_news);
    if (!is_due || (reported_at != nanoseconds{0} && since < of.how_often.report_news))
        return;
    reported_at = now;
    const store_error error =
        put_report(of.store, of.keys, of.options.node, one, of.options.request_timeout);
    if (error == store_error::none)
        reported = one;
    else if (error == store_error::no_space)
        is_urgent.store(true, std::memory_order_relaxed);
}

void housekeeping::parts::read_reports(nanoseconds now) {
    auto found = read_cluster(of.store, of.keys, of.options.request_timeout);
    if (!found)
        return;
    read_at = now;
    note_reports(std::move(found.value), now);
}

void housekeeping::parts::note_reports(cluster_state found, nanoseconds now) {
    std::vector<node_status> nodes;
    const auto add = [&](const std::string& name, const std::string& url) {
        node_status& one = nodes.emplace_back();
        one.name = name;
        one.url = url;
        one.is_member = found.is_member(name);
        one.is_leader = found.leader == name;
        return &one;
    };
    for (const auto& [name, report] : found.reports) {
        auto& [revision, since] = last_news[name];
        if (std::exchange(revision, report.revision) != report.revision)
            since = now;
        if (!found.is_member(name) && now - since >= forget_strangers_after)
            continue;
        node_status* const one = add(name, report.value.url);
        one->is_catching_up = report.value.is_catching_up;
        one->applied_record = report.value.applied_record;
        one->synced_record = report.value.synced_record;
        one->reported_ns = report.value.reported_ns;
    }
    for (const auto& [name, url] : found.members)
        if (!found.reports.contains(name))
            add(name, url);
    std::ranges::sort(nodes, {}, &node_status::name);
    of.rights.set_nodes(std::move(nodes));
    const std::lock_guard lock{mutex};
    state = std::move(found);
}

void housekeeping::parts::decide_on_room(nanoseconds now) {
    if (room.is_due(appended(), now))
        room.measure(appended(), now);
    const auto found = room.now(appended());
    const bool is_there = !found.is_full && !keeper.is_alarmed();
    if (had_room && !is_there)
        log::warn(
            "replication: the store has {} of {} MiB: postings are refused until there is "
            "room again",
            found.database_bytes >> 20, found.quota_bytes >> 20);
    else if (!had_room && is_there)
        log::info("replication: the store has room again");
    had_room = is_there;
    has_room.store(is_there, std::memory_order_relaxed);  // a figure
    of.leading->set_store_has_room(is_there);
}

void housekeeping::parts::look_after_the_store() {
    const nanoseconds now = leadership::boottime();
    if (of.leading != nullptr)
        return look_after_what_is_led(now);
    if (!is_urgent.exchange(false, std::memory_order_relaxed) && looked_at &&
        now - *looked_at < of.how_often.look_after)
        return;
    looked_at = now;
    const auto alarm = of.care.has_space_alarm(of.options.request_timeout);
    if (!alarm || (!alarm.value && !keeper.is_alarmed()))
        return;
    const auto last = read_last(of.store, of.keys, of.options.request_timeout);
    if (!last)
        return;
    room.measure(last->total_bytes, now);  // a standby does so only here
    keeper.pass(*last, report_now().synced_entry, now);
}

void housekeeping::parts::look_after_what_is_led(nanoseconds now) {
    const log_reader::place last = of.leading->reached();
    const bool is_tight = room.now(last.total_bytes).is_tight || keeper.is_alarmed();
    const nanoseconds pause =
        is_tight ? of.how_often.look_after_a_tight_one : of.how_often.look_after;
    const bool was_asked = is_urgent.exchange(false, std::memory_order_relaxed);
    if (!was_asked && looked_at && now - *looked_at < pause &&
        last.total_bytes - looked_after_bytes < keeper.kept_bytes() / 8)
        return;
    keeper.pass(last, report_now().synced_entry, now);
    looked_at = leadership::boottime();
    looked_after_bytes = last.total_bytes;
}

void housekeeping::parts::append_figures(std::string& out) const {
    replication_figures now;
    const std::lock_guard lock{mutex};
    now.term = state.term;
    now.members = state.members.size();
    now.is_alarmed = keeper.is_alarmed();
    if (of.leading != nullptr)
        now.leading.emplace(replication_figures::leader{
            .log = *of.leading,
            .store = room.now(appended()),
            .has_room = has_room.load(std::memory_order_relaxed),  // a figure
            .tail_bytes = keeper.tail_bytes(),
            .removed = keeper.removed()});
    append(now, out);
}

housekeeping::housekeeping(subject of) : parts_{std::make_unique<parts>(of)} {}

housekeeping::~housekeeping() = default;

}  // namespace coffer::replication
