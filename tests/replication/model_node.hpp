// One node of a model_cluster: it follows the log, leads when it can, and is killed and begun
// again.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "replication/model_cluster.hpp"

namespace coffer::test {

class model_life;

class model_node {
public:
    model_node(model_cluster& in, std::size_t index);
    ~model_node();

    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] bool is_running() const noexcept { return running_ != nullptr; }

    void start();
    /// A power cut may take the last batch that was written.
    void kill(bool is_power_cut);
    void pause(std::chrono::nanoseconds how_long);
    /// Cuts it off from the store.
    void cut_off(std::chrono::nanoseconds how_long);
    /// All that it sends and receives takes nearly as long as it waits for.
    void slow_down(std::chrono::nanoseconds how_long);
    /// Whether it believes that it leads.
    [[nodiscard]] bool leads() const;
    /// Asks it to hand over.
    void step_down();

    /// A request that has arrived. `reply` is called once, or never.
    void arrive(const posting_request& asked, std::function<void(const posting_reply&)> reply);

    /// CLOCK_BOOTTIME of its machine.
    [[nodiscard]] std::chrono::nanoseconds boottime() const;

    // What is on its disk.
    std::shared_ptr<memory_batches> files;
    std::uint64_t kept_record = 0;      ///< no power cut takes records up to this one
    std::uint64_t snapshot_record = 0;  ///< of the last snapshot
    /// Every record up to this one is synced.
    [[nodiscard]] std::uint64_t synced_record() const;

    model_cluster& cluster;
    const std::chrono::milliseconds read_lease;

private:
    const std::string name_;
    double clock_speed_;
    std::chrono::nanoseconds clock_offset_;
    std::shared_ptr<model_life> running_;
    std::vector<std::shared_ptr<model_life>> ended_;  // tasks of theirs may still run
};

}  // namespace coffer::test
