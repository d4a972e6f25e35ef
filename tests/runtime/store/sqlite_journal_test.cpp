#include "runtime/store/journal.h"
#include "tests/runtime/store/journal_contract.h"
#include "tests/runtime/store/temp_store.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::store;

TEST_CASE("the SQLite journal keeps the contract of every journal") {
  TempStore store;
  contract::check_journal_contract([&store](Loop& loop) {
    auto opened = open_sqlite_journal(loop, {.path = store.directory()});
    REQUIRE_MESSAGE(opened.has_value(), opened.error().message);
    return std::move(*opened);
  });
}
