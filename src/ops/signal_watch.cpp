#include "ops/signal_watch.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <system_error>
#include <utility>

#include "ops/log.hpp"
#include "ops/stopping.hpp"

namespace coffer {
namespace {

using namespace std::chrono_literals;

// Together below a second: a start must have ended by then.
constexpr auto start_patience = 400ms;
constexpr auto undo_patience = 200ms;
constexpr auto last_words_patience = 100ms;
constexpr auto one_stop = 1s;  // signals within this time count as one

struct watched {
    int number;
    std::string_view name;
    bool stops;
};

// A parent can limit how long a program runs by setting an alarm before it starts the program.
constexpr std::array all_watched{
    watched{SIGTERM, "SIGTERM", true},  watched{SIGINT, "SIGINT", true},
    watched{SIGQUIT, "SIGQUIT", true},  watched{SIGALRM, "SIGALRM", true},
    watched{SIGHUP, "SIGHUP", false},   watched{SIGUSR1, "SIGUSR1", false},
    watched{SIGUSR2, "SIGUSR2", false},
};

const watched& entry_of(int number) noexcept {
    return *std::ranges::find(all_watched, number, &watched::number);
}

/// The mask from before hold_signals.
sigset_t mask_before{};

sigset_t watched_set() noexcept {
    sigset_t set;
    sigemptyset(&set);
    for (const watched& one : all_watched)
        sigaddset(&set, one.number);
    return set;
}

int checked(int result, const char* what) {
    if (result < 0)
        throw std::system_error{errno, std::system_category(), what};
    return result;
}

int signal_descriptor() {
    const sigset_t set = watched_set();
    return checked(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), "signalfd");
}

extern "C" void end_process_one(int number) {
    ::_exit(128 + number);
}

[[noreturn]] void end_at_once(int number) noexcept {
    log::warn("{} again: ends at once", entry_of(number).name);
    log::flush(last_words_patience);
    std::_Exit(128 + number);
}

// A start can be ended at any point: the next start handles that as it handles a crash.
[[noreturn]] void give_up_start() noexcept {
    stopping::undo_before_the_end(undo_patience);
    log::info("{}, although it was still waiting", stopping::stopped{}.what());
    log::flush(last_words_patience);
    std::_Exit(EXIT_SUCCESS);
}

}  // namespace

void hold_signals() noexcept {
    const sigset_t set = watched_set();
    ::pthread_sigmask(SIG_BLOCK, &set, &mask_before);
}

void release_signals() noexcept {
    if (::getpid() == 1)
        for (const watched& one : all_watched)
            if (one.stops)
                std::signal(one.number, &end_process_one);
    ::pthread_sigmask(SIG_SETMASK, &mask_before, nullptr);
}

signal_watch::signal_watch()
    : signals_{signal_descriptor()},
      bell_{checked(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")},
      thread_{[this] { run(); }} {}

signal_watch::~signal_watch() {
    {
        const std::lock_guard lock{mutex_};
        is_ending_ = true;
    }
    wake();
    thread_.join();
}

void signal_watch::give(orders what) {
    {
        const std::lock_guard lock{mutex_};
        orders_ = std::move(what);
        if (stopped_)
            begin();
    }
    wake();
}

void signal_watch::reload_with(std::function<bool()> reload) {
    const std::lock_guard lock{mutex_};
    reload_ = std::move(reload);
}

void signal_watch::withdraw_orders() noexcept {
    const std::lock_guard lock{mutex_};
    reload_ = nullptr;
    if (!orders_)  // the start has failed or was given up
        return;
    orders_ = orders{0s, [] {}, [] {}};
    deadline_.reset();  // of the grace
}

void signal_watch::wake() noexcept {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t rung = ::write(bell_.number(), &one, sizeof one);
}

void signal_watch::run() noexcept {
    std::array<pollfd, 2> until{pollfd{signals_.number(), POLLIN, 0},
                                pollfd{bell_.number(), POLLIN, 0}};
    while (true) {
        ::poll(until.data(), until.size(), time_to_deadline_ms());
        std::uint64_t rung = 0;
        [[maybe_unused]] const ssize_t silenced = ::read(bell_.number(), &rung, sizeof rung);
        const std::lock_guard lock{mutex_};
        if (is_ending_)
            return;
        while (const std::optional<int> number = next_signal())
            on_signal(*number);
        if (deadline_ && clock::now() >= *deadline_)
            on_deadline();
    }
}

/// Returns the time as poll takes it: -1 for none. Rounded up, so that the deadline has passed
/// then.
int signal_watch::time_to_deadline_ms() {
    const std::lock_guard lock{mutex_};
    if (!deadline_)
        return -1;
    constexpr std::chrono::milliseconds longest = 1h;  // then it computes the time again
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline_ - clock::now());
    return static_cast<int>(std::clamp(left, std::chrono::milliseconds{0}, longest).count());
}

std::optional<int> signal_watch::next_signal() {
    signalfd_siginfo one{};
    if (::read(signals_.number(), &one, sizeof one) != sizeof one)
        return std::nullopt;
    return static_cast<int>(one.ssi_signo);
}

void signal_watch::on_signal(int number) {
    if (entry_of(number).stops)
        on_stop(number);
    else if (number == SIGHUP && reload_ && reload_())
        log::info("SIGHUP: reading the files again");
    else
        log::info("{}: has no effect, as there is nothing to reload", entry_of(number).name);
}

void signal_watch::on_stop(int number) {
    const clock::time_point now = clock::now();
    if (stopped_) {
        if (now - *stopped_ >= one_stop)
            end_at_once(number);
        return;
    }
    stopped_ = now;
    first_signal_ = number;
    if (orders_)
        return begin();
    log::info("{}: stopping", entry_of(number).name);
    stopping::request();
    deadline_ = now + start_patience;
}

void signal_watch::begin() {
    orders_->retire();
    if (orders_->grace > 0s) {
        log::info("{}: not ready any more, drains in {} s", entry_of(first_signal_).name,
                  orders_->grace.count());
        deadline_ = clock::now() + orders_->grace;
        return;
    }
    log::info("{}: draining", entry_of(first_signal_).name);
    deadline_.reset();
    orders_->drain();
}

void signal_watch::on_deadline() {
    deadline_.reset();
    if (!orders_)
        give_up_start();
    log::info("draining");
    orders_->drain();
}

}  // namespace coffer
