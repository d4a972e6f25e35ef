#include "bench/mock_model/script.h"

#include <algorithm>

namespace troupe::bench {

Script::Script(int tool_steps) {
  for (int i = 0; i < tool_steps; ++i) {
    const auto number = std::to_string(i + 1);
    // Each call differs, or the agent would rightly take them for a loop.
    replies_.push_back(
        R"({"thought": "Part )" + number + R"( of the sum is still open; the calculator is exact.", )" +
        R"("action": "calculator", "action_input": {"expression": "17.5% of 2480 + 12^)" + number + "\"}}");
  }
  replies_.push_back(
      R"({"thought": "All parts are known now.", "final_answer": "The parts add up to 2162, by way of 446, 578 and 2162."})");
}

const std::string& Script::reply(std::string_view request) const {
  return replies_[std::min(steps_taken(request), replies_.size() - 1)];
}

std::size_t steps_taken(std::string_view request) {
  constexpr std::string_view kRole = "\"role\":";
  std::size_t steps = 0;
  for (auto at = request.find(kRole); at != std::string_view::npos; at = request.find(kRole, at)) {
    at += kRole.size();
    while (at < request.size() && request[at] == ' ') ++at;
    const auto rest = request.substr(at);
    if (rest.starts_with("\"assistant\"")) {
      ++steps;
    } else if (rest.starts_with("\"user\"") &&
               rest.substr(0, 64).find("observation") == std::string_view::npos) {
      steps = 0;
    }
  }
  return steps;
}

}  // namespace troupe::bench
