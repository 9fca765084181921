#include "replication/model_cluster.hpp"

#include <algorithm>

#include "replication/begin_log.hpp"
#include "replication/log_entry.hpp"
#include "replication/model_node.hpp"

namespace coffer::test {

using namespace replication;

model_cluster::model_cluster(virtual_world& in, settings as) : world{in}, chosen{as}, store{in} {
    for (std::byte& one : ledger)
        one = static_cast<std::byte>(in.number());
    end_ = first_position(ledger);
    store.on_change = [this](const store_state::change& one) { check(one); };
    for (std::size_t i = 0; i != nodes; ++i)
        nodes_.push_back(std::make_unique<model_node>(*this, i));
}

model_cluster::~model_cluster() = default;

model_node* model_cluster::leader() {
    const key_value* const key = store.state().find(keys.leader());
    if (key == nullptr)
        return nullptr;
    for (const auto& one : nodes_)
        if (key->value.find('"' + one->name() + '"') != std::string::npos)
            return one.get();
    return nullptr;
}

/// What must hold of every entry that is put, whatever is asked for.
void model_cluster::check(const store_state::change& one) {
    const auto number = keys.entry_number(one.key);
    if (!number || !one.now)
        return;
    if (has_entries_ && *number != last_entry_ + 1)
        return history.wrong("entry " + std::to_string(*number) + " was put after entry " +
                             std::to_string(last_entry_));
    has_entries_ = true;
    last_entry_ = *number;
    const decoded_entry entry = decode_entry(one.now->value);
    if (!entry.value || entry.value->term < last_term_)
        return history.wrong("entry " + std::to_string(*number) + " has a term that falls");
    last_term_ = entry.value->term;
    if (!has_batch(entry.value->kind))
        return;
    const journal::batch_view batch = journal::check_batch(entry.value->batch).value;
    if (journal::check_follows(batch.header, end_) != journal::batch_error::none)
        return history.wrong("entry " + std::to_string(*number) +
                             " has a batch that does not follow");
    end_ = batch.after();
    logged_.emplace_back(reinterpret_cast<const char*>(batch.bytes.data()), batch.bytes.size());
    history.note_logged(batch);
}

void model_cluster::check_copy(const std::string& name, const memory_batches& files) {
    const auto all = files.all();
    if (all.size() > logged_.size())
        return history.wrong(name + " has a batch that is not in the log");
    for (std::size_t i = 0; i != all.size(); ++i)
        if (!std::ranges::equal(*all[i], std::as_bytes(std::span{logged_[i]})))
            return history.wrong(name + " has another batch than the log");
}

}  // namespace coffer::test
