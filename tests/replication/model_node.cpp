#include "replication/model_node.hpp"

#include <utility>

#include "replication/begin_log.hpp"
#include "replication/model_life.hpp"

namespace coffer::test {

using namespace std::chrono_literals;

model_node::model_node(model_cluster& in, std::size_t index)
    : files{std::make_shared<memory_batches>(in.ledger, replication::first_position(in.ledger))},
      cluster{in},
      read_lease{in.chosen.read_leases_differ ? 500 + 750 * index : 1000},
      name_{std::string{"node-"} + static_cast<char>('a' + index)},
      // 5 % apart at most: what a take-over allows is 10 %. With the read barrier, anything.
      clock_speed_{in.chosen.reads_by_barrier
                       ? 0.2 + 0.01 * static_cast<double>(in.world.below(500))
                       : 0.98 + 0.001 * static_cast<double>(in.world.below(50))},
      clock_offset_{in.world.between(0s, 1000s)} {}

model_node::~model_node() = default;

std::chrono::nanoseconds model_node::boottime() const {
    const auto running = static_cast<double>(cluster.world.now().count()) * clock_speed_;
    return clock_offset_ + std::chrono::nanoseconds{static_cast<std::int64_t>(running)};
}

void model_node::start() {
    if (running_)
        return;
    running_ = std::make_shared<model_life>(*this);
    running_->begin();
}

void model_node::kill(bool is_power_cut) {
    if (!running_)
        return;
    cluster.world.end(running_->process);
    ended_.push_back(std::exchange(running_, nullptr));
    if (is_power_cut && files->end().next_record - 1 > kept_record && cluster.world.happens(0.5))
        files->drop_last();
}

void model_node::pause(std::chrono::nanoseconds how_long) {
    if (running_)
        running_->process->paused_until = cluster.world.now() + how_long;
}

void model_node::cut_off(std::chrono::nanoseconds how_long) {
    if (running_)
        running_->link.cut_until(cluster.world.now() + how_long);
}

void model_node::slow_down(std::chrono::nanoseconds how_long) {
    if (running_)
        running_->link.slow_until(cluster.world.now() + how_long);
}

bool model_node::leads() const {
    return running_ && running_->term;
}

void model_node::step_down() {
    if (running_ && running_->term)
        running_->term->is_stepping_down = true;
}

// The copy is one batch behind at most.
std::uint64_t model_node::synced_record() const {
    const auto all = files->all();
    if (all.empty())
        return kept_record;
    const std::uint64_t before = journal::check_batch(*all.back()).value.header.first_record - 1;
    return std::max(kept_record, before);
}

void model_node::arrive(const posting_request& asked,
                        std::function<void(const posting_reply&)> reply) {
    if (!running_)
        return;
    cluster.world.spawn(running_->process, [life = running_, asked, reply = std::move(reply)] {
        life->handle(asked, reply);
    });
}

}  // namespace coffer::test
