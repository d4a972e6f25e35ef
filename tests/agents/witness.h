#pragma once

#include "agents/runs/request_log.h"
#include "agents/runs/tool_steps.h"
#include "tests/agents/world.h"

#include <memory>
#include <string>
#include <vector>

namespace troupe::agents::testing {

/// A model that keeps every request as it got it.
struct Witness {
  std::vector<std::vector<models::Message>> requests;

  std::shared_ptr<ScriptedModel> model(std::vector<std::string> script) {
    return std::make_shared<ScriptedModel>(
        [this, script,
         at = std::size_t{0}](const models::ModelRequest& request) mutable -> ScriptedModel::Line {
          requests.push_back(request.transcript->messages());
          if (at < script.size()) return script[at++];
          return ScriptedModel::Hang{};
        });
  }
};

inline std::vector<SentRequest> requests_of(World& world, const std::string& session,
                                            const std::string& run) {
  auto facts = fakes::run(world.loop, world.journal->read_facts(run));
  REQUIRE(facts);
  auto turns = fakes::run(world.loop, world.journal->turns(session, "a", 1'000));
  REQUIRE(turns);
  JournaledSteps journaled(*world.journal);
  auto steps = fakes::run(world.loop, journaled.steps(runs_with_steps(*facts, *turns)));
  REQUIRE(steps);
  auto requests = sent_requests(*facts, *turns, *steps);
  REQUIRE(requests);
  return std::move(*requests);
}

inline void check_same(const std::vector<models::Message>& kept, const std::vector<models::Message>& sent) {
  REQUIRE(kept.size() == sent.size());
  for (std::size_t i = 0; i < kept.size(); ++i) {
    CHECK(kept[i].role == sent[i].role);
    CHECK(kept[i].content == sent[i].content);
  }
}

}  // namespace troupe::agents::testing
