#include "runtime/store/file_lock.h"

#include "tests/fakes/temp_dir.h"

#include <doctest/doctest.h>

using namespace troupe;

TEST_CASE("a file has one holder at a time, and is free once that is gone") {
  fakes::TempDir folder;
  const std::string file = (folder.path() / "one.lock").string();
  {
    auto held = store::FileLock::acquire(file);
    REQUIRE(held.has_value());
    auto second = store::FileLock::acquire(file);
    REQUIRE_FALSE(second.has_value());
    CHECK(second.error().code == ErrorCode::busy);
    CHECK(store::FileLock::acquire((folder.path() / "other.lock").string()).has_value());
    auto moved = std::move(*held);
    CHECK_FALSE(store::FileLock::acquire(file).has_value());
  }
  CHECK(store::FileLock::acquire(file).has_value());
  auto nowhere = store::FileLock::acquire((folder.path() / "no" / "such.lock").string());
  REQUIRE_FALSE(nowhere.has_value());
  CHECK(nowhere.error().code == ErrorCode::store);
}
