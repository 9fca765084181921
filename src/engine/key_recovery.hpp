// The keys of requests, from the journal's records.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/key_store.hpp"
#include "journal/batch.hpp"
#include "journal/record.hpp"

namespace coffer {

/// Puts what became of requests that had keys into a key store.
///
/// A batch is written when the one before it is durable, so an outcome was durable by the running
/// time of the next batch: that is when the key's life begins. So a key may live a little longer
/// after a start than it would have without one, and never less. Thread safety: none.
class key_recovery {
public:
    /// `into` must outlive it.
    explicit key_recovery(key_store& into) noexcept : store_{into} {}

    /// Takes a record of a batch with this stamp. Records come in the journal's order. Throws
    /// std::bad_alloc.
    void add(const journal::record& one, const journal::batch_stamp& of);

    /// Puts in the keys of the last batch that has records. `journal_end_ns` is the running time
    /// of the journal's last batch, which may be one without: the next life of the server begins
    /// there. Throws std::bad_alloc.
    void finish(std::uint64_t journal_end_ns) { restore_held(journal_end_ns); }

private:
    struct held_key {
        std::size_t text_at;  // in texts_
        std::uint8_t text_bytes;
        journal::request_fingerprint fingerprint;
        key_store::kept_outcome outcome;
    };
    void hold(std::string_view text, const journal::record& one);
    void hold_as_read_today(const journal::record& one);
    void restore_held(std::uint64_t durable_ns);

    key_store& store_;
    std::uint64_t held_since_ns_ = 0;  // the running time of their batch
    std::string texts_;
    std::vector<held_key> held_;
};

}  // namespace coffer
