#include "planted_data.hpp"

#include <cstdio>
#include <fstream>

#include "audit/auditor.hpp"
#include "catch.hpp"
#include "journal/opened_log.hpp"
#include "ops/checksum.hpp"

namespace coffer::test {
namespace {

journal::request_key key_of(std::string_view text) {
    return {text,
            text.empty() ? journal::request_fingerprint{} : journal::request_fingerprint{7, 8}};
}

}  // namespace

planted_data::planted_data(std::uint64_t segment_bytes) : storage_{place_.path() / "journal"} {
    REQUIRE_FALSE(storage_.create_directory());
    std::filesystem::create_directory(place_.path() / "snapshots");
    log_ = opened_log(storage_, {.segment_bytes = segment_bytes});
}

posting& planted_data::next(account_number account, std::int64_t change_minor) {
    posting& last = accounts_[account];
    last = {account, last.sequence + 1, money::from_minor(last.balance.minor() + change_minor)};
    return last;
}

void planted_data::open(account_number account, std::int64_t balance_minor, std::string_view key) {
    add(journal::record::of_opening(next(account, balance_minor), key_of(key)));
}

void planted_data::deposit(account_number account, std::int64_t amount_minor,
                           std::string_view key) {
    add(journal::record::of_deposit(next(account, amount_minor), money::from_minor(amount_minor),
                                    key_of(key)));
}

void planted_data::withdraw(account_number account, std::int64_t amount_minor,
                            std::string_view key) {
    add(journal::record::of_withdrawal(next(account, -amount_minor),
                                       money::from_minor(amount_minor), key_of(key)));
}

void planted_data::transfer(account_number payer, account_number payee, std::int64_t amount_minor,
                            std::string_view key) {
    const posting from = next(payer, -amount_minor);
    add(journal::record::of_transfer(from, next(payee, amount_minor),
                                     money::from_minor(amount_minor), key_of(key)));
}

void planted_data::refuse(account_number account, std::string_view key) {
    add(journal::record::of_refusal(errc::insufficient_funds, state(account), key_of(key)));
}

void planted_data::add(const journal::record& one) {
    std::vector<std::byte> bytes(journal::format::record::max_bytes);
    bytes.resize(journal::encode(one, bytes));
    batch_.add(bytes);
}

void planted_data::commit(const journal::batch_stamp& stamp) {
    static_cast<void>(log_->make_room());
    REQUIRE(log_->append(batch_.seal(log_->tail(), stamp)));
    REQUIRE(log_->wait_durable());
    batch_.clear();
}

planted_data::snapshot_text planted_data::snapshot(int number) const {
    snapshot_text made{
        .number = number, .after_record = last_record(), .until_record = last_record()};
    for (const auto& [account, last] : accounts_)
        made.accounts.push_back(last);
    return made;
}

std::filesystem::path planted_data::write(const snapshot_text& text) const {
    const std::string ledger = text.ledger.empty() ? to_hexadecimal(log_->ledger()) : text.ledger;
    std::string json = R"({"format":2,"number":)" + std::to_string(text.number) +
                       R"(,"taken_at":"2026-11-23T15:00:00Z","ledger":")" + ledger +
                       R"(","after_record":)" + std::to_string(text.after_record) +
                       R"(,"keys_from":)" + std::to_string(text.keys_from) + R"(,"accounts":[)";
    wide_minor total_minor = text.total_off_minor;
    const char* between = "\n";
    for (const posting& one : text.accounts) {
        json += between + (R"({"account_number":")" + std::to_string(one.account)) +
                R"(","balance":)" + to_string(one.balance) + R"(,"sequence":)" +
                std::to_string(one.sequence) + '}';
        between = ",\n";
        total_minor += one.balance.minor();
    }
    const auto count = static_cast<std::int64_t>(text.accounts.size()) + text.count_off;
    json += "\n],\"count\":" + std::to_string(count) + R"(,"total":)" + to_money_text(total_minor) +
            R"(,"until_record":)" + std::to_string(text.until_record);
    char checksum_text[17];
    std::snprintf(checksum_text, sizeof checksum_text, "%016llx",
                  static_cast<unsigned long long>(checksum(std::as_bytes(std::span{json}))));
    json.append(R"(,"checksum":")").append(checksum_text).append("\"}\n");
    return write_file(path() / "snapshots" / (std::to_string(text.number) + ".json"), json);
}

std::filesystem::path planted_data::segment(std::uint64_t first_record) const {
    return storage_.path(journal::segment_name(first_record));
}

std::vector<std::uint64_t> planted_data::segments() const {
    return journal::list_segments(storage_);
}

void planted_data::flip(const std::filesystem::path& file, std::uint64_t offset) {
    std::fstream bytes{file, std::ios::binary | std::ios::in | std::ios::out};
    bytes.seekg(static_cast<std::streamoff>(offset));
    const auto before = static_cast<char>(bytes.get());
    bytes.seekp(static_cast<std::streamoff>(offset));
    bytes.put(static_cast<char>(before ^ 4));
    REQUIRE(bytes.flush());
}

audit::report planted_data::examine() const {
    return audit::examine(audit::data_files::in(path()), [] {});
}

}  // namespace coffer::test
