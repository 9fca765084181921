// The accounts that a ledger begins with: the sample accounts, those of a JSON file, or none.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <coffer/ledger.hpp>

namespace coffer {

/// Thread safety: as for a value.
class initial_accounts {
public:
    /// 10001 .. 10009 with 1000.0 .. 9000.0, and 100000 with 10000.0.
    [[nodiscard]] static initial_accounts sample() { return {kind::sample, {}}; }
    [[nodiscard]] static initial_accounts none() { return {kind::none, {}}; }
    /// A snapshot, or a file written by hand in the same format.
    [[nodiscard]] static initial_accounts from_file(std::filesystem::path file) {
        return {kind::file, std::move(file)};
    }
    /// By the option of that name: a file, "none", or empty for the sample.
    [[nodiscard]] static initial_accounts named(std::string_view option);

    /// Where they come from, for people: "the sample accounts", "from FILE".
    [[nodiscard]] std::string origin() const;

    /// About how many there are. Throws as visit does.
    [[nodiscard]] std::size_t expected() const;

    /// Why an account is refused, for people; nothing if it is not.
    using refusal = std::optional<std::string>;
    /// Calls `open` with each account, as its last posting. Throws snapshot::accounts_error, which
    /// names the file and the line, for a file that cannot be read or an account that is refused.
    void visit(const std::function<refusal(const posting& listed)>& open) const;

    /// Throws as visit does, if the file is wrong; does nothing where it can be read only once.
    void check() const;

    /// A ledger in memory with these accounts, in a table sized for them. They keep the sequences
    /// that a file lists. Throws as visit does, std::bad_alloc.
    [[nodiscard]] std::unique_ptr<ledger> open_in_memory() const;

    /// The refusal of a ledger that returned `error` when it opened or restored `listed`.
    [[nodiscard]] static refusal refusal_of(account_number listed, errc error);

private:
    enum class kind : std::uint8_t { sample, none, file };
    initial_accounts(kind which, std::filesystem::path file)
        : kind_{which}, file_{std::move(file)} {}

    kind kind_;
    std::filesystem::path file_;
};

}  // namespace coffer
