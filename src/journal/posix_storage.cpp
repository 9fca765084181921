#include "journal/posix_storage.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <utility>

#include "ops/file_calls.hpp"
#include "ops/file_descriptor.hpp"
#include "ops/log.hpp"

namespace coffer::journal {
namespace {

namespace fs = std::filesystem;

void say_once_that_room_is_not_set_aside(std::error_code reason) noexcept {
    static std::atomic_flag said;
    if (!said.test_and_set())
        log::warn("fallocate does not work here ({}): the journal's room is made by writing zeros",
                  reason.message());
}

/// Of a file its times are not asked for: since Linux 6.13 the next write would then have to change
/// them on the disk, which takes half as long as the sync itself.
identify_result identity_of(int directory, const char* path, int flags, bool with_time) noexcept {
    struct statx found {};
    const unsigned wanted = STATX_TYPE | STATX_INO | STATX_SIZE | (with_time ? STATX_MTIME : 0);
    if (uninterrupted([&] { return ::statx(directory, path, flags, wanted, &found); }) != 0)
        return {{}, last_error()};
    constexpr std::uint64_t second_ns = 1'000'000'000;
    const std::uint64_t device =
        (std::uint64_t{found.stx_dev_major} << 32) | std::uint64_t{found.stx_dev_minor};
    const std::uint64_t changed_ns =
        with_time ? static_cast<std::uint64_t>(found.stx_mtime.tv_sec) * second_ns +
                        found.stx_mtime.tv_nsec
                  : 0;
    return {{device, found.stx_ino, found.stx_size, changed_ns}, {}};
}

class posix_file : public storage_file {
public:
    explicit posix_file(file_descriptor opened) noexcept : opened_{std::move(opened)} {}

    read_result read(std::uint64_t offset, std::span<std::byte> into) override {
        read_result done;
        while (done.bytes != into.size()) {
            const ssize_t got = uninterrupted([&] {
                return ::pread(opened_.number(), into.data() + done.bytes, into.size() - done.bytes,
                               static_cast<off_t>(offset + done.bytes));
            });
            if (got < 0)
                done.error = last_error();
            if (got <= 0)
                break;
            done.bytes += static_cast<std::size_t>(got);
        }
        return done;
    }

    std::error_code write(std::uint64_t offset, std::span<const std::byte> bytes) override {
        while (!bytes.empty()) {
            const ssize_t put = uninterrupted([&] {
                return ::pwrite(opened_.number(), bytes.data(), bytes.size(),
                                static_cast<off_t>(offset));
            });
            if (put < 0)
                return last_error();
            offset += static_cast<std::uint64_t>(put);
            bytes = bytes.subspan(static_cast<std::size_t>(put));
        }
        return {};
    }

    std::error_code allocate(std::uint64_t bytes) override {
        const int failed = uninterrupted(
            [&] { return ::fallocate(opened_.number(), 0, 0, static_cast<off_t>(bytes)); });
        if (failed == 0)
            return {};
        // Some file systems cannot set room aside. Writing the zeros does it, as far as they can.
        if (is_no_room(errno) || !is_unsupported(errno))
            return last_error();
        say_once_that_room_is_not_set_aside(last_error());
        const int refused =
            uninterrupted([&] { return ::ftruncate(opened_.number(), static_cast<off_t>(bytes)); });
        return refused == 0 ? std::error_code{} : last_error();
    }

    std::error_code sync() override {
        // Of the metadata what is needed to read the data again, the length among it, and no times.
        // Interrupted is not failed: nothing is lost then, and it is called again.
        return uninterrupted([&] { return ::fdatasync(opened_.number()); }) == 0 ? std::error_code{}
                                                                                 : last_error();
    }

    size_result size() const override {
        struct stat found {};
        if (::fstat(opened_.number(), &found) != 0)
            return {0, last_error()};
        return {static_cast<std::uint64_t>(found.st_size), {}};
    }

    identify_result identify() const override {
        return identity_of(opened_.number(), "", AT_EMPTY_PATH, false);
    }

private:
    const file_descriptor opened_;
};

}  // namespace

posix_storage::posix_storage(fs::path directory) : directory_{std::move(directory)} {}

std::error_code posix_storage::create_directory() {
    const std::error_code error = make_directory(directory_);
    if (std::error_code ignored; error && !fs::is_directory(directory_, ignored))
        return error;
    const fs::path whole = directory_.has_filename() ? directory_ : directory_.parent_path();
    return sync_directory(whole.has_parent_path() ? whole.parent_path() : fs::path{"."});
}

storage::open_result posix_storage::open(const std::string& name, access wanted) const {
    const int flags = wanted == access::read     ? O_RDONLY
                      : wanted == access::create ? O_RDWR | O_CREAT | O_EXCL
                                                 : O_RDWR;
    file_descriptor opened{directory_ / name, flags, 0640};
    if (!opened.is_open())
        return {nullptr, last_error()};
    return {std::make_unique<posix_file>(std::move(opened)), {}};
}

storage::list_result posix_storage::list() const {
    list_result found;
    for (fs::directory_iterator at{directory_, found.error};
         !found.error && at != fs::directory_iterator{}; at.increment(found.error))
        found.names.push_back(at->path().filename().native());
    return found;
}

identify_result posix_storage::identify(const std::string& name) const {
    return identity_of(AT_FDCWD, (directory_ / name).c_str(), 0, name.empty());
}

std::error_code posix_storage::rename(const std::string& from, const std::string& to) {
    return rename_file(directory_ / from, directory_ / to);
}

std::error_code posix_storage::remove(const std::string& name) {
    return remove_file(directory_ / name);
}

std::error_code posix_storage::sync() {
    return sync_directory(directory_);
}

std::string posix_storage::path(std::string_view name) const {
    return (directory_ / name).native();
}

}  // namespace coffer::journal
