// A storage for tests with threads: makes the calls of another one, which is for one thread, one at
// a time.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "journal/storage.hpp"

namespace coffer::test {

class locked_storage : public journal::storage {
public:
    explicit locked_storage(journal::storage& of) : of_{of} {}

    [[nodiscard]] open_result open(const std::string& name, access wanted) const override {
        const std::lock_guard lock{mutex_};
        open_result opened = of_.open(name, wanted);
        if (opened.file != nullptr)
            opened.file = std::make_unique<locked_file>(std::move(opened.file), mutex_);
        return opened;
    }
    [[nodiscard]] list_result list() const override {
        const std::lock_guard lock{mutex_};
        return of_.list();
    }
    [[nodiscard]] journal::identify_result identify(const std::string& name) const override {
        const std::lock_guard lock{mutex_};
        return of_.identify(name);
    }
    [[nodiscard]] std::error_code rename(const std::string& from, const std::string& to) override {
        const std::lock_guard lock{mutex_};
        return of_.rename(from, to);
    }
    [[nodiscard]] std::error_code remove(const std::string& name) override {
        const std::lock_guard lock{mutex_};
        return of_.remove(name);
    }
    [[nodiscard]] std::error_code sync() override {
        const std::lock_guard lock{mutex_};
        return of_.sync();
    }
    [[nodiscard]] std::string path(std::string_view name) const override { return of_.path(name); }

    /// To look at the other one, or to change what goes wrong in it.
    [[nodiscard]] std::unique_lock<std::mutex> lock() const { return std::unique_lock{mutex_}; }

private:
    class locked_file : public journal::storage_file {
    public:
        locked_file(std::unique_ptr<journal::storage_file> of, std::mutex& mutex)
            : of_{std::move(of)}, mutex_{mutex} {}
        ~locked_file() override {
            const std::lock_guard lock{mutex_};
            of_.reset();
        }
        read_result read(std::uint64_t offset, std::span<std::byte> into) override {
            const std::lock_guard lock{mutex_};
            return of_->read(offset, into);
        }
        std::error_code write(std::uint64_t offset, std::span<const std::byte> bytes) override {
            const std::lock_guard lock{mutex_};
            return of_->write(offset, bytes);
        }
        std::error_code allocate(std::uint64_t bytes) override {
            const std::lock_guard lock{mutex_};
            return of_->allocate(bytes);
        }
        std::error_code sync() override {
            const std::lock_guard lock{mutex_};
            return of_->sync();
        }
        size_result size() const override {
            const std::lock_guard lock{mutex_};
            return of_->size();
        }
        journal::identify_result identify() const override {
            const std::lock_guard lock{mutex_};
            return of_->identify();
        }

    private:
        std::unique_ptr<journal::storage_file> of_;
        std::mutex& mutex_;
    };

    journal::storage& of_;
    mutable std::mutex mutex_;
};

}  // namespace coffer::test
