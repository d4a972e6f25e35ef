#include "tests/fakes/memory_journal.h"

#include "tests/runtime/store/journal_contract.h"

#include <doctest/doctest.h>

using namespace troupe;

// What the gateway's tests stand on keeps the same promises as the journal on disk.
TEST_CASE("the journal in memory keeps the contract of the journal") {
  store::contract::check_journal_contract(
      [](Loop& loop) { return std::make_unique<fakes::MemoryJournal>(loop); });
}
