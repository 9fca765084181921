#include "replication/begin_log.hpp"

#include <charconv>
#include <string>
#include <utility>

#include "ops/checksum.hpp"
#include "ops/text.hpp"
#include "replication/log_entry.hpp"
#include "replication/log_reader.hpp"

namespace coffer::replication {
namespace {

ledger_id parsed(const key_value& one) {
    ledger_id id{};
    constexpr std::size_t digits = 2;  // a byte
    bool is_right = one.value.size() == digits * id.size();
    for (std::size_t i = 0; is_right && i != id.size(); ++i) {
        const char* const begin = one.value.data() + digits * i;
        std::uint8_t byte = 0;
        const auto [end, error] = std::from_chars(begin, begin + digits, byte, 16);
        is_right = error == std::errc{} && end == begin + digits;
        id[i] = std::byte{byte};
    }
    if (!is_right)
        throw log_contradiction{one.key + ": it is no ledger's id"};
    return id;
}

comparison is_absent(std::string key) {
    return {std::move(key), comparison::subject::create_revision, comparison::relation::equal, 0};
}

}  // namespace

// What journals begin with: see src/journal/FORMAT.md.
journal::batch_position first_position(const ledger_id& ledger) noexcept {
    return {.next_record = 1, .chain = checksum(ledger)};
}

answer<std::optional<ledger_id>> find_ledger(key_value_store& store, const log_keys& keys,
                                             key_value_store::timeout within) {
    transaction asked;  // writes, so that what it returns is not old
    asked.success = {operation::read({.key = keys.ledger()}),
                     operation::remove({.key = keys.nothing()})};
    auto found = store.transact(asked, within);
    if (!found)
        return {{}, found.error, std::move(found.reason)};
    const auto& ledger = found.value.results.at(0).found;
    return {ledger.empty() ? std::nullopt : std::optional{parsed(ledger[0])}};
}

answer<ledger_id> begin_log(key_value_store& store, const log_keys& keys, const ledger_id& proposed,
                            std::string_view node, key_value_store::timeout within) {
    log_entry first{.kind = entry_kind::log_begins,
                    .is_opening = true,
                    .after = first_position(proposed),
                    .ledger = proposed,
                    .node = node};
    first.total_bytes = bytes_of(first);
    const transaction asked{.compare = {is_absent(keys.ledger()), is_absent(keys.entry(0))},
                            .success = {operation::put(keys.ledger(), to_hexadecimal(proposed)),
                                        operation::put(keys.entry(0), encode(first))},
                            .failure = {operation::read({.key = keys.ledger()})}};
    auto found = store.transact(asked, within);
    if (!found)
        return {{}, found.error, std::move(found.reason)};
    if (found.value.succeeded)
        return {proposed};
    const auto& ledger = found.value.results.at(0).found;
    if (ledger.empty())
        throw log_contradiction{keys.ledger() + ": it is missing, and there is a log"};
    return {parsed(ledger[0])};
}

}  // namespace coffer::replication
