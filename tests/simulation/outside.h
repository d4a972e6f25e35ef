#pragma once

#include "models/model.h"
#include "tests/simulation/dice.h"
#include "tools/tool.h"

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace troupe::simulation {

/// What the world outside has seen of one simulation: it does not stop when the process does.
struct Outside {
  Dice& dice;
  bool process_is_gone = false;  ///< what is asked now nobody asks

  struct Call {
    std::string tool;
    tools::Effect effect = tools::Effect::pure;
    std::string arguments;
    int dispatched = 0;
  };
  std::map<std::string, Call> calls;  ///< by idempotency key
  std::size_t asked = 0;              ///< of models
  std::size_t repeats = 0;            ///< of calls that must not be repeated unless a person says so
  std::size_t allowed = 0;            ///< how often one said so
  std::vector<std::string> wrong;     ///< what should never have been asked
};

/// Where the models and tools of a catalog find the simulation they are asked in: catalogs are made once.
using Stage = std::shared_ptr<Outside*>;

/// A model that answers by chance: calls of the tools it was told of, answers, what nobody can read; soon,
/// late or never; and fails as servers do.
std::shared_ptr<models::Model> make_sim_model(Stage stage);

/// A tool that does what it is asked some time after it was, whoever still waits for it.
std::shared_ptr<tools::Tool> make_sim_tool(Stage stage, std::string name, tools::Effect effect);

}  // namespace troupe::simulation
