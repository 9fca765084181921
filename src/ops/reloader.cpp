#include "ops/reloader.hpp"

#include <sys/stat.h>

#include <chrono>
#include <exception>
#include <utility>

#include "ops/log.hpp"

namespace coffer {

reloader::~reloader() {
    {
        const std::lock_guard lock{mutex_};
        is_ending_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable())
        thread_.join();
}

void reloader::add(std::string what, std::vector<std::filesystem::path> files, reading again) {
    std::vector<state_of_file> seen = look(files);
    entries_.push_back({std::move(what), std::move(files), std::move(again), std::move(seen)});
}

void reloader::start() {
    if (!entries_.empty())
        thread_ = std::thread{[this] { run(); }};
}

bool reloader::reload() noexcept {
    {
        const std::lock_guard lock{mutex_};
        is_asked_ = true;
    }
    changed_.notify_all();
    return !entries_.empty();
}

std::vector<reloader::state_of_file> reloader::look(
    const std::vector<std::filesystem::path>& files) {
    std::vector<state_of_file> all;
    for (const std::filesystem::path& file : files) {
        struct stat found {};
        constexpr std::int64_t ns_a_second = 1'000'000'000;
        if (::stat(file.c_str(), &found) == 0)
            all.push_back({found.st_ino, found.st_mtim.tv_sec * ns_a_second + found.st_mtim.tv_nsec,
                           found.st_size});
        else
            all.emplace_back();
    }
    return all;
}

void reloader::run() {
    std::unique_lock lock{mutex_};
    while (!is_ending_) {
        changed_.wait_for(lock, std::chrono::seconds{1},
                          [this] { return is_asked_ || is_ending_; });
        const bool all = std::exchange(is_asked_, false);
        if (is_ending_)
            return;
        lock.unlock();
        for (entry& one : entries_)
            if (std::vector<state_of_file> now = look(one.files); all || now != one.seen) {
                one.seen = std::move(now);
                read(one);
            }
        lock.lock();
    }
}

void reloader::read(entry& one) {
    try {
        one.again();
        log::info("{}: read again", one.what);
    } catch (const std::exception& failure) {
        log::error("{}: not read again, what was read before stays in use: {}", one.what,
                   failure.what());
    }
}

}  // namespace coffer
