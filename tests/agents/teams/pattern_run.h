#pragma once

#include "agents/teams/patterns/factories.h"
#include "tests/fakes/fake_crew.h"
#include "tests/fakes/run_loop.h"

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace troupe::agents {

/// One run of a pattern with a crew of its own.
struct PatternRun {
  using Make = std::unique_ptr<Pattern> (*)(const TeamSettings&);

  PatternRun(Make make, const TeamSettings& settings) : pattern(make(settings)), crew(loop, settings) {
    crew.stop = &stop;
    for (const std::string& name : settings.members) crew.views.push_back({.name = name});
  }

  Teamed<TeamAnswer> run(std::string text = "the message", Json inputs = Json::object()) {
    TeamTask task{.text = std::move(text), .inputs = std::move(inputs)};
    auto end = fakes::run(loop, pattern->run(std::move(task), crew, loop, stop));
    CHECK(crew.at_work == 0);
    CHECK(crew.twice.empty());
    return end;
  }

  SystemClock clock;
  Loop loop{clock};
  Stop stop;
  std::unique_ptr<Pattern> pattern;
  fakes::FakeCrew crew;
};

/// Has a crew answer in some way.
using Script = std::function<void(fakes::FakeCrew&)>;

/// "done TEXT" or "STATUS REASON".
inline std::string told(const Teamed<TeamAnswer>& end) {
  return end ? "done " + end->text : end.error().status + " " + end.error().reason;
}

/// Runs it once, and then from each point at which the process could have ended: it must come to the same,
/// asking for nothing that was answered.
inline void check_resumes(PatternRun::Make make, const TeamSettings& settings, const Script& script,
                          const Json& inputs = Json::object()) {
  PatternRun first(make, settings);
  script(first.crew);
  const std::string expected = told(first.run("the message", inputs));
  const auto& all = first.crew.records.all;
  for (std::size_t count = 0; count <= all.size(); ++count) {
    CAPTURE(count);
    PatternRun again(make, settings);
    script(again.crew);
    again.crew.records = first.crew.records.first(count);
    CHECK(told(again.run("the message", inputs)) == expected);
    for (const Ask& ask : again.crew.asks)
      CHECK(std::ranges::none_of(all.begin(), all.begin() + static_cast<long>(count),
                                 [&](const auto& one) { return one.outcome && one.key == ask.key; }));
    if (count == all.size()) CHECK(again.crew.asks.empty());
    if (count == all.size()) CHECK(again.crew.calls.empty());
  }
}

/// Stops it at each of its asks in turn, which then do not come to an end by themselves: it must end as
/// cancelled, with nobody at work, and ask for nothing more.
inline void check_stops(PatternRun::Make make, const TeamSettings& settings, const Script& script,
                        const Json& inputs = Json::object()) {
  PatternRun whole(make, settings);
  script(whole.crew);
  CHECK(whole.run("the message", inputs).has_value());
  for (const auto& record : whole.crew.records.all) {
    if (!record.outcome) continue;
    CAPTURE(record.key);
    PatternRun run(make, settings);
    script(run.crew);
    run.crew.stop_at = record.key;
    run.crew.held.insert(record.key);
    CHECK(told(run.run("the message", inputs)) == "cancelled cancelled");
    CHECK(run.crew.late.empty());
  }
}

}  // namespace troupe::agents
