// The route table: finds the route of a request by its method and path.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string_view>

#include "api/route.hpp"

namespace coffer::api {

/// The most segments in a path that a route can have.
inline constexpr std::size_t max_path_segments = 6;

/// A list of methods as the Allow field has it.
class method_list {
public:
    constexpr void add(std::string_view name) {
        if (size_ != 0)
            append(", ");
        append(name);
    }
    [[nodiscard]] constexpr std::string_view text() const noexcept { return {text_.data(), size_}; }

private:
    constexpr void append(std::string_view text) {
        for (const char c : text)
            text_.at(size_++) = c;
    }
    std::array<char, 48> text_{};
    std::size_t size_ = 0;
};

/// All routes of one path.
struct path_routes {
    /// Its segments; a parameter is empty.
    std::array<std::string_view, max_path_segments> segments{};
    std::uint8_t size = 0;
    std::uint8_t account = max_path_segments;  ///< which segment is `{account}`, if one is
    std::array<const route*, 2> routes{};      ///< by GET and POST; null where there is none
    method_list allow{};

    /// The route of a method; null if the path does not have it.
    [[nodiscard]] constexpr const route* of(method how) const noexcept {
        const auto index = static_cast<std::size_t>(how);
        return index < routes.size() ? routes[index] : nullptr;
    }
};

/// What a path of a request is: the path's routes, or null, and the segments as they stand there.
struct path_match {
    const path_routes* path = nullptr;
    std::size_t size = 0;  ///< how many segments
    std::array<std::string_view, max_path_segments> segments;
    bool is_encoded = false;   ///< some segment has a percent sign
    std::string_view query{};  ///< what follows the first `?`
};

/// An index over an array of routes. Made at compile time: a malformed path, two routes of one
/// method and path, or too many paths are compile errors (std::invalid_argument at run time).
/// A path is compared with the table's from the first on, so the busiest routes belong in front.
/// Thread safety: find may be called from any thread at once.
class route_table {
public:
    static constexpr std::size_t max_paths = 40;
    static constexpr std::size_t max_routes = 2 * max_paths;

    /// `routes` must outlive the table.
    template <std::size_t Count>
    explicit constexpr route_table(const std::array<route, Count>& routes) : routes_{routes} {
        bool has_get = false;
        bool has_post = false;
        for (const route& one : routes) {
            add(one);
            has_get = has_get || one.method == method::get;
            has_post = has_post || one.method == method::post;
        }
        for (std::size_t i = 0; i != size_; ++i)
            list(paths_[i].routes[0] != nullptr, paths_[i].routes[1] != nullptr, paths_[i].allow);
        list(has_get, has_post, all_methods_);
    }

    /// Finds the path of a target (a path, perhaps with a query). A percent-encoded segment is
    /// decoded before it is compared. Allocates nothing.
    [[nodiscard]] path_match find(std::string_view target) const noexcept;

    /// The route that answers a request; null if there is none, or if the method is OPTIONS.
    [[nodiscard]] const route* find(method how, std::string_view target) const noexcept {
        const path_match found = find(target);
        return found.path != nullptr ? found.path->of(how) : nullptr;
    }

    /// Finds the route of a POST if it must be known before the body is read: because it is of body
    /// kind `lines`, or has a `max_body`. Null for any other.
    [[nodiscard]] const route* find_body_rules(std::string_view target) const noexcept;

    [[nodiscard]] constexpr std::span<const route> routes() const noexcept { return routes_; }
    /// A number for each of them, from 1 on; 0 for null.
    [[nodiscard]] std::size_t number_of(const route* one) const noexcept {
        return one == nullptr ? 0 : static_cast<std::size_t>(one - routes_.data()) + 1;
    }
    /// The path of the route of this number; "other" for 0.
    [[nodiscard]] std::string_view path_of(std::size_t number) const noexcept {
        return number == 0 ? std::string_view{"other"} : routes_[number - 1].path;
    }

    [[nodiscard]] constexpr std::span<const path_routes> paths() const noexcept {
        return {paths_.data(), size_};
    }
    /// Every method that some path has, for `OPTIONS *`.
    [[nodiscard]] constexpr std::string_view all_methods() const noexcept {
        return all_methods_.text();
    }

private:
    constexpr void add(const route& one) {
        check((one.answer != nullptr) != (one.open_lines != nullptr));
        check((one.open_lines != nullptr) == (one.rules.body == body_kind::lines));
        check(one.method == method::post || one.rules.body == body_kind::none);
        const path_routes path = parse(one.path);
        std::size_t at = 0;
        while (at != size_ &&
               !(paths_[at].segments == path.segments && paths_[at].size == path.size))
            ++at;
        if (at == size_) {
            check(size_ != max_paths);
            paths_[size_++] = path;
        }
        const auto index = static_cast<std::size_t>(one.method);
        check(index < path.routes.size() && paths_[at].routes[index] == nullptr);
        check(paths_[at].account == path.account);
        paths_[at].routes[index] = &one;
        if (has_body_rules(one))
            with_body_rules_[with_body_rules_size_++] = static_cast<std::uint8_t>(at);
    }

    /// Of those that must be known before the body is read.
    static constexpr bool has_body_rules(const route& one) noexcept {
        return one.rules.body == body_kind::lines || one.rules.max_body != 0;
    }

    static constexpr path_routes parse(std::string_view text) {
        path_routes path;
        if (text == "/")  // it has no segment
            return path;
        std::size_t others = 0;
        while (!text.empty()) {
            check(text.front() == '/' && path.size != max_path_segments);
            text.remove_prefix(1);
            const std::string_view segment = text.substr(0, text.find('/'));
            text.remove_prefix(segment.size());
            check(!segment.empty());
            if (segment == "{account}") {
                check(path.account == max_path_segments);
                path.account = path.size;
            } else if (segment.front() == '{') {
                check(segment.back() == '}' && ++others <= max_path_parameters);
            } else {
                path.segments[path.size] = segment;
            }
            ++path.size;
        }
        check(path.size != 0);
        return path;
    }

    static constexpr void list(bool has_get, bool has_post, method_list& out) {
        if (has_get) {
            out.add("GET");
            out.add("HEAD");
        }
        if (has_post)
            out.add("POST");
        out.add("OPTIONS");
    }

    static constexpr void check(bool is_right) {
        if (!is_right)
            throw std::invalid_argument{"the route table is malformed"};
    }

    std::span<const route> routes_;
    std::array<path_routes, max_paths> paths_{};
    std::size_t size_ = 0;
    std::array<std::uint8_t, max_paths> with_body_rules_{};  // see find_body_rules
    std::size_t with_body_rules_size_ = 0;
    method_list all_methods_{};
};

}  // namespace coffer::api
