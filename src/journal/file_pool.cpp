#include "journal/file_pool.hpp"

#include <algorithm>
#include <utility>

namespace coffer::journal {

std::unique_ptr<storage_file> file_pool::take(std::uint64_t first_record,
                                              std::uint64_t& generation) {
    const std::lock_guard lock{mutex_};
    generation = generation_;
    const auto found = std::ranges::find(idle_, first_record, &idle_file::first_record);
    if (found == idle_.end())
        return nullptr;
    std::unique_ptr<storage_file> taken = std::move(found->file);
    idle_.erase(found);
    return taken;
}

void file_pool::give_back(idle_file one, std::uint64_t generation) {
    std::unique_ptr<storage_file> closed;  // after the lock
    const std::lock_guard lock{mutex_};
    if (generation != generation_) {
        closed = std::move(one.file);
        return;
    }
    idle_.push_back(std::move(one));
    if (idle_.size() > most_open) {
        closed = std::move(idle_.front().file);
        idle_.pop_front();
    }
}

std::error_code file_pool::use(std::uint64_t first_record,
                               const std::function<std::error_code(storage_file&)>& how) {
    std::uint64_t generation = 0;
    std::unique_ptr<storage_file> file = take(first_record, generation);
    if (file == nullptr) {
        auto opened = storage_.open(name_(first_record), storage::access::read);
        if (opened.error)
            return opened.error;
        file = std::move(opened.file);
    }
    if (const std::error_code error = how(*file))
        return error;
    give_back({first_record, std::move(file)}, generation);
    return {};
}

std::error_code file_pool::read(std::uint64_t first_record, std::uint64_t offset,
                                std::span<std::byte> into) {
    return use(first_record, [&](storage_file& file) {
        const auto done = file.read(offset, into);
        const bool is_short = !done.error && done.bytes != into.size();
        return is_short ? std::make_error_code(std::errc::result_out_of_range) : done.error;
    });
}

storage_file::size_result file_pool::size(std::uint64_t first_record) {
    storage_file::size_result found;
    found.error = use(first_record, [&found](const storage_file& file) {
        found = file.size();
        return found.error;
    });
    return found;
}

void file_pool::forget(std::uint64_t first_record) {
    std::deque<idle_file> closed;  // after the lock
    const std::lock_guard lock{mutex_};
    ++generation_;
    for (idle_file& one : idle_)
        if (one.first_record == first_record)
            closed.push_back(std::move(one));
    std::erase_if(idle_, [](const idle_file& one) { return one.file == nullptr; });
}

void file_pool::forget_before(std::uint64_t first_record) {
    std::deque<idle_file> closed;  // after the lock
    const std::lock_guard lock{mutex_};
    ++generation_;
    for (idle_file& one : idle_)
        if (one.first_record < first_record)
            closed.push_back(std::move(one));
    std::erase_if(idle_, [](const idle_file& one) { return one.file == nullptr; });
}

}  // namespace coffer::journal
