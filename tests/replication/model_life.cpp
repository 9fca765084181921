#include "replication/model_life.hpp"

#include <utility>

#include "replication/begin_log.hpp"

namespace coffer::test {

using namespace replication;
using namespace std::chrono_literals;

namespace {

constexpr key_value_store::timeout within{1000};

}  // namespace

model_life::model_life(model_node& of)
    : node{of},
      cluster{of.cluster},
      world{of.cluster.world},
      link{of.cluster.store, process},
      files{of.files},
      store{cluster, link, rights, files, [this] { return node.boottime(); }},
      reader_{store, cluster.keys, cluster.ledger, within} {
    files.max_batch = 4096;
}

void model_life::begin() {
    world.spawn(process, [self = shared_from_this()] { self->run(); });
}

void model_life::run() {
    while (!has_ended()) {
        bool is_behind = false;
        try {
            follow();
        } catch (const behind_the_tail&) {
            is_behind = true;
        } catch (const std::exception& error) {
            cluster.history.wrong(node.name() + ": " + error.what());
            return;
        }
        term.reset();
        if (is_behind)
            catch_up();
    }
}

void model_life::note_key(const journal::record& one) {
    if (!one.key.text.empty())
        keys_[std::string{one.key.text}] = {{one.state.sequence, one.state.balance.minor()}, 0, {}};
}

/// From the files alone.
void model_life::recover() {
    rights.become(node_role::standby);
    ledger = std::make_unique<coffer::ledger>(coffer::ledger::options{1, 8});
    keys_.clear();
    replay_ = std::make_unique<journal::replayer>(
        *ledger, [this](const journal::record& one, const journal::batch_stamp&, std::uint64_t) {
            note_key(one);
        });
    const auto from = files.read_from(1);
    replay_->apply_all(*from);
    if (from->position().next_record - 1 < node.snapshot_record)
        cluster.history.wrong(node.name() + " has a snapshot of record " +
                              std::to_string(node.snapshot_record) +
                              ", and its journal ends before it");
    if (cluster.chosen.fault == planted::forgets_keys)
        keys_.clear();
}

bool model_life::find_place() {
    const auto begun = begin_log(store, cluster.keys, cluster.ledger, node.name(), within);
    return begun && reader_.find(files.tail()) == store_error::none;
}

void model_life::take(const std::vector<log_entry>& entries) {
    local_copy copy{files, 5000ms, false};
    for (const log_entry& one : entries) {
        if (!has_batch(one.kind))
            continue;
        const journal::batch_view batch = journal::check_batch(one.batch).value;
        if (const auto written = copy.write(batch); !written)
            throw std::runtime_error{"the copy cannot be written: " + written.reason};
        replay_->apply(batch, "the log");
        if (cluster.chosen.fault == planted::forgets_keys)
            keys_.clear();
    }
    cluster.check_copy(node.name(), *node.files);
}

void model_life::follow() {
    recover();
    while (!has_ended() && !find_place())
        world.sleep(world.between(1ms, 50ms));
    campaign standing{store,
                      cluster.keys,
                      {.node = node.name(),
                       .url = "http://" + node.name(),
                       .ledger = cluster.ledger,
                       .read_lease = node.read_lease,
                       .within = within,
                       .boottime = [this] { return node.boottime(); },
                       .random = [this] { return world.number(); }}};
    while (!has_ended()) {
        const auto entries = reader_.next();
        if (!entries || !entries.value.empty()) {
            if (entries)
                take(entries.value);
            else
                world.sleep(world.between(1ms, 50ms));
            continue;
        }
        const auto incumbent = standing.find_leader();
        if (!incumbent || incumbent.value) {
            const std::int64_t revision = incumbent.value ? incumbent.value->revision : 0;
            if (!store.wait_for_change(cluster.keys.leader(), revision, 50ms))
                world.sleep(world.between(0ms, 10ms));
            continue;
        }
        world.sleep(world.between(0ms, 100ms));
        if (const auto won = take_over(standing)) {
            lead(*won, standing);
            return;
        }
        standing.withdraw();
    }
}

std::optional<won_term> model_life::take_over(campaign& standing) {
    const auto stood = standing.stand();
    if (!stood || !stood.value)
        return std::nullopt;
    if (cluster.chosen.fault == planted::read_as_the_barrier)
        return take_over_by_reading();
    for (int i = 0; i != 20 && !has_ended(); ++i) {
        const auto entries = reader_.next();
        if (entries && !entries.value.empty()) {
            take(entries.value);
            continue;
        }
        const auto won = standing.append_barrier(reader_.now());
        if (won && won.value) {
            if (cluster.chosen.fault == planted::no_wait_at_takeover) {
                won_term hasty = *won.value;
                hasty.answer_from = hasty.barrier_at;
                return hasty;
            }
            return won.value;
        }
        if (!won && won.error != store_error::unknown && won.error != store_error::unavailable)
            return std::nullopt;
        standing.keep_alive();
    }
    return std::nullopt;
}

/// As if what a read returns could not be old.
std::optional<won_term> model_life::take_over_by_reading() {
    for (;;) {
        const auto entries = reader_.next();
        if (!entries)
            return std::nullopt;
        if (entries.value.empty())
            break;
        take(entries.value);
    }
    const key_value* const key = cluster.store.state().find(cluster.keys.leader());
    if (key == nullptr)
        return std::nullopt;
    won_term won{.number = static_cast<std::uint64_t>(key->create_revision),
                 .lease = key->lease,
                 .lease_time = 3s,
                 .barrier = reader_.now(),
                 .barrier_at = node.boottime()};
    won.answer_from = won.barrier_at + won_term::wait_at_takeover(1s);
    return won;
}

/// From the files of the node that has the most, as over HTTP.
void model_life::catch_up() {
    ++cluster.catch_ups;
    world.sleep(world.between(10ms, 200ms));
    for (std::size_t i = 0; i != model_cluster::nodes && !has_ended(); ++i) {
        const model_node& other = cluster.node(i);
        if (other.files->end().next_record <= node.files->end().next_record)
            continue;
        const auto from = memory_batches::read(other.files, files.tail().next_record);
        for (auto next = from->next(); next && !has_ended(); next = from->next())
            if (files.append(*next))
                static_cast<void>(files.wait_durable());
        cluster.check_copy(node.name(), *node.files);
    }
}

}  // namespace coffer::test
