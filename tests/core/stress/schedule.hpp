// Runs several functions as if in threads, one at a time, in an order that a seed alone decides: so
// an interleaving that shows a bug shows it again, on any machine and however busy that is.
//
// The functions run on stacks of their own in the thread that calls run. Between two steps of the
// core's protocols (COFFER_TEST_STEP) another one may continue; now and then one sleeps for many
// steps, so that it is late in all that it does.
#pragma once

#include <ucontext.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace coffer::stress {

class schedule {
public:
    /// The one that is running; null if threads run by themselves.
    static inline schedule* running = nullptr;

    /// Hands over once in so many steps, on the average.
    schedule(std::uint32_t seed, std::uint32_t hand_over_once_in)
        : random_{seed * 2'654'435'761U + 1}, once_in_{hand_over_once_in} {}
    schedule(const schedule&) = delete;
    schedule& operator=(const schedule&) = delete;

    void add(std::function<void()> work) {
        one added;
        added.work = std::move(work);
        all_.push_back(std::move(added));
    }

    /// Returns when all have ended; false if one of them would not: it calls itself too deeply, or
    /// there are too many steps. Then what they have on their stacks is not destroyed.
    [[nodiscard]] bool run() {
        running = this;
        for (one& each : all_) {
            each.stack = std::make_unique<char[]>(stack_bytes);
            getcontext(&each.place);
            each.place.uc_stack.ss_sp = each.stack.get();
            each.place.uc_stack.ss_size = stack_bytes;
            each.place.uc_link = &caller_;
            makecontext(
                &each.place, [] { running->begin(); }, 0);
        }
        // A function that ends returns to here.
        while (ends_ && pick())
            swapcontext(&caller_, &all_[at_].place);
        running = nullptr;
        return ends_;
    }

    /// Called by the function that runs.
    void step() {
        const char here = 0;
        const bool is_deep = &here - all_[at_].stack.get() < least_stack_bytes;
        if (++steps_ == most_steps || is_deep) {
            ends_ = false;
            swapcontext(&all_[at_].place, &caller_);
        }
        if (next_random() % once_in_ != 0)
            return;
        if (next_random() % 16 == 0)
            all_[at_].sleeps_until = steps_ + next_random() % 2048;
        const std::size_t from = at_;
        pick();
        if (at_ != from)
            swapcontext(&all_[from].place, &all_[at_].place);
    }

private:
    static constexpr std::size_t stack_bytes = 256 * 1024;
    static constexpr std::ptrdiff_t least_stack_bytes = 64 * 1024;
    static constexpr std::uint64_t most_steps = 20'000'000;

    struct one {
        std::function<void()> work;
        std::unique_ptr<char[]> stack;
        ucontext_t place{};
        bool has_ended = false;
        std::uint64_t sleeps_until = 0;
    };

    void begin() {
        all_[at_].work();
        all_[at_].has_ended = true;
    }

    /// Chooses who continues: anybody awake or, if all sleep, anybody. False if all have ended.
    bool pick() {
        const std::size_t first = next_random() % all_.size();
        for (const bool is_asleep_too : {false, true})
            for (std::size_t i = 0; i != all_.size(); ++i) {
                const std::size_t chosen = (first + i) % all_.size();
                if (!all_[chosen].has_ended &&
                    (is_asleep_too || all_[chosen].sleeps_until <= steps_)) {
                    at_ = chosen;
                    return true;
                }
            }
        return false;
    }

    std::uint32_t next_random() {
        random_ ^= random_ << 13;
        random_ ^= random_ >> 17;
        random_ ^= random_ << 5;
        return random_;
    }

    std::uint32_t random_;
    std::uint32_t once_in_;
    std::vector<one> all_;
    ucontext_t caller_{};
    std::size_t at_ = 0;
    std::uint64_t steps_ = 0;
    bool ends_ = true;
};

}  // namespace coffer::stress
