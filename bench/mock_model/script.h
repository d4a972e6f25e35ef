#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace troupe::bench {

/// What the mock model says: `tool_steps` times a thought with a calculator call, then a final answer. Which
/// one comes next is read from the request, so the server keeps no state between requests.
class Script {
 public:
  explicit Script(int tool_steps);

  /// The reply to a chat completion request: its step is the number of assistant messages after the last
  /// question of the user (observations, which also travel as user messages, are not questions).
  const std::string& reply(std::string_view request) const;

 private:
  std::vector<std::string> replies_;
};

/// How many replies the request shows since its last question.
std::size_t steps_taken(std::string_view request);

}  // namespace troupe::bench
