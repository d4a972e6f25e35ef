#include "tests/crash/plan.h"

#include "tests/crash/ledger_tool.h"

#include <array>
#include <random>
#include <utility>

#include <fmt/format.h>

namespace troupe::crash {

namespace {

constexpr std::array kTools = {kPay, kBook, kPut, kLook};
constexpr std::array kAgents = {"native", "text", "lines"};

}  // namespace

Plan make_plan(std::string name, std::uint64_t seed, People people) {
  std::mt19937_64 random(seed);
  const auto below = [&random](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  Plan plan{.name = std::move(name), .agent = kAgents[below(kAgents.size())]};
  const bool parallel = plan.agent == "native";
  if (people == People::asked || below(4) == 0) plan.agent += "_asks";
  int x = 0;
  for (std::size_t steps = 2 + below(3), step = 0; step < steps; ++step) {
    auto& calls = plan.steps.emplace_back();
    if (step == 0) calls.push_back({kPay, ++x});
    const std::size_t more = parallel ? below(3) : 0;
    while (calls.size() < 1 + more) calls.push_back({kTools[below(kTools.size())], ++x});
  }
  plan.model_ms = static_cast<int>(below(12));
  plan.ledger_ms = static_cast<int>(below(12));
  return plan;
}

std::string plan_yaml(const std::string& models) {
  std::string yaml = fmt::format(
      "network: {{ allow_private: [127.0.0.1] }}\n"
      "models:\n"
      "  native: {{ provider: openai, model: native, base_url: \"{0}\" }}\n"
      "  text: {{ provider: openai, model: text, base_url: \"{0}\", stream: false }}\n"
      "  lines: {{ provider: openai, model: lines, base_url: \"{0}\" }}\n"
      "tools:\n",
      models);
  for (const char* tool : {kPay, kBook, kPut, kLook, kPoison})
    yaml += fmt::format("  {}: {{ type: clock }}\n", tool);
  yaml += "agents:\n";
  for (const auto& [agent, strategy] :
       {std::pair{"native", "tools"}, std::pair{"text", "react"}, std::pair{"lines", "react_text"}})
    for (const bool asks : {false, true})
      yaml += fmt::format("  {0}{1}: {{ model: {0}, strategy: {2}, tools: [pay, book, put, look]{3} }}\n",
                          agent, asks ? "_asks" : "", strategy, asks ? ", approve: [pay]" : "");
  return yaml +
         "  unsure: { model: text, strategy: react, tools: [pay], on_unknown: ask }\n"
         "  poisoned: { model: text, strategy: react, tools: [poison] }\n"
         "teams:\n"
         "  crew:\n"
         "    pattern: sequential\n"
         "    tasks:\n"
         "      - { name: one, agent: poisoned, description: Do it }\n";
}

}  // namespace troupe::crash
