#include "api/token_file.hpp"

#include <openssl/evp.h>
#include <sys/random.h>

#include <algorithm>
#include <array>
#include <map>
#include <stdexcept>
#include <utility>
#include <vector>

#include "api/percent_encoding.hpp"

namespace coffer::api {
namespace {

constexpr std::string_view hash_prefix = "sha256:";
constexpr std::string_view accounts_prefix = "accounts=";
constexpr std::string_view token_prefix = "coffer_";

struct named_scope {
    std::string_view name;
    api::scope scope;
};
constexpr std::array named_scopes{
    named_scope{"read", scope::read}, named_scope{"post", scope::post},
    named_scope{"open", scope::open}, named_scope{"admin", scope::admin}};

constexpr bool is_letter_or_digit(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// Removes what stands before the first `separator` from the text, and the separator.
std::string_view take_until(std::string_view& text, char separator) noexcept {
    const std::size_t end = std::min(text.find(separator), text.size());
    const std::string_view taken = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return taken;
}

std::optional<account_range> parse_range(std::string_view text) {
    const std::size_t dash = text.find('-');
    const auto first = parse_account_number(text.substr(0, dash));
    const auto last = dash == text.npos ? first : parse_account_number(text.substr(dash + 1));
    if (!first || !last || *first > *last)
        return std::nullopt;
    return account_range{*first, *last};
}

std::optional<token_hash> parse_hash(std::string_view text) noexcept {
    token_hash made;
    if (!text.starts_with(hash_prefix) || text.size() != hash_prefix.size() + 2 * made.size())
        return std::nullopt;
    text.remove_prefix(hash_prefix.size());
    for (std::size_t i = 0; i != made.size(); ++i) {
        const int high = hex_value(text[2 * i]);
        const int low = hex_value(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return std::nullopt;
        made[i] = static_cast<unsigned char>(high * 16 + low);
    }
    return made;
}

/// The parts of a line, without the comment.
std::vector<std::string_view> parts_of(std::string_view line) {
    std::vector<std::string_view> parts;
    constexpr std::string_view blanks = " \t";
    for (;;) {
        line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
        if (line.empty() || line.front() == '#')
            return parts;
        const std::size_t end = std::min(line.find_first_of(blanks), line.size());
        parts.push_back(line.substr(0, end));
        line.remove_prefix(end);
    }
}

class file_reader {
public:
    void take_line(std::string_view line) {
        ++number_;
        if (line.size() > max_token_line_bytes)
            fail("is longer than " + std::to_string(max_token_line_bytes) + " bytes");
        if (std::ranges::any_of(
                line, [](char c) { return (c >= 0 && c < ' ' && c != '\t') || c == 0x7f; }))
            fail("has a control character");
        if (const auto parts = parts_of(line); !parts.empty())
            tokens_.push_back(read(parts));
    }

    token_set finish() {
        if (tokens_.empty())
            throw std::runtime_error{"there is no token in it"};
        return token_set{std::move(tokens_)};
    }

private:
    known_token read(const std::vector<std::string_view>& parts) {
        if (parts.size() < 3 || parts.size() > 4)
            fail("is not: NAME SCOPES sha256:HASH [accounts=RANGES]");
        known_token made;
        if (!is_token_name(parts[0]))
            fail(
                "the name is not 1 to 64 letters, digits, and . _ - @, the first a letter or a "
                "digit");
        made.who.name = parts[0];
        const auto scopes = parse_scopes(parts[1]);
        if (!scopes)
            fail("the scopes are not some of read, post, open, admin, joined by commas");
        made.who.scopes = *scopes;
        const auto hash = parse_hash(parts[2]);
        if (!hash)
            fail("the hash is not sha256: and 64 hexadecimal digits");
        made.hash = *hash;
        if (parts.size() == 4) {
            if (!parts[3].starts_with(accounts_prefix))
                fail("what follows the hash is not accounts= and ranges, nor a comment");
            const auto accounts = parse_account_ranges(parts[3].substr(accounts_prefix.size()));
            if (!accounts)
                fail("the accounts are not numbers and ranges, as in 10001-10009,20001");
            made.who.accounts = *accounts;
        }
        check_is_new(made);
        return made;
    }

    void check_is_new(const known_token& one) {
        const auto [name, is_new_name] = names_.emplace(one.who.name, number_);
        if (!is_new_name)
            fail("the name is that of line " + std::to_string(name->second));
        const auto [hash, is_new_hash] = hashes_.emplace(one.hash, number_);
        if (!is_new_hash)
            fail("the token is that of line " + std::to_string(hash->second));
    }

    [[noreturn]] void fail(const std::string& why) const {
        throw std::runtime_error{"line " + std::to_string(number_) + ": " + why};
    }

    std::size_t number_ = 0;
    std::vector<known_token> tokens_;
    std::map<std::string, std::size_t> names_;  // with their lines
    std::map<token_hash, std::size_t> hashes_;
};

}  // namespace

token_set parse_token_file(std::string_view text) {
    if (text.size() > max_token_file_bytes)
        throw std::runtime_error{"it is longer than " + std::to_string(max_token_file_bytes) +
                                 " bytes"};
    file_reader reader;
    while (!text.empty()) {
        std::string_view line = take_until(text, '\n');
        if (line.ends_with('\r'))
            line.remove_suffix(1);
        reader.take_line(line);
    }
    return reader.finish();
}

bool is_token_name(std::string_view text) noexcept {
    return !text.empty() && text.size() <= max_token_name_bytes &&
           is_letter_or_digit(text.front()) && std::ranges::all_of(text, [](char c) {
               return is_letter_or_digit(c) ||
                      std::string_view{"._-@"}.find(c) != std::string_view::npos;
           });
}

std::optional<scope_set> parse_scopes(std::string_view text) noexcept {
    if (text.ends_with(','))
        return std::nullopt;
    scope_set made;
    do {
        const std::string_view name = take_until(text, ',');
        const auto* const found = std::ranges::find(named_scopes, name, &named_scope::name);
        if (found == named_scopes.end() || made.has(found->scope))
            return std::nullopt;
        made.add(found->scope);
    } while (!text.empty());
    return made;
}

std::optional<account_ranges> parse_account_ranges(std::string_view text) {
    if (text.ends_with(','))
        return std::nullopt;
    std::vector<account_range> made;
    do {
        const auto range = parse_range(take_until(text, ','));
        if (!range)
            return std::nullopt;
        made.push_back(*range);
    } while (!text.empty());
    return account_ranges{std::move(made)};
}

std::string make_token() {
    std::array<unsigned char, 32> random;
    if (::getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size()))
        throw std::runtime_error{"the system has no random bytes"};
    // 32 bytes are 43 digits of base64 and one `=`, which base64url leaves out.
    std::array<unsigned char, 45> digits;
    EVP_EncodeBlock(digits.data(), random.data(), static_cast<int>(random.size()));
    std::string made{token_prefix};
    for (std::size_t i = 0; i != 43; ++i)
        made += static_cast<char>(digits[i] == '+' ? '-' : digits[i] == '/' ? '_' : digits[i]);
    return made;
}

std::string token_line(std::string_view name, std::string_view scopes, const token_hash& hash,
                       std::string_view accounts) {
    constexpr std::string_view hex = "0123456789abcdef";
    std::string made{name};
    made.append(" ").append(scopes).append(" ").append(hash_prefix);
    for (const unsigned char byte : hash) {
        made += hex[byte >> 4];
        made += hex[byte & 15];
    }
    if (!accounts.empty())
        made.append(" ").append(accounts_prefix).append(accounts);
    return made + '\n';
}

}  // namespace coffer::api
