#include "faulty_storage.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "journal/format.hpp"

namespace coffer::test {

namespace {

std::error_code error_of(std::errc reason) {
    return std::make_error_code(reason);
}

/// How much of a write is done when half of it is: whole sectors, as with a system that is stopped
/// between two pages.
std::size_t half_of(std::uint64_t offset, std::size_t bytes) {
    const std::uint64_t middle =
        (offset + bytes / 2) / journal::format::sector_bytes * journal::format::sector_bytes;
    return middle <= offset ? 0 : static_cast<std::size_t>(middle - offset);
}

}  // namespace

void faulty_storage::inode::note_written(std::size_t begin, std::size_t end) {
    shown.resize(std::max(shown.size(), end));
    dirty.resize(shown.size() / journal::format::sector_bytes + 1);
    for (std::size_t at = begin; at < end; at += journal::format::sector_bytes)
        dirty[at / journal::format::sector_bytes] = true;
    if (begin < end)
        dirty[(end - 1) / journal::format::sector_bytes] = true;
}

void faulty_storage::inode::keep(std::size_t sector) {
    const std::size_t begin = sector * journal::format::sector_bytes;
    const std::size_t end = std::min(begin + journal::format::sector_bytes, shown.size());
    if (begin < end)
        std::copy(shown.begin() + static_cast<std::ptrdiff_t>(begin),
                  shown.begin() + static_cast<std::ptrdiff_t>(end),
                  on_disk.begin() + static_cast<std::ptrdiff_t>(begin));
}

class faulty_file : public journal::storage_file {
public:
    faulty_file(const faulty_storage& owner, std::shared_ptr<faulty_storage::inode> content)
        : owner_{owner}, content_{std::move(content)} {}

    read_result read(std::uint64_t offset, std::span<std::byte> into) override {
        if (owner_.crashed_ || owner_.reads_fail_)
            return {0, error_of(std::errc::io_error)};
        const auto& bytes = content_->shown;
        const std::size_t begin = std::min<std::size_t>(offset, bytes.size());
        const std::size_t size = std::min(into.size(), bytes.size() - begin);
        std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(begin), size, into.begin());
        owner_.bytes_read_ += size;
        return {size, {}};
    }

    std::error_code write(std::uint64_t offset, std::span<const std::byte> bytes) override {
        const auto decided = owner_.count_call();
        if (decided.error && !decided.half)
            return decided.error;
        if (decided.half)
            bytes = bytes.first(half_of(offset, bytes.size()));
        auto& shown = content_->shown;
        const std::size_t end = static_cast<std::size_t>(offset) + bytes.size();
        if (end > shown.size() && owner_.used_bytes() + end - shown.size() > owner_.limit_bytes_)
            return error_of(std::errc::no_space_on_device);
        content_->note_written(static_cast<std::size_t>(offset), end);
        std::ranges::copy(bytes, shown.begin() + static_cast<std::ptrdiff_t>(offset));
        if (owner_.crashed_)
            owner_.crash();
        return decided.error;
    }

    std::error_code allocate(std::uint64_t bytes) override {
        if (const auto decided = owner_.count_call(); decided.error)
            return decided.error;
        auto& shown = content_->shown;
        if (owner_.used_bytes() + bytes - std::min<std::uint64_t>(bytes, shown.size()) >
            owner_.limit_bytes_)
            return error_of(std::errc::no_space_on_device);
        content_->note_written(shown.size(), std::max<std::size_t>(shown.size(), bytes));
        return {};
    }

    std::error_code sync() override {
        const auto decided = owner_.count_call();
        if (!decided.error || decided.half) {
            content_->on_disk.resize(content_->shown.size());
            for (std::size_t sector = 0; sector != content_->dirty.size(); ++sector)
                if (content_->dirty[sector])
                    content_->keep(sector);
        }
        if (owner_.crashed_) {
            if (decided.half)
                owner_.crash();
            return decided.error;
        }
        std::fill(content_->dirty.begin(), content_->dirty.end(), false);
        return decided.error;
    }

    size_result size() const override { return {content_->shown.size(), {}}; }

    journal::identify_result identify() const override {
        return {{0, reinterpret_cast<std::uintptr_t>(content_.get()), content_->shown.size()}, {}};
    }

private:
    const faulty_storage& owner_;
    std::shared_ptr<faulty_storage::inode> content_;
};

void faulty_storage::crash_at(std::uint64_t call, std::uint64_t seed) {
    calls_ = 0;
    crash_at_ = call;
    random_.seed(seed);
}

void faulty_storage::crash_now(std::uint64_t seed) {
    random_.seed(seed);
    crash();
}

void faulty_storage::fail_at(std::uint64_t call, std::errc error, bool for_good) {
    calls_ = 0;
    fail_at_ = call;
    failure_ = error;
    fails_for_good_ = for_good;
}

faulty_storage::verdict faulty_storage::count_call() const {
    if (crashed_)
        return {error_of(std::errc::io_error)};
    ++calls_;
    if (crash_at_ && calls_ == *crash_at_) {
        crashed_ = true;
        const bool half = random_() % 2 == 0;
        if (!half)
            crash();
        return {error_of(std::errc::io_error), half};
    }
    if (fail_at_ && (calls_ == *fail_at_ || (fails_for_good_ && calls_ > *fail_at_)))
        return {error_of(failure_), failure_ == std::errc::no_space_on_device};
    return {};
}

/// Of what is shown and not on the disk, parts get there.
void faulty_storage::crash() const {
    crashed_ = true;
    for (const auto& one : all_)
        crash_file(*one);
    // Names change in their order on a journaling file system: up to any of the changes.
    if (!unsynced_.empty() && random_() % 2 == 0)
        on_disk_ = unsynced_[random_() % unsynced_.size()];
    // Not all file systems do that: removals at least, in any order.
    for (const std::string& name : removed_)
        if (random_() % 2 == 0)
            on_disk_.erase(name);
}

void faulty_storage::crash_file(inode& one) const {
    const std::uint64_t mode = random_() % 4;  // none, all, up to somewhere, any
    const std::size_t first_lost = random_() % (one.dirty.size() + 1);
    one.on_disk.resize(mode == 0 ? one.on_disk.size() : one.shown.size());
    for (std::size_t sector = 0; sector != one.dirty.size(); ++sector) {
        const bool kept =
            mode == 1 || (mode == 2 && sector < first_lost) || (mode == 3 && random_() % 2 == 0);
        if (kept && one.dirty[sector])
            one.keep(sector);
    }
}

void faulty_storage::restart() {
    if (crashed_) {
        shown_ = on_disk_;
        for (const auto& [name, file] : shown_) {
            file->shown = file->on_disk;
            file->dirty.assign(file->dirty.size(), false);
        }
        unsynced_.clear();
        removed_.clear();
    }
    crashed_ = false;
    crash_at_.reset();
    fail_at_.reset();
    reads_fail_ = false;
    limit_bytes_ = UINT64_MAX;
    calls_ = 0;
}

std::vector<std::byte>& faulty_storage::content(const std::string& name) {
    return shown_.at(name)->shown;
}

std::map<std::string, std::vector<std::byte>> faulty_storage::all() const {
    std::map<std::string, std::vector<std::byte>> found;
    for (const auto& [name, file] : shown_)
        found[name] = file->shown;
    return found;
}

std::uint64_t faulty_storage::used_bytes() const {
    std::uint64_t sum = 0;
    for (const auto& [name, file] : shown_)
        sum += file->shown.size();
    return sum;
}

journal::storage::open_result faulty_storage::open(const std::string& name, access wanted) const {
    if (crashed_)
        return {nullptr, error_of(std::errc::io_error)};
    const auto found = shown_.find(name);
    if (wanted != access::create) {
        if (found == shown_.end())
            return {nullptr, error_of(std::errc::no_such_file_or_directory)};
        return {std::make_unique<faulty_file>(*this, found->second), {}};
    }
    if (found != shown_.end())
        return {nullptr, error_of(std::errc::file_exists)};
    if (const verdict decided = count_call(); decided.error) {
        if (decided.half && crashed_)
            crash();
        return {nullptr, decided.error};
    }
    all_.push_back(std::make_shared<inode>());
    shown_[name] = all_.back();
    removed_.erase(name);
    unsynced_.push_back(shown_);
    ++changes_;
    return {std::make_unique<faulty_file>(*this, all_.back()), {}};
}

journal::storage::list_result faulty_storage::list() const {
    list_result found;
    if (crashed_)
        found.error = error_of(std::errc::io_error);
    for (const auto& [name, file] : shown_)
        found.names.push_back(name);
    return found;
}

journal::identify_result faulty_storage::identify(const std::string& name) const {
    if (crashed_)
        return {{}, error_of(std::errc::io_error)};
    if (name.empty())
        return {{0, reinterpret_cast<std::uintptr_t>(this), 0, changes_}, {}};
    const auto found = shown_.find(name);
    if (found == shown_.end())
        return {{}, error_of(std::errc::no_such_file_or_directory)};
    return {{0, reinterpret_cast<std::uintptr_t>(found->second.get()), found->second->shown.size()},
            {}};
}

std::error_code faulty_storage::rename(const std::string& from, const std::string& to) {
    const verdict decided = count_call();
    if (decided.error && !(decided.half && crashed_))
        return decided.error;
    if (!shown_.contains(from))
        return error_of(std::errc::no_such_file_or_directory);
    shown_[to] = shown_[from];
    shown_.erase(from);
    ++changes_;
    removed_.erase(to);
    unsynced_.push_back(shown_);
    if (crashed_)
        crash();
    return decided.error;
}

std::error_code faulty_storage::remove(const std::string& name) {
    if (!crashed_ && !shown_.contains(name))
        return error_of(std::errc::no_such_file_or_directory);
    const verdict decided = count_call();
    if (decided.error && !(decided.half && crashed_))
        return decided.error;
    shown_.erase(name);
    ++changes_;
    removed_.insert(name);
    unsynced_.push_back(shown_);
    if (crashed_)
        crash();
    return decided.error;
}

std::error_code faulty_storage::sync() {
    const verdict decided = count_call();
    if (decided.error && !(decided.half && crashed_))
        return decided.error;
    on_disk_ = shown_;
    unsynced_.clear();
    removed_.clear();
    if (crashed_)
        crash();
    return decided.error;
}

std::string faulty_storage::path(std::string_view name) const {
    return std::string{"disk/"}.append(name);
}

}  // namespace coffer::test
