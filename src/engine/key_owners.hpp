// The names that idempotency keys belong to: those of tokens. Numbers them, so that a key needs no
// memory for its owner's name, and counts the keys of each.
//
// Thread safety  Any thread may call any member. Only number_of takes a lock; a thread that has got
//                a key with a number may count by that number.
#pragma once

#include <array>
#include <atomic>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>

#include "journal/format.hpp"

namespace coffer {

class key_owners {
public:
    using number = std::uint32_t;

    /// The number for keys that belong to no name.
    static constexpr number nobody = 0;
    static constexpr int number_bits = 20;
    static constexpr number max_number = (number{1} << number_bits) - 1;

    key_owners() = default;
    key_owners(const key_owners&) = delete;
    key_owners& operator=(const key_owners&) = delete;

    /// The number of a name, the same whenever it is asked for; nobody for an empty name. Nothing
    /// if there are max_number names, or there is no memory for another. A name is never forgotten.
    [[nodiscard]] std::optional<number> number_of(std::string_view name) noexcept;

    /// How many names have numbers.
    [[nodiscard]] std::size_t names() const {
        const std::shared_lock lock{guard_};
        return numbers_.size();
    }

    /// Adds or removes one key of this owner, a number that number_of has returned.
    void count(number owner) noexcept { change(owner, 1); }
    void discount(number owner) noexcept { change(owner, -1); }

    /// How many keys are counted of it; 0 for nobody.
    [[nodiscard]] std::size_t keys(number owner) const noexcept {
        return owner == nobody ? 0 : count_of(owner).load(std::memory_order_relaxed);
    }

private:
    using counter = std::atomic<std::uint32_t>;
    static constexpr std::size_t counters_a_block = 1024;

    [[nodiscard]] counter& count_of(number owner) const noexcept {
        return blocks_[owner / counters_a_block][owner % counters_a_block];
    }
    // Relaxed: a sum by itself.
    void change(number owner, int by) noexcept {
        if (owner != nobody)
            count_of(owner).fetch_add(static_cast<std::uint32_t>(by), std::memory_order_relaxed);
    }
    [[nodiscard]] number add(std::string_view name);

    struct hasher {
        using is_transparent = void;
        std::size_t operator()(std::string_view name) const noexcept {
            return std::hash<std::string_view>{}(name);
        }
    };

    mutable std::shared_mutex guard_;
    boost::unordered_flat_map<std::string, number, hasher, std::equal_to<>> numbers_;
    // A block is made before the first of its numbers is returned, and then stays.
    std::array<std::unique_ptr<counter[]>, (max_number + 1) / counters_a_block> blocks_;
};

}  // namespace coffer
