#include "http/event_loop.hpp"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <exception>
#include <system_error>
#include <utility>

#include "ops/log.hpp"

namespace coffer::http {
namespace {

int checked(int result, const char* what) {
    if (result < 0)
        throw std::system_error{errno, std::system_category(), what};
    return result;
}

epoll_event event_of(void* told, event_loop::interest in) noexcept {
    epoll_event event{};
    if (in == event_loop::interest::read)
        event.events = EPOLLIN;
    else if (in == event_loop::interest::write)
        event.events = EPOLLOUT;
    event.data.ptr = told;
    return event;
}

/// Takes the count of a timer or a bell, so that it is ready no longer. 0 if that fails: then it is
/// ready again in the next round.
std::uint64_t silence(const descriptor& counter) noexcept {
    std::uint64_t count = 0;
    return ::read(counter.number(), &count, sizeof count) == sizeof count ? count : 0;
}

template <class Call>
void logged(const Call& call) {
    try {
        call();
    } catch (const std::exception& failure) {  // out of memory, most likely
        log::error("a task failed: {}", failure.what());
    }
}

}  // namespace

event_loop::event_loop()
    : events_{checked(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")},
      timer_{
          checked(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC), "timerfd_create")},
      bell_{checked(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd")} {
    const itimerspec each_second{{1, 0}, {1, 0}};
    checked(::timerfd_settime(timer_.number(), 0, &each_second, nullptr), "timerfd_settime");
    for (descriptor* const own : {&timer_, &bell_}) {
        epoll_event event = event_of(own, interest::read);
        checked(::epoll_ctl(events_.number(), EPOLL_CTL_ADD, own->number(), &event), "epoll_ctl");
    }
}

void event_loop::add(int descriptor, watcher& told, interest in) {
    epoll_event event = event_of(&told, in);
    checked(::epoll_ctl(events_.number(), EPOLL_CTL_ADD, descriptor, &event), "epoll_ctl");
}

void event_loop::change(int descriptor, watcher& told, interest in) noexcept {
    epoll_event event = event_of(&told, in);
    ::epoll_ctl(events_.number(), EPOLL_CTL_MOD, descriptor, &event);  // of one added: cannot fail
}

void event_loop::post(std::function<void()> task) {
    {
        const std::lock_guard lock{tasks_guard_};
        tasks_.push_back(std::move(task));
    }
    wake();
}

void event_loop::wake() noexcept {
    const std::uint64_t one = 1;
    // Any other failure is that it rings already.
    while (::write(bell_.number(), &one, sizeof one) < 0 && errno == EINTR)
        ;
}

void event_loop::run(const std::function<void(std::uint64_t)>& on_tick,
                     const std::function<void()>& on_round) {
    std::array<epoll_event, 64> ready{};
    while (!stopped_) {
        const int count = ::epoll_wait(events_.number(), ready.data(),
                                       static_cast<int>(ready.size()), longest_wait_ms_);
        bool ticked = false;
        bool rung = false;
        for (int i = 0; i < count; ++i) {
            void* const told = ready[static_cast<std::size_t>(i)].data.ptr;
            if (told == &timer_)
                ticked = true;
            else if (told == &bell_)
                rung = true;
            else
                static_cast<watcher*>(told)->on_ready();
        }
        // Now, since these may destroy what was still to be told in the round.
        if (ticked) {
            if (const std::uint64_t ticks = silence(timer_); ticks != 0)
                logged([&on_tick, ticks] { on_tick(ticks); });
        }
        if (rung)
            run_tasks();
        logged(on_round);
    }
}

void event_loop::run_tasks() {
    silence(bell_);
    std::vector<std::function<void()>> due;
    {
        const std::lock_guard lock{tasks_guard_};
        due.swap(tasks_);
    }
    for (const auto& task : due)
        logged(task);
}

}  // namespace coffer::http
