#include "ops/low_priority.hpp"

#include <pthread.h>
#include <sched.h>

#include <future>
#include <thread>

#include "catch.hpp"

namespace {

int policy_of(std::thread& one) {
    int policy = -1;
    sched_param unused{};
    ::pthread_getschedparam(one.native_handle(), &policy, &unused);
    return policy;
}

/// Without that, only a privileged process may.
bool may_take_it_back() {
    const sched_param none{};
    bool may = false;
    std::thread{[&] {
        coffer::run_when_idle();
        may = ::sched_setscheduler(0, SCHED_OTHER, &none) == 0;
    }}.join();
    return may;
}

}  // namespace

TEST_CASE("low priority: is a thread's own, and taken back by another", "[ops]") {
    std::promise<void> is_low;
    std::promise<void> may_end;
    std::thread one{[&] {
        coffer::run_when_idle();
        is_low.set_value();
        may_end.get_future().wait();
    }};
    is_low.get_future().wait();
    const int low = policy_of(one);
    coffer::run_as_others(one);
    const int taken_back = policy_of(one);
    may_end.set_value();
    one.join();
    CHECK(low == SCHED_IDLE);
    CHECK(taken_back == (may_take_it_back() ? SCHED_OTHER : SCHED_IDLE));
}
