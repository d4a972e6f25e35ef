#include "agents/sessions/retention.h"

#include "runtime/store/store_reader.h"
#include "tests/agents/world.h"

using namespace troupe;
using namespace troupe::agents;
using namespace troupe::agents::testing;

namespace {

/// Makes a session one that was gone on with last so long ago.
void age(World& world, const std::string& session, Milliseconds by) {
  auto file = store::Database::open(world.path() + "/journal.db", store::Database::Mode::write);
  REQUIRE(file.has_value());
  const std::string sql = fmt::format(
      "UPDATE sessions SET updated_ms = updated_ms - {0}, created_ms = created_ms - {0} WHERE id = '{1}'",
      by.count(), session);
  REQUIRE(file->execute(sql.c_str()).has_value());
}

bool is_there(World& world, const std::string& session) {
  auto reader = store::open_store_reader(world.path());
  return reader && reader->session(session).has_value();
}

}  // namespace

TEST_CASE("conversations that nobody went on with are forgotten whole, younger and unfinished ones stay") {
  auto model = says({{kAnswer}, {kAnswer}, {kCall}});
  World::More more;
  more.agent.approve = {"look"};
  World world(model, {}, {}, std::move(more));
  world.resume();
  const std::string old = world.session("acme");
  world.finished(world.submit(old, "one", "", "acme")->run);
  const std::string young = world.session();
  world.finished(world.submit(young, "two")->run);
  const std::string waits = world.session();
  REQUIRE(world.submit(waits, "three"));
  world.until([&] { return world.seen("approval.required"); });
  age(world, old, 48h);
  age(world, waits, 48h);

  Workers workers(1);
  Retention retention(world.loop, *world.desk, workers, world.path());
  Stop stop;
  CHECK(fakes::run(world.loop, retention.sweep(72h, stop)) == 0);
  CHECK(fakes::run(world.loop, retention.sweep(24h, stop)) == 1);
  CHECK_FALSE(is_there(world, old));
  CHECK(is_there(world, young));
  CHECK(is_there(world, waits));
  CHECK(fakes::run(world.loop, world.journal->usage({.session = old}))->size() ==
        fakes::run(world.loop, world.journal->usage({.session = young}))->size());
  CHECK(fakes::run(world.loop, world.journal->read_events(old, 0, 10))->empty());

  Stop asked;
  asked.request(StopReason::cancelled);
  age(world, young, 48h);
  CHECK(fakes::run(world.loop, retention.sweep(24h, asked)) == 0);
  CHECK(is_there(world, young));
  retention.begin(24h);  // at once, and not again while it ends
  world.until([&] { return !is_there(world, young); });
  fakes::run(world.loop, retention.close());
  CHECK(is_there(world, waits));
}
