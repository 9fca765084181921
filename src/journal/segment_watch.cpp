#include "journal/segment_watch.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "journal/segment.hpp"

namespace coffer::journal {
namespace {

/// Whether the error means that nothing has the name any more, and not only that this cannot be
/// found out now.
bool is_gone(std::error_code error) noexcept {
    return error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory ||
           error == std::error_code{ESTALE, std::system_category()};
}

}  // namespace

void segment_watch::expect(std::span<const std::uint64_t> segments) {
    const std::lock_guard lock{mutex_};
    expected_.insert(segments.begin(), segments.end());
}

std::string segment_watch::enter(std::uint64_t first_record, const storage_file& file) {
    const identify_result found = file.identify();
    if (found.error)
        return storage_.path(segment_name(first_record)) + ": " + found.error.message();
    {
        const std::lock_guard lock{mutex_};
        current_ = {first_record, found.value};
        expected_.insert(first_record);
    }
    return check_current();
}

void segment_watch::forget(std::uint64_t first_record) {
    const std::lock_guard lock{mutex_};
    expected_.erase(first_record);
}

segment_watch::segment segment_watch::current() const {
    const std::lock_guard lock{mutex_};
    return current_;
}

std::string segment_watch::check_current() {
    {
        const std::lock_guard lock{mutex_};
        if (!lost_.empty())
            return lost_;
    }
    for (;;) {
        const segment looked_at = current();
        std::string why = why_not_in_place(looked_at);
        if (why.empty())
            return {};
        // If another segment was entered meanwhile, the log itself may have removed this one.
        if (looked_at.first_record == current().first_record)
            return lost(std::move(why));
    }
}

std::string segment_watch::why_not_in_place(const segment& one) const {
    const std::string name = segment_name(one.first_record);
    const identify_result found = storage_.identify(name);
    if (is_gone(found.error))
        return storage_.path(name) +
               ": is not there any more: it, or a directory that it is in, was removed or renamed "
               "by another program";
    if (found.error)
        return {};
    if (!one.identity.is_same_file(found.value))
        return storage_.path(name) + ": is another file now: it, or a directory that it is in, " +
               "was replaced by another program";
    if (found.value.bytes != one.identity.bytes)
        return storage_.path(name) + ": has " + std::to_string(found.value.bytes) +
               " bytes now instead of " + std::to_string(one.identity.bytes) +
               ": it was cut off by another program";
    return {};
}

std::string segment_watch::check_all() {
    if (std::string why = check_current(); !why.empty())
        return why;
    const identify_result directory = storage_.identify("");
    {
        const std::lock_guard lock{mutex_};
        if (directory.error || (directory.value.changed_ns == changed_ns_ && looks_left_ == 0))
            return {};
        looks_left_ =
            directory.value.changed_ns == changed_ns_ ? looks_left_ - 1 : looks_after_change;
        changed_ns_ = directory.value.changed_ns;
    }
    return why_one_is_missing();
}

std::string segment_watch::why_one_is_missing() {
    std::vector<std::uint64_t> before;
    {
        const std::lock_guard lock{mutex_};
        before.assign(expected_.begin(), expected_.end());
    }
    const storage::list_result listed = storage_.list();
    if (listed.error)
        return {};
    std::set<std::uint64_t> there;
    for (const std::string& name : listed.names)
        if (const auto first_record = parse_segment_name(name))
            there.insert(*first_record);
    for (const std::uint64_t one : before) {
        // A directory that changes meanwhile may be listed without a name that it has.
        if (there.contains(one) || !is_gone(storage_.identify(segment_name(one)).error))
            continue;
        const std::unique_lock lock{mutex_};
        if (!expected_.contains(one))
            continue;  // forgotten meanwhile
        lost_ = storage_.path(segment_name(one)) +
                ": is not there any more: it was removed or renamed by another program";
        return lost_;
    }
    return {};
}

std::string segment_watch::lost(std::string why) {
    const std::lock_guard lock{mutex_};
    lost_ = std::move(why);
    return lost_;
}

}  // namespace coffer::journal
