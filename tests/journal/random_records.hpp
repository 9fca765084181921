// Records of every kind, with parts that a generator of random numbers chooses.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "journal/record.hpp"

/// Each is valid by itself; together they are no history. A record is valid until the next is made.
class random_records {
public:
    explicit random_records(std::uint64_t seed) : random_{seed} {}

    [[nodiscard]] coffer::journal::record next();

private:
    [[nodiscard]] coffer::journal::record without_actor();
    [[nodiscard]] std::string_view actor();
    [[nodiscard]] std::uint64_t below(std::uint64_t end);
    [[nodiscard]] coffer::money amount();
    [[nodiscard]] coffer::posting state(coffer::account_number account, std::uint64_t least = 2);
    [[nodiscard]] coffer::journal::request_key key();
    [[nodiscard]] coffer::journal::record transaction();
    [[nodiscard]] coffer::journal::record hold();
    [[nodiscard]] coffer::journal::record refusal();

    std::mt19937_64 random_;
    std::string text_;
    std::string actor_;
    std::vector<coffer::journal::posted_leg> legs_;
};
