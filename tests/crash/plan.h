#pragma once

#include "runtime/base/json.h"

#include <cstdint>
#include <string>
#include <vector>

namespace troupe::crash {

struct PlannedCall {
  std::string tool;
  int x = 0;  ///< makes it a call of its own
};

/// What a run does: its model makes these calls, step by step, and then answers. All of it follows from the
/// seed.
struct Plan {
  std::string name;  ///< "case-…", in the user's message and in every call
  std::string agent;
  std::vector<std::vector<PlannedCall>> steps;
  int model_ms = 0;   ///< how long a reply takes at most
  int ledger_ms = 0;  ///< and the ledger's answer to a call

  bool asks() const { return agent.ends_with("_asks"); }
};

/// Whether a person is asked about each call of `pay`.
enum class People { as_it_comes, asked };

/// A plan of two to four steps, the first of which pays.
Plan make_plan(std::string name, std::uint64_t seed, People people = People::as_it_comes);

/// Agents of every strategy and with and without people, their tools and their models, which are at `models`.
std::string plan_yaml(const std::string& models);

}  // namespace troupe::crash
