// A world with a clock of its own, in which tasks run one at a time, each on a stack of its own,
// and are switched only where they wait. The same seed gives the same order of everything.
//
// Thread safety: none.
#pragma once

#include <ucontext.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <unordered_map>
#include <vector>

namespace coffer::test {

/// One life of a process. Its tasks do not run while it is paused. When it has ended they run on,
/// so that their stacks are unwound, and no waiting takes time: what they do must have no effect
/// then.
struct process_life {
    bool has_ended = false;
    std::chrono::nanoseconds paused_until{0};
};

class virtual_world {
public:
    using time = std::chrono::nanoseconds;
    using life = std::shared_ptr<process_life>;

    explicit virtual_world(std::uint64_t seed);
    virtual_world(const virtual_world&) = delete;
    virtual_world& operator=(const virtual_world&) = delete;
    ~virtual_world();

    [[nodiscard]] time now() const noexcept { return now_; }

    [[nodiscard]] std::uint64_t below(std::uint64_t limit) { return random_() % limit; }
    [[nodiscard]] bool happens(double probability) {
        return static_cast<double>(random_() >> 11) * 0x1p-53 < probability;
    }
    [[nodiscard]] time between(time least, time most) {
        return least + time{static_cast<std::int64_t>(
                           below(static_cast<std::uint64_t>((most - least).count()) + 1))};
    }
    [[nodiscard]] std::uint64_t number() { return random_(); }

    /// Calls it then, outside of any task.
    void at(time when, std::function<void()> what);
    /// Begins a task, now, of a process.
    void spawn(life of, std::function<void()> what);
    /// Wakes all tasks of a process that has ended.
    void end(const life& one);

    /// In a task: waits until then, or until it is woken.
    void wait_until(time when) { wait(when, ++last_wait_); }
    void sleep(time how_long) { wait_until(now_ + how_long); }

    /// Runs all that is due until then.
    void run_until(time when);
    /// Whether every task has ended.
    [[nodiscard]] bool is_at_rest() const noexcept { return tasks_.empty(); }

private:
    friend class virtual_signal;
    struct task;
    using wait_number = std::uint64_t;  ///< of one wait of one task
    struct event {
        time when;
        std::uint64_t order;
        wait_number of = 0;  // 0: calls `what`
        std::function<void()> what{};
    };
    struct is_later {
        bool operator()(const event& a, const event& b) const noexcept {
            return a.when != b.when ? a.when > b.when : a.order > b.order;
        }
    };
    void push(event one);
    void wait(time when, wait_number number);
    void wake(wait_number one, time when) { push({when, ++order_, one}); }
    void run(const event& due);
    void enter(task& one);
    static void begin_entered();

    static inline task* entered_ = nullptr;  // makecontext passes no pointers
    std::mt19937_64 random_;
    time now_{0};
    std::uint64_t order_ = 0;
    wait_number last_wait_ = 0;
    std::vector<event> events_;  // a heap
    std::vector<std::unique_ptr<task>> tasks_;
    std::unordered_map<wait_number, task*> waiting_;
    task* running_ = nullptr;
    ucontext_t main_{};
};

/// What tasks wait for together.
class virtual_signal {
public:
    explicit virtual_signal(virtual_world& in) : world_{in} {}
    /// Until notify_all, or then.
    void wait_until(virtual_world::time when);
    void notify_all();

private:
    virtual_world& world_;
    std::vector<std::uint64_t> waiting_;
};

}  // namespace coffer::test
