// Runs a function a step at a time: up to the next step of the core's protocols, on a stack of its
// own. So a test decides what happens between two steps. Included before the core.
#pragma once

#include <ucontext.h>

#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

namespace coffer::tests {

class stepwise {
public:
    explicit stepwise(std::function<void()> work) : work_{std::move(work)}, stack_(stack_bytes) {
        getcontext(&mine_);
        mine_.uc_stack.ss_sp = stack_.data();
        mine_.uc_stack.ss_size = stack_.size();
        mine_.uc_link = &caller_;
        makecontext(
            &mine_, [] { running_->begin(); }, 0);
    }
    stepwise(const stepwise&) = delete;
    stepwise& operator=(const stepwise&) = delete;

    [[nodiscard]] bool has_ended() const noexcept { return has_ended_; }

    /// Continues up to the next step, or to the end.
    void step() {
        if (has_ended_)
            return;
        running_ = this;
        swapcontext(&caller_, &mine_);
        running_ = nullptr;
    }
    void finish() {
        while (!has_ended_)
            step();
    }

    /// Called at each step of the protocols.
    static void pause() {
        if (stepwise* const one = running_)
            swapcontext(&one->mine_, &one->caller_);
    }

private:
    static constexpr std::size_t stack_bytes = 64 * 1024;

    void begin() {
        work_();
        has_ended_ = true;
    }

    static inline stepwise* running_ = nullptr;
    std::function<void()> work_;
    std::vector<char> stack_;
    ucontext_t mine_{};
    ucontext_t caller_{};
    bool has_ended_ = false;
};

}  // namespace coffer::tests

#define COFFER_TEST_STEP() ::coffer::tests::stepwise::pause()
