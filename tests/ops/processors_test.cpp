#include "ops/processors.hpp"

#include <sched.h>

#include <fstream>
#include <string>

#include "catch.hpp"
#include "snapshot/temporary_directory.hpp"

namespace fs = std::filesystem;

using namespace coffer;

namespace {

/// Control groups that a test makes up.
class some_groups {
public:
    explicit some_groups(const std::string& of_process) { write("cgroup", of_process); }

    /// What is in a file below where groups are mounted.
    some_groups& with(const fs::path& file, const std::string& text) {
        write("mounted" / file, text);
        return *this;
    }
    [[nodiscard]] std::size_t quota() const { return processor_quota(files()); }
    [[nodiscard]] cgroup_files files() const {
        return {place_.path() / "mounted", place_.path() / "cgroup"};
    }

private:
    void write(const fs::path& file, const std::string& text) const {
        fs::create_directories((place_.path() / file).parent_path());
        std::ofstream{place_.path() / file} << text;
    }

    test::temporary_directory place_;
};

}  // namespace

TEST_CASE("processors: where nothing limits them there is no quota", "[ops]") {
    CHECK(processor_quota({"/nonexistent", "/nonexistent"}) == 0);
    CHECK(some_groups{"0::/\n"}.quota() == 0);
    CHECK(some_groups{"0::/a\n"}.with("a/cpu.max", "max 100000\n").quota() == 0);
    CHECK(some_groups{"nonsense\n"}.with("cpu.max", "100000 100000\n").quota() == 0);
    CHECK(some_groups{"0::/\n"}.with("cpu.max", "0 0\n").quota() == 0);
}

TEST_CASE("processors: a quota is rounded up to whole processors", "[ops]") {
    struct row {
        std::string text;
        std::size_t processors;
    };
    for (const row& one :
         {row{"1000 100000\n", 1}, row{"100000 100000\n", 1}, row{"100001 100000\n", 2},
          row{"150000 100000\n", 2}, row{"1600000 100000\n", 16}, row{"25000 50000\n", 1}}) {
        INFO(one.text);
        CHECK(some_groups{"0::/\n"}.with("cpu.max", one.text).quota() == one.processors);
    }
}

TEST_CASE("processors: the least quota of a group and those it is in counts", "[ops]") {
    some_groups groups{"0::/slice/service\n"};
    groups.with("slice/service/cpu.max", "400000 100000\n");
    CHECK(groups.quota() == 4);
    groups.with("slice/cpu.max", "200000 100000\n");
    CHECK(groups.quota() == 2);
    groups.with("cpu.max", "300000 100000\n");
    CHECK(groups.quota() == 2);
    groups.with("other/cpu.max", "100000 100000\n");
    CHECK(groups.quota() == 2);
}

TEST_CASE("processors: in a container the mounted group is the process's own", "[ops]") {
    for (const std::string path : {"/docker/0123", "/../other", "/"})
        CHECK(some_groups{"0::" + path + "\n"}.with("cpu.max", "200000 100000\n").quota() == 2);
}

TEST_CASE("processors: quotas of version 1 count, too", "[ops]") {
    const std::string of_process =
        "12:cpuset:/a\n4:cpu,cpuacct:/a\n1:name=systemd:/a\n0::/system.slice\n";
    for (const std::string mounted : {"cpu,cpuacct", "cpu"}) {
        some_groups groups{of_process};
        groups.with(mounted + "/a/cpu.cfs_period_us", "100000\n");
        groups.with(mounted + "/a/cpu.cfs_quota_us", "-1\n");
        CHECK(groups.quota() == 0);
        groups.with(mounted + "/a/cpu.cfs_quota_us", "250000\n");
        CHECK(groups.quota() == 3);
    }
    some_groups others{"12:cpuset:/a\n"};
    others.with("cpuset/a/cpu.cfs_period_us", "100000\n");
    others.with("cpuset/a/cpu.cfs_quota_us", "100000\n");
    CHECK(others.quota() == 0);
}

TEST_CASE("processors: no more are usable than the quota, and than the affinity has", "[ops]") {
    cpu_set_t before;
    REQUIRE(::sched_getaffinity(0, sizeof before, &before) == 0);
    const auto all = static_cast<std::size_t>(CPU_COUNT(&before));
    const some_groups unlimited{"0::/\n"};
    CHECK(usable_processors(unlimited.files()) == all);
    some_groups limited{"0::/\n"};
    limited.with("cpu.max", "50000 100000\n");
    CHECK(usable_processors(limited.files()) == 1);

    cpu_set_t one;
    CPU_ZERO(&one);
    for (int i = 0; i != CPU_SETSIZE && CPU_COUNT(&one) == 0; ++i)
        if (CPU_ISSET(i, &before))
            CPU_SET(i, &one);
    REQUIRE(::sched_setaffinity(0, sizeof one, &one) == 0);
    CHECK(usable_processors(unlimited.files()) == 1);
    REQUIRE(::sched_setaffinity(0, sizeof before, &before) == 0);
}
