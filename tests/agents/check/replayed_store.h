#pragma once

#include "agents/replay/replay.h"
#include "runtime/store/store_reader.h"

#include <cstddef>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

namespace troupe::agents::testing {

/// Stand-ins in the places of the outside in a configuration of a test.
inline void stand_in(const ReplayStage& stage, const Secrets& secrets, models::ModelTable& models,
                     tools::ToolTable& tools) {
  const auto backstage = std::make_shared<const Backstage>(stage.cues, stage.texts, secrets);
  for (auto& [entry, model] : models) model = replayed_model(backstage, entry, model->name());
  for (auto& [name, tool] : tools) tool = replayed_tool(backstage, name, tool);
}

/// What a replay of one run of the store in this folder comes to. `hash`: of the configuration that is made;
/// a run of another one is skipped.
inline Result<Replayed> replay_in(const std::string& directory, const std::string& run,
                                  const std::string& hash, const ReplayCatalog& make) {
  auto reader = store::open_store_reader(directory);
  REQUIRE_MESSAGE(reader.has_value(), reader.error().message);
  auto recording = read_recording(*reader, run);
  if (!recording) return fail(std::move(recording.error()));
  return replay(*recording, *reader, [&](ReplayStage stage) -> Result<std::shared_ptr<const Catalog>> {
    if (recording->root().config != hash) return fail(ErrorCode::invalid, "another configuration");
    return make(std::move(stage));
  });
}

struct ReplayCounts {
  std::size_t same = 0;
  std::size_t unfinished = 0;  ///< of those
  std::vector<std::string> skipped;
};

/// Every run of the store, as `troupe runs replay --all` goes through them, replays to what was recorded.
inline ReplayCounts expect_replays(const std::string& directory, const std::string& hash,
                                   const ReplayCatalog& make) {
  constexpr std::size_t kAll = 100'000;
  ReplayCounts counts;
  auto reader = store::open_store_reader(directory);
  REQUIRE_MESSAGE(reader.has_value(), reader.error().message);
  auto rows = reader->runs("", "", kAll);
  REQUIRE(rows.has_value());
  for (const store::RunRow& row : *rows) {
    const auto replayed = replay_in(directory, row.id, hash, make);
    if (!replayed) {
      FAIL_CHECK(fmt::format("run {} ({} {}): {}", row.id, row.status, row.reason, replayed.error().message));
      continue;
    }
    if (replayed->outcome == Replayed::Outcome::differs)
      FAIL_CHECK(
          fmt::format("run {} ({} {}):\n{}", row.id, row.status, row.reason, as_text(*replayed->difference)));
    if (replayed->outcome == Replayed::Outcome::skipped) counts.skipped.push_back(replayed->why);
    counts.same += replayed->outcome == Replayed::Outcome::same;
    counts.unfinished += replayed->unfinished;
  }
  return counts;
}

/// TROUPE_TEST_REPLAY=1 has each test replay what is left in its store when it closes that.
inline bool replays_at_close() {
  static const bool wanted = std::getenv("TROUPE_TEST_REPLAY") != nullptr;
  return wanted;
}

}  // namespace troupe::agents::testing
