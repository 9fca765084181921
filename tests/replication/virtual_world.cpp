#include "replication/virtual_world.hpp"

#include <algorithm>
#include <utility>

namespace coffer::test {
namespace {

constexpr std::size_t stack_bytes = std::size_t{128} * 1024;

/// Stacks of tasks that have ended, for those to come.
std::vector<std::unique_ptr<std::byte[]>>& spare_stacks() {
    static std::vector<std::unique_ptr<std::byte[]>> spare;
    return spare;
}

}  // namespace

struct virtual_world::task {
    virtual_world& world;
    life of;
    std::function<void()> work;
    wait_number waits_for;
    std::unique_ptr<std::byte[]> memory;
    ucontext_t context{};
    bool has_ended = false;

    void run() {
        work();
        work = nullptr;
        has_ended = true;
        swapcontext(&context, &world.main_);
    }
};

virtual_world::virtual_world(std::uint64_t seed) : random_{seed} {}
virtual_world::~virtual_world() = default;

void virtual_world::push(event one) {
    one.when = std::max(one.when, now_);
    events_.push_back(std::move(one));
    std::push_heap(events_.begin(), events_.end(), is_later{});
}

void virtual_world::at(time when, std::function<void()> what) {
    push({when, ++order_, 0, std::move(what)});
}

void virtual_world::spawn(life of, std::function<void()> what) {
    auto& spare = spare_stacks();
    if (spare.empty())
        spare.push_back(std::make_unique_for_overwrite<std::byte[]>(stack_bytes));
    tasks_.push_back(std::unique_ptr<task>{
        new task{*this, std::move(of), std::move(what), ++last_wait_, std::move(spare.back())}});
    spare.pop_back();
    task& one = *tasks_.back();
    getcontext(&one.context);
    one.context.uc_stack.ss_sp = one.memory.get();
    one.context.uc_stack.ss_size = stack_bytes;
    one.context.uc_link = nullptr;
    makecontext(&one.context, &begin_entered, 0);
    waiting_[one.waits_for] = &one;
    wake(one.waits_for, now_);
}

void virtual_world::begin_entered() {
    entered_->run();
}

void virtual_world::enter(task& one) {
    running_ = &one;
    entered_ = &one;
    swapcontext(&main_, &one.context);
    running_ = nullptr;
    if (!one.has_ended)
        return;
    spare_stacks().push_back(std::move(one.memory));
    std::erase_if(tasks_, [&one](const auto& each) { return each.get() == &one; });
}

void virtual_world::end(const life& one) {
    one->has_ended = true;
    for (const auto& each : tasks_)
        if (each->of == one)
            wake(each->waits_for, now_);
}

void virtual_world::wait(time when, wait_number number) {
    task& me = *running_;
    me.waits_for = number;
    waiting_[number] = &me;
    wake(number, me.of->has_ended ? now_ : when);
    swapcontext(&me.context, &main_);
}

void virtual_world::run(const event& due) {
    const auto found = waiting_.find(due.of);
    if (found == waiting_.end())
        return;  // it was woken before
    task& one = *found->second;
    if (!one.of->has_ended && one.of->paused_until > now_)
        return wake(due.of, one.of->paused_until);
    waiting_.erase(found);
    enter(one);
}

void virtual_world::run_until(time when) {
    while (!events_.empty() && events_.front().when <= when) {
        std::pop_heap(events_.begin(), events_.end(), is_later{});
        const event due = std::move(events_.back());
        events_.pop_back();
        now_ = std::max(now_, due.when);
        if (due.of == 0)
            due.what();
        else
            run(due);
    }
    now_ = std::max(now_, when);
}

void virtual_signal::wait_until(virtual_world::time when) {
    const auto number = ++world_.last_wait_;
    waiting_.push_back(number);
    world_.wait(when, number);
}

void virtual_signal::notify_all() {
    for (const auto one : std::exchange(waiting_, {}))
        world_.wake(one, world_.now());
}

}  // namespace coffer::test
