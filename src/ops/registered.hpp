// A list of things that parts of a server add, and that leave it when the part ends.
#pragma once

#include <iterator>
#include <list>
#include <mutex>
#include <utility>

namespace coffer {

/// Thread safety: any thread may call any member. A visitor must not call the list.
template <class Thing>
class registered {
public:
    /// Removes its thing when it is destroyed; no visitor sees that any more then.
    class registration {
    public:
        registration() noexcept = default;
        registration(registration&& other) noexcept
            : from_{std::exchange(other.from_, nullptr)}, which_{other.which_} {}
        registration& operator=(registration&& other) noexcept {
            std::swap(from_, other.from_);
            std::swap(which_, other.which_);
            return *this;
        }
        ~registration() {
            if (from_ != nullptr)
                from_->remove(which_);
        }

    private:
        friend class registered;
        using place = typename std::list<Thing>::iterator;
        registration(registered& from, place which) noexcept : from_{&from}, which_{which} {}
        registered* from_ = nullptr;
        place which_{};
    };

    /// The list must outlive the registration. Throws std::bad_alloc.
    [[nodiscard]] registration add(Thing one) {
        const std::lock_guard lock{mutex_};
        things_.push_back(std::move(one));
        return {*this, std::prev(things_.end())};
    }

    /// Calls `visitor(const Thing&)` with each, in the order in which they were added.
    template <class Visitor>
    void visit(const Visitor& visitor) const {
        const std::lock_guard lock{mutex_};
        for (const Thing& one : things_)
            visitor(one);
    }

private:
    void remove(typename std::list<Thing>::iterator which) noexcept {
        const std::lock_guard lock{mutex_};
        things_.erase(which);
    }

    mutable std::mutex mutex_;
    std::list<Thing> things_;
};

}  // namespace coffer
