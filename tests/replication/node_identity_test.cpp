#include "replication/node_identity.hpp"

#include <filesystem>
#include <fstream>

#include "catch.hpp"
#include "snapshot/temporary_directory.hpp"

using coffer::test::Contains;
using namespace coffer::replication;

TEST_CASE("node identity: is read as it was written", "[replication]") {
    const coffer::test::temporary_directory folder;
    REQUIRE_FALSE(read_identity(folder.path()));
    const node_identity one{"bank", random_ledger(), random_incarnation()};
    write_identity(folder.path(), one);
    const auto found = read_identity(folder.path());
    REQUIRE(found);
    REQUIRE(found->ledger == "bank");
    REQUIRE(found->id == one.id);
    REQUIRE(found->incarnation == one.incarnation);
    REQUIRE(random_incarnation() != one.incarnation);
}

TEST_CASE("node identity: a damaged file is refused, and named", "[replication]") {
    const coffer::test::temporary_directory folder;
    for (const char* text :
         {"", "[]", R"({"ledger":"bank","ledger_id":"12","incarnation":"x"})",
          R"({"ledger":"bank","ledger_id":"00000000000000000000000000000000"})"}) {
        std::ofstream{folder.path() / "node.json"} << text;
        REQUIRE_THROWS_WITH(read_identity(folder.path()), Contains("node.json: is damaged"));
    }
}

TEST_CASE("node identity: a copy is for its ledger alone, and for nodes", "[replication]") {
    const coffer::test::temporary_directory folder;
    REQUIRE_NOTHROW(require_no_copy_of_ledger(folder.path()));
    REQUIRE_FALSE(require_copy_of(folder.path(), "bank", false));
    REQUIRE_THROWS_WITH(require_copy_of(folder.path(), "bank", true),
                        Contains("has a journal, and no node.json"));
    write_identity(folder.path(), {"bank", random_ledger(), random_incarnation()});
    REQUIRE(require_copy_of(folder.path(), "bank", true));
    REQUIRE_THROWS_WITH(require_copy_of(folder.path(), "other", true), Contains("not of 'other'"));
    REQUIRE_THROWS_WITH(require_no_copy_of_ledger(folder.path()),
                        Contains("is a copy of the replicated ledger 'bank'"));
}

TEST_CASE("node identity: a journal is known as a copy without its node.json", "[replication]") {
    const coffer::test::temporary_directory folder;
    const node_identity one{"bank", random_ledger(), random_incarnation()};
    std::filesystem::create_directory(folder.path() / "journal");
    mark_journal(folder.path(), one);
    mark_journal(folder.path(), one);
    REQUIRE(read_identity(folder.path() / "journal") == one);
    REQUIRE_THROWS_WITH(require_no_copy_of_ledger(folder.path()),
                        Contains("is a copy of the replicated ledger 'bank'"));
    REQUIRE_THROWS_WITH(require_copy_of(folder.path(), "bank", true),
                        Contains("node.json is missing: copy journal/node.json"));
}
