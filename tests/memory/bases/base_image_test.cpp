#include "memory/knowledge/bases/base_image.h"

#include "tests/memory/bases/busy_workers.h"
#include "tests/memory/bases/knowledge_world.h"

#include <algorithm>
#include <chrono>
#include <filesystem>

#include <fmt/format.h>

using namespace troupe;
using namespace troupe::memory;
using namespace troupe::memory::testing;
using namespace std::chrono_literals;

using Texts = std::vector<std::string>;

namespace {

const BaseKey kKey{"", "k"};

std::string lines(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += fmt::format("entry {} of {}\n", i, (i * 7919) % 1'000);
  text.pop_back();
  return text;
}

/// Lets others go on until `condition` holds.
Task<> until(Loop& loop, std::function<bool()> condition) {
  Stop never;
  while (!condition()) (void)co_await loop.sleep_for(Milliseconds(1), never);
}

std::size_t indexes(const fakes::TempDir& folder) {
  return static_cast<std::size_t>(
      std::ranges::count_if(std::filesystem::directory_iterator(folder.path()),
                            [](const auto& entry) { return entry.path().extension() == ".index"; }));
}

CallContext context_of(KnowledgeWorld& world, Stop& stop, Deadline deadline = {}) {
  return {.loop = world.loop, .stop = stop, .deadline = deadline, .events = world.events};
}

}  // namespace

TEST_CASE("a search that is stopped, or has no time left, does not wait for the first reading of its base") {
  fakes::TempDir folder;
  KnowledgeWorld world(folder.path().string());
  world.put("lines", lines(1'500));
  BusyWorkers busy(world.workers, 2);  // the reading does not get on
  const auto image = world.table.image(kKey);
  auto all = world.knowledge();
  auto stopped_by = [&](StopReason reason) -> Task<ErrorCode> {
    Stop stop;
    const bool late = reason == StopReason::deadline;
    CallContext context =
        context_of(world, stop, late ? Deadline::after(world.clock, Milliseconds(20)) : Deadline());
    Nursery nursery(world.loop);
    ErrorCode code = ErrorCode::internal;
    nursery.spawn("search", [&]() -> Task<> {
      auto found = co_await all.search("k", "entry", by(SearchMode::similarity), context);
      code = found ? ErrorCode::internal : found.error().code;
    });
    co_await until(world.loop, [&] { return image->updating(); });
    if (!late) stop.request(reason);
    co_await nursery.join();
    co_return code;
  };
  CHECK(fakes::run(world.loop, stopped_by(StopReason::cancelled)) == ErrorCode::cancelled);
  CHECK(fakes::run(world.loop, stopped_by(StopReason::deadline)) == ErrorCode::timeout);
  CHECK(image->updating());  // it goes on: the next search has it
  busy.release();
  CHECK(world.found("entry 700 of").size() == 5);
  CHECK(image->sizes().vectors == 1'500);
  CHECK_FALSE(image->updating());
}

TEST_CASE("searches that wait for one reading all have it, and one that is stopped takes nobody along") {
  fakes::TempDir folder;
  KnowledgeWorld world(folder.path().string());
  world.put("lines", lines(100));
  BusyWorkers busy(world.workers, 2);
  auto all = world.knowledge();
  auto whole = [&]() -> Task<int> {
    Stop stop, other;
    CallContext context = context_of(world, stop), stopped_context = context_of(world, other);
    Nursery nursery(world.loop), leaving(world.loop);
    int answered = 0;
    leaving.spawn("stopped", [&]() -> Task<> {  // the one that began it
      auto found = co_await all.search("k", "entry 7 of", by(SearchMode::similarity), stopped_context);
      CHECK_FALSE(found.has_value());
    });
    co_await until(world.loop, [&] { return world.table.image(kKey)->updating(); });
    for (int i = 0; i < 8; ++i)
      nursery.spawn("search", [&]() -> Task<> {
        auto found = co_await all.search("k", "entry 7 of", by(SearchMode::similarity), context);
        answered += found && found->hits.size() == 5;
      });
    other.request(StopReason::cancelled);
    co_await leaving.join();
    busy.release();
    co_await nursery.join();
    co_return answered;
  };
  CHECK(fakes::run(world.loop, whole()) == 8);
}

TEST_CASE("what cannot be searched is refused before a base is read") {
  fakes::TempDir folder;
  KnowledgeWorld world(folder.path().string());
  world.put("a", "apples");
  SearchOverrides none;
  none.mode = SearchMode::threshold;  // without min_score
  CHECK(world.search("apples", none).error().code == ErrorCode::invalid);
  CHECK(world.search(" \n").error().code == ErrorCode::invalid);
  CHECK(world.table.size() == 0);
  CHECK(world.found("apples") == Texts{"apples"});
  CHECK(world.table.size() > 0);
}

TEST_CASE("a search after its stop was requested ends, whether or not there is something to read") {
  fakes::TempDir folder;
  KnowledgeWorld world(folder.path().string());
  world.put("a", "apples");
  world.stop.request(StopReason::cancelled);
  for (SearchMode mode : {SearchMode::similarity, SearchMode::keyword}) {
    auto found = world.search("apples", by(mode));
    REQUIRE_FALSE(found.has_value());
    CHECK(found.error().code == ErrorCode::cancelled);
  }
}

TEST_CASE(
    "chunks that were forgotten with their vectors are not found, also when the embedding is the same "
    "again") {
  fakes::TempDir folder;
  KnowledgeWorld world(folder.path().string());
  world.put("a", "red apples");
  world.put("b", "green pears");
  CHECK(world.found("red apples").size() == 2);
  KnowledgeWorld other(folder.path().string());
  for (const char* embedding : {"another", "hashing"})
    take(fakes::run(other.loop, other.store->claim_base(kKey, embedding)));
  const auto image = world.table.image(kKey);
  for (SearchMode mode : {SearchMode::similarity, SearchMode::keyword, SearchMode::hybrid})
    CHECK(world.found("red apples", by(mode)).empty());
  CHECK(image->sizes().chunks == 0);
  CHECK(image->sizes().documents == 2);
  other.put("a", "red apples");
  CHECK(world.found("red apples") == Texts{"red apples"});
  CHECK(image->sizes().chunks == 1);
  CHECK(image->sizes().vectors == 1);
}

TEST_CASE("a change does not wait for an index to be written: that is given up, and done later") {
  fakes::TempDir folder;
  KnowledgeWorld world(folder.path().string());
  world.put("lines", lines(1'500));
  CHECK(world.found("entry 1 of").size() == 5);
  BusyWorkers busy(world.building, 1);  // the writing does not begin
  auto whole = [&]() -> Task<bool> {
    Nursery nursery(world.loop);
    nursery.spawn("save", [&] { return world.table.save(); });
    nursery.spawn("search", [&]() -> Task<> {
      auto base = co_await world.store->claim_base(kKey, "hashing");
      (void)co_await world.store->remove_document(base->id, "lines");
      Stop stop;
      CallContext context = context_of(world, stop);
      auto all = world.knowledge();
      auto found = co_await all.search("k", "entry", by(SearchMode::similarity), context);
      CHECK(found.value().hits.empty());
    });
    co_await until(world.loop, [&] { return world.table.image(kKey)->updating(); });
    busy.release();
    co_await nursery.join();
    co_return true;
  };
  fakes::run(world.loop, whole());
  CHECK(indexes(folder) == 0);
  world.put("lines", lines(1'500));
  CHECK(world.found("entry 1 of").size() == 5);
  fakes::run(world.loop, world.table.save());
  CHECK(indexes(folder) == 1);
}

TEST_CASE("a base that is read when the process ends does not hold that up, and is read again") {
  fakes::TempDir folder;
  {
    KnowledgeWorld world(folder.path().string());
    world.put("lines", lines(1'500));
    BusyWorkers busy(world.workers, 2);
    auto all = world.knowledge();
    auto whole = [&]() -> Task<bool> {
      Stop stop;
      CallContext context = context_of(world, stop, Deadline::after(world.clock, Milliseconds(5)));
      auto found = co_await all.search("k", "entry", by(SearchMode::similarity), context);
      co_return found.has_value();
    };
    CHECK_FALSE(fakes::run(world.loop, whole()));
  }  // closes with the reading under way
  KnowledgeWorld world(folder.path().string());
  CHECK(world.found("entry 7 of").size() == 5);
}

TEST_CASE("the base that is searched stays, however large it is, and a smaller one beside it does not") {
  fakes::TempDir folder;
  KnowledgeWorld world(folder.path().string());
  world.put("lines", lines(1'500), Json::object(), {"large", "k"});
  world.put("a", "apples", Json::object(), {"small", "k"});
  world.table.allow(100'000);
  CHECK(world.found("entry 7 of", {}, "large").size() == 5);
  const auto vectors = [&](const char* tenant) {
    const auto before = world.table.size();
    const auto sizes = world.table.image({tenant, "k"})->sizes();
    CHECK(world.table.size() == before);  // it was there
    return sizes.vectors;
  };
  CHECK(world.table.bytes() > 1'500u * models::HashedText::kDimensions * sizeof(float));
  CHECK(world.found("entry 9 of", {}, "large").size() == 5);
  CHECK(vectors("large") == 1'500);
  CHECK(world.found("apples", {}, "small") == Texts{"apples"});
  CHECK(world.found("apples", {}, "small") == Texts{"apples"});
  CHECK(world.table.bytes() < 100'000);
  CHECK(vectors("small") == 1);
  CHECK(world.found("entry 7 of", {}, "large").size() == 5);
}
