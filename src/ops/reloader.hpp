// Reads files again when they change, or when it is asked to: certificates, tokens.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace coffer {

/// A thread looks at the files once a second. A change is another size, time of change or inode, so
/// that a file that is renamed into place counts too.
///
/// Thread safety: reload is for any thread; add only before start.
class reloader {
public:
    /// Reads the files. Throws std::exception, with a text for people, if what is there cannot be
    /// used: that is logged, and what was read before stays in use.
    using reading = std::function<void()>;

    reloader() = default;
    reloader(const reloader&) = delete;
    reloader& operator=(const reloader&) = delete;
    ~reloader();

    /// `what` names it in the log: "certificate". It has been read already.
    void add(std::string what, std::vector<std::filesystem::path> files, reading again);

    /// Does nothing where nothing was added. Throws std::system_error.
    void start();

    /// Has the thread read everything again soon. Returns false if nothing was added.
    bool reload() noexcept;

private:
    struct state_of_file {
        std::uint64_t inode = 0;
        std::int64_t changed_ns = 0;
        std::int64_t bytes = -1;
        friend bool operator==(const state_of_file&, const state_of_file&) noexcept = default;
    };
    struct entry {
        std::string what;
        std::vector<std::filesystem::path> files;
        reading again;
        std::vector<state_of_file> seen;
    };

    [[nodiscard]] static std::vector<state_of_file> look(
        const std::vector<std::filesystem::path>& files);
    void run();
    static void read(entry& one);

    std::vector<entry> entries_;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool is_asked_ = false;
    bool is_ending_ = false;
    std::thread thread_;
};

}  // namespace coffer
