#include "runtime/store/reader_pool.h"

#include "runtime/async/nursery.h"
#include "runtime/store/health.h"
#include "runtime/store/upkeep.h"
#include "tests/fakes/run_loop.h"
#include "tests/fakes/temp_dir.h"

#include <atomic>
#include <filesystem>
#include <future>
#include <thread>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::store;

namespace {

/// A file that can be opened, or cannot for a while, as where no descriptor is left.
class Scene {
 public:
  Scene() {
    auto made = Database::open(file(), Database::Mode::create);
    REQUIRE(made.has_value());
    REQUIRE(made->execute("PRAGMA journal_mode = WAL; CREATE TABLE t(a); INSERT INTO t VALUES(42)"));
  }
  std::string file() const { return (folder_.path() / "a.db").string(); }
  void hide() { std::filesystem::rename(file(), file() + ".hidden"); }
  void show() { std::filesystem::rename(file() + ".hidden", file()); }

  SystemClock clock;
  Loop loop{clock};

 private:
  fakes::TempDir folder_;
};

Result<std::int64_t> value_in(Database& database) {
  auto value = database.integer("SELECT a FROM t");
  if (!value) return fail(std::move(value.error()));
  return value->value_or(0);
}

}  // namespace

TEST_CASE("readers that cannot open the file once open it for the next query") {
  Scene scene;
  scene.hide();
  ReaderPool pool(scene.loop, scene.file());
  for (int i = 0; i < 3; ++i) {
    const auto refused = fakes::run(scene.loop, pool.read(value_in));
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == ErrorCode::store);
  }
  scene.show();
  CHECK(fakes::run(scene.loop, pool.read(value_in)) == 42);
}

TEST_CASE("a query that one reader cannot open the file for is done by one that has it open") {
  Scene scene;
  ReaderPool pool(scene.loop, scene.file());
  REQUIRE(fakes::run(scene.loop, pool.read(value_in)) == 42);
  scene.hide();
  std::atomic<bool> second = false;
  const auto held = [&second](Database& database) {
    while (!second) std::this_thread::yield();
    return value_in(database);
  };
  std::vector<std::int64_t> answers;
  Nursery nursery(scene.loop);
  const auto ask = [&](auto query) -> Task<> {
    auto value = co_await pool.read(query);
    answers.push_back(value ? *value : -1);
  };
  nursery.spawn("first", [&] { return ask(held); });
  nursery.spawn("second", [&] { return ask(value_in); });
  nursery.spawn("release", [&]() -> Task<> {
    second = true;
    co_return;
  });
  fakes::run(scene.loop, nursery.join());
  CHECK(answers == std::vector<std::int64_t>{42, 42});
}

TEST_CASE("a file that could not be opened for its upkeep once is, the next time") {
  Scene scene;
  scene.hide();
  Health health;
  Upkeep upkeep(scene.file(), health);
  const auto check = [&upkeep] {
    std::promise<Result<>> told;
    upkeep.quick_check([&told](Result<> result) { told.set_value(std::move(result)); });
    return told.get_future().get();
  };
  CHECK_FALSE(check().has_value());
  CHECK_FALSE(health.damaged());
  scene.show();
  CHECK(check().has_value());
}
